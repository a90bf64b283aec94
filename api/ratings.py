"""/v1/applications/{id}/rating: what the applicant says of an ended case, handed in by the program that they use."""

from uuid import UUID

from fastapi import APIRouter

from api.access import Integrator, OfficeHere
from casework import rating
from casework.rating import RatingView
from domain.ratings import NewRating

router = APIRouter(prefix="/v1/applications", tags=["applications"])


@router.post("/{application_id}/rating", status_code=201, summary="Rate an ended case, once, in five grades")
async def rate(application_id: UUID, body: NewRating, office: OfficeHere, actor: Integrator) -> RatingView:
    """5 very satisfied … 1 very dissatisfied. Grade 1 or 2 opens an inquiry of the supervision."""
    return await rating.rate(office, actor, application_id, body)
