"""What an application must hold before it becomes a case, whichever door it came through."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from domain.application import ApplicationRequest
from domain.errors import FieldError, InvalidInput
from domain.identity_numbers import parse_id_number
from domain.service_item import Delivery, IdentityLevel, ServiceItem
from domain.text import Bilingual


def invalid_request(error: ValidationError) -> InvalidInput:
    """What is wrong with a request that is not of the model's form, field by field; never what was sent."""
    fields = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        path = "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in problem["loc"])
        text = Bilingual(zh=f"此项有误：{problem['msg']}", en=f"Not valid: {problem['msg']}")
        fields.append(FieldError(path=path, text=text))
    return InvalidInput(fields=fields)


def needs_identity_check(request: ApplicationRequest, item: ServiceItem) -> bool:
    """Whether a clip is asked for. A sign-in on the pages is enough for what shows little; a program's word is not."""
    on_the_pages = request.client_id is None and request.channel in ("phone", "pc")
    return not (item.identity is IdentityLevel.SIGNED_IN and on_the_pages)


def admit(
    request: ApplicationRequest,
    item: ServiceItem,
    *,
    today: date,
    check_answers: Callable[[ServiceItem, Mapping[str, Any]], None],
) -> ApplicationRequest:
    """The request with its ID number normalised.

    Raises:
        InvalidInput: all that is wrong, field by field.
    """
    problems: list[FieldError] = []
    id_number = request.applicant.id_number
    try:
        id_number = parse_id_number(id_number, today=today).value
    except InvalidInput as error:
        problems.extend(error.fields)
    try:
        check_answers(item, request.answers)
    except InvalidInput as error:
        problems.extend(error.fields)
    problems.extend(_phone_problems(request))
    problems.extend(_delivery_problems(request, item))
    problems.extend(_channel_problems(request, item))
    if problems:
        raise InvalidInput(fields=problems)
    return request.model_copy(update={"applicant": request.applicant.model_copy(update={"id_number": id_number})})


def _phone_problems(request: ApplicationRequest) -> list[FieldError]:
    if request.applicant.phone is not None or request.filed_by is not None:
        return []
    text = Bilingual(zh="请填写 11 位手机号", en="Enter a mobile number of 11 digits")
    return [FieldError(path="/applicant/phone", text=text)]


def _channel_problems(request: ApplicationRequest, item: ServiceItem) -> list[FieldError]:
    """Programs and the engine may bring any item; people come by the doors that the item names."""
    if not item.can_be_applied_for:
        text = Bilingual(zh="公示事项供查阅，不受理申请", en="A public notice is there to be read; nobody applies for it")
        return [FieldError(path="/service_item", text=text)]
    if request.channel in ("api", "engine") or request.filed_by is not None or request.channel in item.channels:
        return []
    allowed = ", ".join(item.channels)
    text = Bilingual(zh=f"本事项的办理渠道：{allowed}", en=f"This service item is applied for by: {allowed}")
    return [FieldError(path="/channel", text=text)]


def _delivery_problems(request: ApplicationRequest, item: ServiceItem) -> list[FieldError]:
    method, address = request.delivery.method, request.delivery.address
    if not item.delivery:
        return []
    if method not in item.delivery:
        allowed = ", ".join(d.value for d in item.delivery)
        text = Bilingual(zh=f"本事项的领取方式：{allowed}", en=f"This service item is delivered by: {allowed}")
        return [FieldError(path="/delivery/method", text=text)]
    if method is Delivery.POST and not address:
        return [FieldError(path="/delivery/address", text=Bilingual(zh="请填写邮寄地址", en="Give the address to post to"))]
    return []
