"""The routes themselves, as the application mounts them: what the table must cover."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI


def all_routes(app: FastAPI) -> list[str]:
    """`GET /staff/work-items/{work_item_id}`, sorted by path."""
    found = {f"{method} {path}" for method, path in _walk(app.routes, "")}
    return sorted(found, key=lambda route: route.split(" ")[::-1])


def _walk(routes: Iterable[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _walk(inner.routes, prefix + (route.include_context.prefix or ""))
        else:
            yield from ((method, prefix + route.path) for method in (getattr(route, "methods", None) or ()) if method != "HEAD")
