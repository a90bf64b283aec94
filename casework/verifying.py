"""Verifying a certificate: by number, by file, by the token of its QR code; open to anybody."""

import asyncio

from casework.office import Office
from casework.views import CertificateView
from domain.documents import SealVerdict
from domain.errors import NotFound, TooLarge
from domain.service_item import ServiceItem

FILE_MAX_BYTES = 20_000_000
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
        title=ServiceItem.model_validate(case["item"]).certificate.title,
        office=office.settings_view.office_name,
        issued_at=row.issued_at,
        sha256=row.sha256,
    )


async def verify_file(office: Office, data: bytes) -> SealVerdict:
    """The seal's own word on a PDF, whoever has it.

    Raises:
        TooLarge: over 20 MB.
    """
    if len(data) > FILE_MAX_BYTES:
        raise TooLarge()
    return await asyncio.to_thread(office.seals.verify, data)


async def verify_token(office: Office, token: str) -> CertificateView | SealVerdict:
    """A QR code's token: the certificate it names where the token is ours, else the seal's verdict on it."""
    verdict = office.seals.verify_token(token)
    if verdict.result != "genuine" or verdict.number is None:
        return verdict
    try:
        return await certificate(office, verdict.number)
    except NotFound:
        return verdict
