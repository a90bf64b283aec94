"""The pages of OneTrip, for the public, applicants and staff; each side can be mounted alone."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"


def mount(app: FastAPI, office: Any) -> None:
    """Add all pages and their static files; every page finds the use cases' `office` in the application's state."""
    from web.public import public_router
    from web.staff import staff_router

    app.state.office = office
    app.include_router(public_router())
    app.include_router(staff_router())
    mount_static(app)


def mount_static(app: FastAPI) -> None:
    (STATIC / "dist").mkdir(parents=True, exist_ok=True)
    app.mount("/static/pictures", StaticFiles(directory=STATIC / "src" / "pictures"), name="pictures")
    app.mount("/static", StaticFiles(directory=STATIC / "dist"), name="static")
