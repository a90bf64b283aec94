"""The application: API, OAuth2, pages, health; one error table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from api import (
    admin,
    applications,
    appointments,
    callbacks,
    cases,
    clips,
    counter,
    figures,
    id_cards,
    oauth,
    parcels,
    public,
    ratings,
    record,
    staff,
    supervision,
    work_items,
)
from api.access import anybody
from api.door import Door
from api.fresh import FreshCatalogue
from api.problems import RESPONSES, Problem, install
from settings import Settings, load_settings
from web import mount_static
from web.problems import missing_page
from web.public import public_router
from web.staff import staff_router
from wiring import Wiring

_DESCRIPTION = """Start, follow and finish applications by program. Get a token from `POST /oauth/token`.
Problems are RFC 9457 with a stable `type`; lists use cursors; texts come in Chinese and English."""


PARTS = (
    oauth,
    public,
    record,
    applications,
    clips,
    appointments,
    work_items,
    counter,
    parcels,
    cases,
    staff,
    callbacks,
    admin,
    ratings,
    supervision,
    figures,
    id_cards,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    wiring = Wiring(settings or load_settings())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.office = await wiring.office()
        yield
        await wiring.close()

    app = FastAPI(title="OneTrip 最多跑一次", version="1", description=_DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None)
    install(app)
    app.add_middleware(FreshCatalogue)
    app.add_middleware(Door)
    for part in PARTS:
        app.include_router(part.router, responses=RESPONSES)
    _add_health(app)
    _add_docs(app)
    app.include_router(public_router())
    app.include_router(staff_router())
    for uploads in clips.page_uploads():
        app.include_router(uploads)
    mount_static(app)
    _add_missing_pages(app)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """The OpenAPI document is of the API alone, and knows the problems."""
    make = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = make()
            schema["paths"] = {path: item for path, item in schema["paths"].items() if path.startswith(("/v1/", "/oauth/"))}
            schemas = schema["components"]["schemas"]
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= problem.pop("$defs") | {"Problem": problem}
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _add_health(app: FastAPI) -> None:
    @app.get("/healthz", tags=["health"], dependencies=[Depends(anybody)], include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}


_DOCS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>OneTrip API</title><link rel="stylesheet" href="/static/swagger-ui.css"></head>
<body><main id="api"></main><script src="/static/swagger-ui-bundle.js"></script>
<script type="module" src="/static/api-docs.js"></script></body></html>
"""


def _add_docs(app: FastAPI) -> None:
    """The OpenAPI document as a page, from our own static files."""

    @app.get("/docs", dependencies=[Depends(anybody)], include_in_schema=False)
    async def docs() -> Response:
        policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
        return HTMLResponse(_DOCS, headers={"Content-Security-Policy": policy})


def _add_missing_pages(app: FastAPI) -> None:
    """Unknown addresses: a page for people, a problem for programs."""
    as_problem = app.exception_handlers[HTTPException]

    @app.exception_handler(HTTPException)
    async def missing(request: Request, error: HTTPException) -> Response:
        wants_page = (
            error.status_code == 404 and not request.url.path.startswith(("/v1", "/oauth")) and "html" in request.headers.get("accept", "")
        )
        if wants_page:
            return missing_page(request)
        response: Response = await as_problem(request, error)  # type: ignore[misc]
        return response
