"""The post room: parcels of one's own territory, and their labels."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from casework import posting
from domain.errors import NotAllowed, NotFound
from domain.jurisdiction import Role
from domain.parcels import Parcel, ParcelState
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station


async def sent(cabinet: Cabinet, station: str) -> tuple[UUID, Parcel]:
    case = await cabinet.case(station)
    number = f"EM{case.int % 10**9:09d}CN"
    parcel = Parcel(order_id=f"order-{case}", tracking_number=number, state=ParcelState.ORDERED, at=datetime.now(UTC))
    await cabinet.apply(case, "posted", parcel=parcel)
    return case, parcel


async def test_an_office_sees_the_parcels_of_its_own_territory_as_they_stand_now(cabinet: Cabinet) -> None:
    station = some_station()
    case, parcel = await sent(cabinet, station)
    await sent(cabinet, some_station())
    await cabinet.apply(case, "parcel_returned", parcel=parcel.model_copy(update={"state": ParcelState.RETURNED}))
    (row,) = await posting.parcels(cabinet.office, make_clerk(Role.COUNTER, station=station))
    assert (row.tracking_number, row.state) == (parcel.tracking_number, ParcelState.RETURNED)


async def test_a_label_is_for_its_own_office_and_that_it_was_read_is_recorded(cabinet: Cabinet) -> None:
    station = some_station()
    case, parcel = await sent(cabinet, station)
    with pytest.raises(NotAllowed):
        await posting.label(cabinet.office, make_clerk(Role.COUNTER, station=some_station()), parcel.tracking_number)
    assert await cabinet.office.reads.reads_of_case(case, limit=5) == []
    order = {"name": "虞书谣", "phone": None, "address": "书香路1号", "document": b"%PDF-1.7", "notify_url": ""}
    await cabinet.office.post.order(order_id=parcel.order_id, **order)  # type: ignore[arg-type]
    label = await posting.label(cabinet.office, make_clerk(Role.COUNTER, station=station), parcel.tracking_number)
    assert label.startswith(b"%PDF")
    assert len(await cabinet.office.reads.reads_of_case(case, limit=5)) == 1


@pytest.mark.parametrize("role", [Role.CATALOGUE_EDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
async def test_whoever_sees_no_case_sees_no_parcel(cabinet: Cabinet, role: Role) -> None:
    with pytest.raises(NotAllowed):
        await posting.parcels(cabinet.office, make_clerk(role, station=None, county="330302"))


async def test_an_unknown_number_is_no_parcel(cabinet: Cabinet) -> None:
    with pytest.raises(NotFound):
        await posting.label(cabinet.office, make_clerk(Role.COUNTER, station=some_station()), "EM000000000CN")
