"""The record's published heads, and the keys that they are verified with: for anybody."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.access import OfficeHere, anybody
from casework import record
from casework.record import HeadPage

router = APIRouter(prefix="/v1/record", tags=["record"])


@router.get("/heads", dependencies=[Depends(anybody)], summary="The published heads of the record, from the first")
async def heads(
    office: OfficeHere, cursor: Annotated[str | None, Query(max_length=18, description="The number of the last head that you have")] = None
) -> HeadPage:
    """Keep them: an export of the record that was altered since does not fit them. `jws` is what counts."""
    return await record.published_heads(office, cursor)


@router.get("/keys", dependencies=[Depends(anybody)], summary="The office's public keys for heads (JWK set)")
async def keys(office: OfficeHere) -> dict[str, Any]:
    """The same key signs certificates' QR codes. Compare it with the one that the office gives out on paper."""
    return office.heads.public_keys()
