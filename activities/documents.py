"""Making, sealing and storing the document a case ends in, and having it posted."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import activity

from domain.application import ApplicationRequest
from domain.changes import DocumentIssued, DocumentTask, ParcelOrdered
from domain.clock import CHINA, day_in_china
from domain.decision import Outcome
from domain.documents import DocumentContent, DocumentField, DocumentTable
from domain.errors import WrongState
from domain.facts import facts_of
from domain.object_keys import document_key
from domain.parcels import Parcel, ParcelState
from domain.ports import DocumentMaker, ObjectStore, PostOffice, ServiceItems
from domain.records import CaseRecords, PaperRecords
from domain.service_item import ServiceItem
from domain.text import Bilingual

_ISSUED = Bilingual(zh="证明已制作并加盖电子印章", en="Document made and sealed")
# Said where a registry's words are missing: then it was a person who decided, and the case tells on what ground.
_BY_A_PERSON = Bilingual(zh="本件经人工审核批准。", en="Approved after review by a person.")


def new_document_number(at: datetime) -> str:
    """`OT`, the date, and 50 random bits: it cannot be guessed and says nothing of the person."""
    return f"OT{at.astimezone(CHINA):%Y%m%d}{base64.b32encode(secrets.token_bytes(10)).decode()[:10]}"


@dataclass
class DocumentActivities:
    records: CaseRecords
    papers: PaperRecords
    objects: ObjectStore
    service_items: ServiceItems
    maker: DocumentMaker
    post: PostOffice
    office: Bilingual
    site_url: str
    callbacks_url: str  # call-backs go to <this>/<provider>

    @activity.defn
    async def issue_document(self, task: DocumentTask) -> DocumentIssued:
        """Typeset, seal, store, then say so. Idempotency key: application and template; the first number stays."""
        request, item = await self.records.request_of(task.application_id)
        template = item.document.template
        document_id, number, made = await self.papers.begin_document(task.application_id, template, new_document_number(task.at))
        if not made:
            facts = facts_of(request, await self.papers.evidence_of(task.application_id), today=day_in_china(task.at), item=item)
            content = self._content(request, item, facts, number, task.at)
            sealed = await self.maker.make(content)
            await self.objects.put(document_key(document_id, sealed.sha256), sealed.pdf, "application/pdf")
            await self.papers.finish_document(document_id, sha256=sealed.sha256, size=len(sealed.pdf), at=task.at, text=_ISSUED)
        return DocumentIssued(document_id=document_id, number=number)

    def _content(
        self, request: ApplicationRequest, item: ServiceItem, facts: Mapping[str, Any], number: str, at: datetime
    ) -> DocumentContent:
        terms, text = item.document, self.service_items.document_text(item, facts)
        # A case that began before documents were described by their file prints what that file's template meant.
        old_page = terms.template == "household-page" and not terms.fields
        return DocumentContent(
            number=number,
            template=terms.template,
            title=terms.title,
            office=self.office,
            issued_at=at,
            fields=_household_fields(request, facts) if old_page else text.fields,
            statement=[*text.statement, *([_BY_A_PERSON] if text.unfilled and self._needed_a_person(item, facts) else [])],
            table=_household_table(request, facts) if old_page else text.table,
            verify_url=f"{self.site_url}/verify?number={number}",
        )

    def _needed_a_person(self, item: ServiceItem, facts: Mapping[str, Any]) -> bool:
        return self.service_items.decide(item, facts).outcome is Outcome.REFERRED

    @activity.defn
    async def order_parcel(self, issued: DocumentIssued, task: DocumentTask) -> ParcelOrdered:
        """As `send_parcel`, for cases that began before parcels could come back."""
        parcel = await self.send_parcel(issued, task)
        await self.papers.set_tracking_number(task.application_id, parcel.tracking_number)
        return ParcelOrdered(tracking_number=parcel.tracking_number)

    @activity.defn
    async def send_parcel(self, issued: DocumentIssued, task: DocumentTask) -> Parcel:
        """Hand the document to the post. Idempotency key: the document."""
        request, _ = await self.records.request_of(task.application_id)
        if request.delivery.address is None:
            raise WrongState()
        row = await self.papers.document(issued.number)
        pdf = await self.objects.get(document_key(issued.document_id, row.sha256), row.sha256)
        return await self.post.order(
            order_id=str(issued.document_id),
            name=request.applicant.name,
            phone=request.applicant.phone,
            address=request.delivery.address,
            document=pdf,
            notify_url=f"{self.callbacks_url}/post",
        )

    @activity.defn
    async def look_at_parcel(self, parcel: Parcel) -> Parcel:
        """Where the parcel is now: the post's own word, whatever its call-backs said."""
        return await self.post.look(parcel.tracking_number)

    @activity.defn
    async def parcel_delivered(self, parcel: ParcelOrdered) -> bool:
        return (await self.post.look(parcel.tracking_number)).state is ParcelState.DELIVERED


def _field(zh: str, en: str, value: str, value_en: str | None = None) -> DocumentField:
    return DocumentField(label=Bilingual(zh=zh, en=en), value=value, value_en=value_en)


def _household_fields(request: ApplicationRequest, facts: Mapping[str, Any]) -> list[DocumentField]:
    resident = facts.get("resident_population", {})
    home = _new_home(request, facts)
    fields = [_field("住址", "Address", home["address"] if home else resident.get("address", ""))]
    if new_name := request.answers.get("new_name"):
        fields = [_field("姓名", "Name", new_name), _field("曾用名", "Former name", request.applicant.name), *fields]
    else:
        fields = [_field("户主", "Head of household", request.applicant.name), *fields]
    return [*fields, _field("公民身份号码", "ID number", request.applicant.id_number)]


def _new_home(request: ApplicationRequest, facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = request.answers.get("property_certificate")
    homes = facts.get("property", {}).get("properties", [])
    return next((home for home in homes if home.get("certificate_number") == wanted), None)


def _household_table(request: ApplicationRequest, facts: Mapping[str, Any]) -> DocumentTable | None:
    movers = request.answers.get("movers")
    if movers is None:
        return None
    members = {m["id_number"]: m for m in facts.get("resident_population", {}).get("household_members", [])}
    if (spouse := facts.get("marriage", {}).get("spouse")) is not None:
        members.setdefault(spouse["id_number"], spouse | {"relation": "配偶"})
    columns = [Bilingual(zh="姓名", en="Name"), Bilingual(zh="与原户主关系", en="Relation"), Bilingual(zh="公民身份号码", en="ID number")]
    rows = [[request.applicant.name, "本人", request.applicant.id_number]]
    rows += [[members[m]["name"], members[m].get("relation", ""), m] for m in movers if m in members and m != request.applicant.id_number]
    return DocumentTable(columns=columns, rows=rows)
