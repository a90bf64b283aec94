"""The addresses under which a company publishes its key, and takes how it shall misbehave with its call-backs."""

from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.callbacks import Callbacks, Manner
from simulators.web import from_another_site, is_json, json_object, json_response, refusal


class CallbackSettings:
    """`<base>/.well-known/keys`, `<base>/_callbacks` and `<base>/_forge`.

    `address_of` tells where an order's call-backs go; None for an unknown order.
    """

    def __init__(self, base: str, callbacks: Callbacks, address_of: Callable[[str], str | None]) -> None:
        self._base = base
        self._callbacks = callbacks
        self._address_of = address_of

    def routes(self) -> list[BaseRoute]:
        return [
            Route(f"{self._base}/.well-known/keys", self._keys, methods=["GET"]),
            Route(f"{self._base}/_callbacks", self._show, methods=["GET"]),
            Route(f"{self._base}/_callbacks", self._change, methods=["PUT", "POST"]),
            Route(f"{self._base}/_forge", self._forge, methods=["POST"]),
        ]

    async def _keys(self, request: Request) -> Response:
        return json_response({"source": self._callbacks.provider, "keys": [self._callbacks.key.as_jwk()]})

    async def _show(self, request: Request) -> Response:
        """The manner now, what has happened so far, and how many are still under way."""
        return json_response(self._callbacks.as_json())

    async def _change(self, request: Request) -> Response:
        """PUT takes JSON `{name: value}`; POST takes the page's form and returns to the page."""
        if from_another_site(request):
            return refusal(403, "another-site", "call-backs are set from the simulator's own page")
        try:
            if request.method == "PUT":
                self._callbacks.change(await json_object(request))
                return json_response(self._callbacks.as_json())
            self._callbacks.change(await _manner_form(request))
        except ValueError as error:
            return refusal(422, "invalid-manner", str(error))
        return RedirectResponse(f"{self._base}/", 303)

    async def _forge(self, request: Request) -> Response:
        """Send forgeries about an order now. JSON `{"order_id": …}` has each kind's status for an answer; a form returns to the page."""
        if from_another_site(request):
            return refusal(403, "another-site", "forgeries are sent from the simulator's own page")
        try:
            order_id = str((await json_object(request)).get("order_id")) if is_json(request) else await _order_form(request)
        except ValueError as error:
            return refusal(400, "bad-request", str(error))
        address = self._address_of(order_id)
        if not address:
            return refusal(404, "not-found", "there is no such order, or nobody wants its call-backs")
        answered = await self._callbacks.forge(address, order_id, datetime.now(UTC).isoformat())
        return json_response({"answered": answered}) if is_json(request) else RedirectResponse(f"{self._base}/", 303)


async def _manner_form(request: Request) -> dict[str, Any]:
    async with request.form(max_files=0, max_fields=20) as form:
        if "repair" in form:
            return asdict(Manner())
        return {f.name: float(str(form[f.name])) for f in fields(Manner) if form.get(f.name)}


async def _order_form(request: Request) -> str:
    async with request.form(max_files=0, max_fields=5) as form:
        return str(form.get("order_id", ""))
