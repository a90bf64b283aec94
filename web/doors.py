"""The same pages at two doors: the applicant's own, and a counter's, where a clerk fills in for somebody."""

from fastapi import APIRouter
from fastapi.routing import APIRoute

from web.problems import PageRoute


def at(prefix: str, pages: APIRouter) -> APIRouter:
    """The routes of `pages` under an address. Copied rather than included, so that every route of the site is told by its full path."""
    router = APIRouter(route_class=PageRoute)
    for route in pages.routes:
        assert isinstance(route, APIRoute)
        router.add_api_route(prefix + route.path, route.endpoint, methods=sorted(route.methods or ()), response_class=route.response_class)
    return router
