"""Where each role goes: its entries in the staff's menu, and its first page."""

from dataclasses import dataclass

from domain.jurisdiction import Role


@dataclass(frozen=True)
class Place:
    """`text` is a key of the translations."""

    path: str
    text: str


QUEUE = Place("/staff", "staff.queue")
COUNTER = Place("/staff/counter", "staff.counter")
FILING = Place("/staff/filing", "menu.filing")
APPOINTMENTS = Place("/staff/counter/today", "menu.appointments")
PARCELS = Place("/staff/parcels", "parcels.title")
BOARD = Place("/staff/board", "menu.board")
INQUIRIES = Place("/staff/inquiries", "menu.inquiries")
FIGURES = Place("/staff/figures", "menu.figures")
CATALOGUE = Place("/staff/catalogue", "catalogue.title")
RECORD = Place("/staff/record", "menu.record")
ADMIN = Place("/staff/admin", "menu.admin")

PLACES: dict[Role, tuple[Place, ...]] = {
    Role.PRE_REVIEWER: (QUEUE, COUNTER),
    Role.COUNTER: (QUEUE, COUNTER, FILING, APPOINTMENTS, PARCELS),
    Role.APPROVER: (QUEUE, COUNTER),
    Role.INVESTIGATOR: (QUEUE,),
    Role.SUPERVISOR: (BOARD, INQUIRIES, QUEUE, COUNTER, PARCELS, FIGURES, CATALOGUE),
    Role.CATALOGUE_EDITOR: (CATALOGUE,),
    Role.SYSTEM_ADMIN: (ADMIN,),
    Role.SECURITY_ADMIN: (ADMIN,),
    Role.AUDIT_ADMIN: (RECORD,),
}


def home_of(role: Role) -> str:
    """Where `/staff` leads: whoever sees no case has no queue."""
    return QUEUE.path if QUEUE in PLACES[role] else PLACES[role][0].path


def is_here(place: Place, path: str) -> bool:
    """Whether the menu's entry is the page's: the entry of the page itself before one above it."""
    entries = {entry.path for places in PLACES.values() for entry in places}
    return path == place.path or (place is not QUEUE and path not in entries and path.startswith(f"{place.path}/"))
