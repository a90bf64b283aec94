"""The public and applicants' side: everything that can run in a network without registries or staff."""

from fastapi import APIRouter, Depends

from web import figures, guide, heads, verify
from web.applicant import answering, appointment, case, face, fee, identity_card, my_data, notices, rating, request_form, sign_in, uploads
from web.doors import at
from web.problems import PageRoute
from web.visitor import know_applicant


def public_router() -> APIRouter:
    router = APIRouter(route_class=PageRoute, dependencies=[Depends(know_applicant)], include_in_schema=False)
    router.include_router(identity_card.router)  # before the forms of other items: one of them is filled in from photographs
    router.include_router(at("/items/{code}", request_form.router))
    router.include_router(at("/applications/{application_id}", uploads.materials))
    router.include_router(at("/applications/{application_id}/face", face.router))
    for part in (guide, figures, verify, heads, sign_in, case, appointment, fee, answering, uploads, my_data, notices, rating):
        router.include_router(part.router)
    return router
