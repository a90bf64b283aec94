"""/v1/figures: what everybody may know of how applications go."""

from fastapi import APIRouter, Depends, Response

from api.access import OfficeHere, anybody
from casework.figures import PublicFigures, public_figures

router = APIRouter(prefix="/v1", tags=["figures"])


@router.get("/figures", dependencies=[Depends(anybody)], summary="Figures of the last twelve months, without personal data")
async def figures(office: OfficeHere, response: Response) -> PublicFigures:
    """Small numbers are put together with others or left out, so that nobody can be found in them."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return await public_figures(office)
