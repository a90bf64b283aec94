"""The public and applicants' side: everything that can run in a network without registries or staff."""

from fastapi import APIRouter, Depends

from web import guide, heads, verify
from web.applicant import answering, appointment, case, face, fee, my_data, notices, request_form, sign_in, uploads
from web.problems import PageRoute
from web.visitor import know_applicant


def public_router() -> APIRouter:
    router = APIRouter(route_class=PageRoute, dependencies=[Depends(know_applicant)], include_in_schema=False)
    router.include_router(request_form.router, prefix="/items/{code}")
    router.include_router(uploads.materials, prefix="/applications/{application_id}")
    router.include_router(face.router, prefix="/applications/{application_id}/face")
    for part in (guide, verify, heads, sign_in, case, appointment, fee, answering, uploads, my_data, notices):
        router.include_router(part.router)
    return router
