"""The staff side: clerks' queue, cases and counter. Mounted where the public cannot reach it."""

from fastapi import APIRouter, Depends

from web.clerk import (
    admin,
    admin_calendar,
    at_hand,
    catalogue,
    counter,
    decision,
    figures,
    filing,
    handing_on,
    inquiry,
    investigating,
    parcels,
    queue,
    record,
    sign_in,
    supervision,
    work_item,
)
from web.problems import PageRoute
from web.visitor import know_clerk


def staff_router() -> APIRouter:
    router = APIRouter(route_class=PageRoute, dependencies=[Depends(know_clerk)], include_in_schema=False)
    parts = (
        sign_in,
        queue,
        handing_on,
        at_hand,
        work_item,
        investigating,
        counter,
        parcels,
        filing,
        decision,
        catalogue,
        admin,
        admin_calendar,
        supervision,
        inquiry,
        figures,
        record,
    )
    for part in parts:
        router.include_router(part.router)
    return router
