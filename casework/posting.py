"""The post room of an office: which parcels are where, and the label of each."""

from datetime import datetime

from pydantic import BaseModel

from casework.access import require_case, require_case_staff, territory
from casework.actors import ClerkActor
from casework.office import Office
from casework.reads import enter_label_look
from domain.errors import NotAllowed
from domain.jurisdiction import Role
from domain.parcels import PARCEL_TEXT, ParcelState
from domain.text import Bilingual

SHOWN = 200


class ParcelRow(BaseModel):
    """A parcel of the territory; whose it is, the label says."""

    tracking_number: str
    state: ParcelState
    state_text: Bilingual
    at: datetime
    ordered_at: datetime
    acceptance_number: str
    service_item_name: Bilingual


async def parcels(office: Office, actor: ClerkActor) -> list[ParcelRow]:
    """The newest parcels of the clerk's territory.

    Raises:
        NotAllowed: somebody who has no part in cases, or an investigator, who sees their tasks' alone.
    """
    require_case_staff(actor)
    if actor.scope.role is Role.INVESTIGATOR:
        raise NotAllowed()
    rows = await office.parcels.parcels_of([territory(actor)], limit=SHOWN)
    return [
        ParcelRow(
            **{name: row[name] for name in ("tracking_number", "state", "at", "ordered_at", "acceptance_number")},
            state_text=PARCEL_TEXT[ParcelState(row["state"])],
            service_item_name=office.catalogue.name_of(row["service_item"]),
        )
        for row in rows
    ]


async def label(office: Office, actor: ClerkActor, tracking_number: str) -> bytes:
    """The PDF to stick on a parcel, with the addressee; that it was read is recorded.

    Raises:
        NotFound, NotAllowed: no such parcel, or another territory's. Unavailable: the post does not answer.
    """
    require_case_staff(actor)
    application_id = await office.parcels.case_of(tracking_number)
    await require_case(office, actor, application_id)
    await enter_label_look(office, actor, application_id)
    return await office.post.label(tracking_number)
