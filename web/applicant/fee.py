"""A case's fee: what it is for, the way to the payment provider and back, the receipt."""

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import following, paying
from casework.actors import ApplicantActor
from casework.views import ApplicationView
from domain.errors import NotFound, Unavailable, WrongState
from domain.money import PaymentState
from web.problems import PageRoute
from web.rendering import page
from web.visitor import Applicant, set_cookie

router = APIRouter(route_class=PageRoute, prefix="/applications/{application_id}")
PAYING_COOKIE = "onetrip_paying"  # which case this browser went to pay for
PAYING_SECONDS = 1800
_BACK = "back"


def went_to_pay(request: Request, case: ApplicationView) -> bool:
    """Whether this browser was sent to the provider for this case, whose word has not come yet."""
    return "pay" in case.actions and _paying(request)[0] == str(case.id)


def _paying(request: Request) -> tuple[str, bool]:
    """The case that this browser went to pay for, and whether it has come back since."""
    case_id, _, back = request.cookies.get(PAYING_COOKIE, "").partition(".")
    return case_id, back == _BACK


async def on_return(request: Request, answer: Response, actor: ApplicantActor, case: ApplicationView) -> None:
    """The first look at a case after the provider's page: have the case ask how the order stands, call-back or not."""
    if not went_to_pay(request, case) or _paying(request)[1]:
        return
    with suppress(Unavailable):  # the case asks in its own rhythm too
        await paying.look_at_payment(request.app.state.office, actor, case.id)
        _remember(request, answer, f"{case.id}.{_BACK}")


def _remember(request: Request, answer: Response, value: str) -> None:
    set_cookie(request, answer, PAYING_COOKIE, value, max_age=PAYING_SECONDS, path="/applications")


@router.get("/fee", response_class=HTMLResponse)
async def fee_page(request: Request, application_id: UUID, actor: Applicant) -> Response:
    case = await following.get_application(request.app.state.office, actor, application_id)
    if "pay" not in case.actions:
        return RedirectResponse(f"/applications/{application_id}", 303)
    return page(request, "fee.html", case=case, item=case.item, again=went_to_pay(request, case))


@router.get("/fee/pay")
async def to_the_provider(request: Request, application_id: UUID, actor: Applicant) -> Response:
    """Leads to the provider's page, which comes back to the case.

    Raises:
        WrongState: it is paid, or can no longer be.
    """
    case = await following.get_application(request.app.state.office, actor, application_id)
    if case.fee is None or case.fee.pay_url is None or "pay" not in case.actions:
        raise WrongState()
    answer = RedirectResponse(case.fee.pay_url, 303)
    _remember(request, answer, str(case.id))
    return answer


@router.get("/receipt", response_class=HTMLResponse)
async def receipt(request: Request, application_id: UUID, actor: Applicant) -> HTMLResponse:
    case = await following.get_application(request.app.state.office, actor, application_id)
    if case.fee is None or case.fee.state not in (PaymentState.PAID, PaymentState.REFUNDED):
        raise NotFound()
    return page(request, "receipt.html", case=case, fee=case.fee)
