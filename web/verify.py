"""Anybody verifies a certificate here: by its number, its QR code or its file."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from casework import verifying
from casework.views import CertificateView
from domain.documents import SealVerdict
from domain.errors import DomainError, FieldError, InvalidInput, NotFound
from domain.text import Bilingual
from web.problems import PageRoute, error_context, status_of
from web.rendering import page
from web.visitor import CheckedForm, file_of, language_of

router = APIRouter(route_class=PageRoute)
NUMBER_FIELD = "/number"
FILE_FIELD = "/file"


@router.get("/verify", response_class=HTMLResponse)
async def verify_form(request: Request, number: str | None = None, c: str | None = None) -> HTMLResponse:
    if c is not None:
        return await _by_token(request, c)
    if number is None:
        return page(request, "verify.html", number="")
    return await _by_number(request, number.strip())


@router.post("/verify", response_class=HTMLResponse)
async def verify_file(request: Request, form: CheckedForm) -> HTMLResponse:
    sent = await file_of(form, "file")
    if sent is None:
        nothing = Bilingual(zh="请选择要验证的 PDF 文件", en="Choose the PDF file to verify")
        return _again(request, InvalidInput(fields=[FieldError(path=FILE_FIELD, text=nothing)]))
    return _result(request, await verifying.verify_file(request.app.state.office, sent[0]))


async def _by_token(request: Request, token: str) -> HTMLResponse:
    try:
        return _result(request, await verifying.verify_token(request.app.state.office, token))
    except NotFound:
        return _unknown(request)


async def _by_number(request: Request, number: str) -> HTMLResponse:
    if not number:
        nothing = Bilingual(zh="请输入证明编号", en="Enter the number of the certificate")
        return _again(request, InvalidInput(fields=[FieldError(path=NUMBER_FIELD, text=nothing)]))
    try:
        return _result(request, await verifying.certificate(request.app.state.office, number))
    except NotFound:
        unknown = Bilingual(
            zh="没有编号为此的证明。请对照证明上的编号逐位核对",
            en="We issued no certificate with this number. Compare it with the certificate, character by character",
        )
        return _again(request, InvalidInput(fields=[FieldError(path=NUMBER_FIELD, text=unknown)]), number=number, status=404)


def _result(request: Request, answer: CertificateView | SealVerdict) -> HTMLResponse:
    if isinstance(answer, CertificateView):
        return page(request, "verified.html", certificate=answer, genuine=answer.valid, verdict=None)
    return page(request, "verified.html", certificate=None, genuine=answer.result == "genuine", verdict=answer)


def _unknown(request: Request) -> HTMLResponse:
    return page(request, "verified.html", 404, certificate=None, genuine=False, verdict=None)


def _again(request: Request, error: DomainError, *, number: str = "", status: int | None = None) -> HTMLResponse:
    return page(request, "verify.html", status or status_of(error), number=number, **error_context(error, language_of(request)))
