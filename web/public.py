"""The public and applicants' side: everything that can run in a network without registries or staff."""

from fastapi import APIRouter, Depends

from web import guide, verify
from web.applicant import answering, appointment, case, face, fee, my_data, notices, request_form, sign_in, uploads
from web.problems import PageRoute
from web.visitor import know_applicant


def public_router() -> APIRouter:
    router = APIRouter(route_class=PageRoute, dependencies=[Depends(know_applicant)], include_in_schema=False)
    for part in (guide, verify, sign_in, request_form, case, appointment, fee, answering, uploads, face, my_data, notices):
        router.include_router(part.router)
    return router
