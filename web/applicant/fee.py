"""A case's fee: what it is for, the way to the payment provider and back, the receipt."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from casework import following
from casework.views import ApplicationView
from domain.errors import NotFound, WrongState
from domain.money import PaymentState
from web.problems import PageRoute
from web.rendering import page
from web.visitor import Applicant, set_cookie

router = APIRouter(route_class=PageRoute, prefix="/applications/{application_id}")
PAYING_COOKIE = "onetrip_paying"  # which case this browser went to pay for
PAYING_SECONDS = 1800


def went_to_pay(request: Request, case: ApplicationView) -> bool:
    """Whether this browser was sent to the provider for this case, whose word has not come yet."""
    return "pay" in case.actions and request.cookies.get(PAYING_COOKIE) == str(case.id)


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
    set_cookie(request, answer, PAYING_COOKIE, str(case.id), max_age=PAYING_SECONDS, path="/applications")
    return answer


@router.get("/receipt", response_class=HTMLResponse)
async def receipt(request: Request, application_id: UUID, actor: Applicant) -> HTMLResponse:
    case = await following.get_application(request.app.state.office, actor, application_id)
    if case.fee is None or case.fee.state not in (PaymentState.PAID, PaymentState.REFUNDED):
        raise NotFound()
    return page(request, "receipt.html", case=case, fee=case.fee)
