"""Each request sees the catalogue as it was published a moment ago."""

from starlette.types import ASGIApp, Receive, Scope, Send

LOOK_AT_MOST_EVERY = 0.25  # seconds; many requests at once look once
_INDIFFERENT = ("/static/", "/healthz", "/docs", "/openapi.json")


class FreshCatalogue:
    """Takes in new publications before a page or an API route reads the catalogue."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_INDIFFERENT):
            await scope["app"].state.office.catalogue.refresh(at_most_every=LOOK_AT_MOST_EVERY)
        await self._app(scope, receive, send)
