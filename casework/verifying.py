"""Verifying a certificate: by number, by file, by the token of its QR code; open to anybody."""

import asyncio

from casework.office import Office
from casework.views import CertificateView
from domain.documents import SealVerdict
from domain.errors import NotFound, TooLarge
from domain.service_item import ServiceItem
from domain.text import Bilingual

FILE_MAX_BYTES = 20_000_000
_REVOKED = Bilingual(
    zh="该文件由本机关签发，未被改动，但已失效，请勿采信。",
    en="This office issued this file, and it has not been changed, but it is no longer valid. Do not rely on it.",
)
_VALID = frozenset({"completed", "issuing", "posting"})


async def certificate(office: Office, number: str) -> CertificateView:
    """What anybody may know of a number.

    Raises:
        NotFound: no certificate has this number.
    """
    row = await office.papers.document(number.strip().upper())
    case = await office.desk.case_file(row.application_id)
    return CertificateView(
        number=row.number,
        valid=row.status in _VALID,
        title=ServiceItem.model_validate(case["item"]).document.title,
        office=office.settings_view.office_name,
        issued_at=row.issued_at,
        sha256=row.sha256,
    )


async def verify_file(office: Office, data: bytes) -> SealVerdict:
    """The seal's word on a PDF, whoever has it, and whether the certificate still counts.

    Raises:
        TooLarge: over 20 MB.
    """
    if len(data) > FILE_MAX_BYTES:
        raise TooLarge()
    verdict = await asyncio.to_thread(office.seals.verify, data)
    if verdict.result == "genuine" and not await _counts(office, verdict.number):
        return verdict.model_copy(update={"result": "revoked", "text": _REVOKED})
    return verdict


async def _counts(office: Office, number: str | None) -> bool:
    try:
        return number is not None and (await certificate(office, number)).valid
    except NotFound:
        return False


async def verify_token(office: Office, token: str) -> CertificateView | SealVerdict:
    """A QR code's token: the certificate it names where the token is ours, else the seal's verdict on it."""
    verdict = office.seals.verify_token(token)
    if verdict.result != "genuine" or verdict.number is None:
        return verdict
    try:
        return await certificate(office, verdict.number)
    except NotFound:
        return verdict
