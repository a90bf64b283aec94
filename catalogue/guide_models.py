"""What a guide tells, as pages, programs and the command line read it."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

from domain.documents import DocumentField, DocumentTable
from domain.service_item import Exclusion, LegalReference
from domain.text import Bilingual


class SparedMaterial(BaseModel):
    """A paper that nobody brings, because a registry vouches for what it says."""

    code: str
    name: Bilingual
    registry: Bilingual | None
    keeper: Bilingual | None
    why: Bilingual | None


class NeededMaterial(BaseModel):
    code: str
    name: Bilingual
    required: bool
    help: Bilingual | None
    sample: Bilingual | None


class AskedRegistry(BaseModel):
    """One question to one registry: about whom, why, and what happens while it does not answer."""

    source: str
    name: Bilingual
    keeper: Bilingual | None
    about: Bilingual
    purpose: Bilingual
    if_down: Bilingual


class GuideStep(BaseModel):
    """A station of the process. `only_if` tells when it is taken at all."""

    kind: Literal["form", "upload", "identity", "registries", "machine", "person", "delivery", "answer"]
    title: Bilingual
    text: Bilingual
    working_days: int | None = None
    only_if: Bilingual | None = None


class GuideQuestion(BaseModel):
    """A field of the form with the answer that the sample person gave."""

    name: str
    group: Bilingual | None
    label: Bilingual
    help: Bilingual | None
    required: bool
    options: list[Bilingual]
    asked_when: Bilingual | None
    sample: Bilingual | None


class SampleDocument(BaseModel):
    """The words of the document for the sample person."""

    template: str
    title: Bilingual
    statement: list[Bilingual]
    fields: list[DocumentField]
    table: DocumentTable | None


class GuidePointLine(BaseModel):
    label: Bilingual
    how: Bilingual
    most: int | None
    least: int | None


class GuidePoints(BaseModel):
    needed: int
    illustrative: bool
    note: Bilingual | None
    lines: list[GuidePointLine]


class NoticeRow(BaseModel):
    code: str | None  # the service item that the row is about
    cells: list[Bilingual]


class NoticeTable(BaseModel):
    columns: list[Bilingual]
    rows: list[NoticeRow]


class GuideNotice(BaseModel):
    paragraphs: list[Bilingual]
    table: NoticeTable | None


class Guide(BaseModel):
    """All that one needs to know of a service item before applying, and nothing of anybody."""

    code: str
    version: int
    name: Bilingual
    summary: Bilingual
    branch: str
    branch_name: Bilingual
    kind: str
    kind_name: Bilingual
    audience: list[str]
    channels: list[str]
    trips: int
    trips_name: Bilingual
    minutes: Bilingual
    working_days: int | None  # of the people who look at it; None when the machine may decide alone
    promised_working_days: int | None = None  # for a decision by people, from the proof of identity on
    legal_working_days: int | None = None
    effective_from: date
    effective_to: date | None
    who_can: list[Bilingual]
    spared: list[SparedMaterial]
    to_upload: list[NeededMaterial]
    to_bring: list[NeededMaterial]
    exclusions: list[Exclusion]
    registries: list[AskedRegistry]
    steps: list[GuideStep]
    delivery_names: list[Bilingual]
    window_days: int
    fee_fen: int
    fee: Bilingual
    fee_basis: Bilingual | None
    legal_basis: list[LegalReference]
    questions: list[GuideQuestion]
    document: SampleDocument | None
    points: GuidePoints | None
    notice: GuideNotice | None
