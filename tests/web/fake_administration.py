"""Calendar, hours and accounts in memory, under the real use cases."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.appointments import Hours
from domain.calendar import Correction, Untold
from domain.errors import NotFound, WrongState
from domain.jurisdiction import Role

ACCOUNT = "01930000-0000-7000-8000-0000000000d2"
STATION = "330302510000"


class MemoryCalendar:
    """A `CalendarBook`."""

    def __init__(self) -> None:
        self.corrections: dict[tuple[str, date], Correction] = {}
        self.waiting: list[Untold] = []
        self.kept: dict[str, list[Hours]] = {}
        self.by: list[str] = []

    async def all(self) -> list[Correction]:
        return list(self.corrections.values())

    async def correct(self, correction: Correction, by: str, at: datetime, serial: str) -> None:
        self.corrections[correction.county, correction.day] = correction
        self.waiting.append(Untold(county=correction.county, day=correction.day, serial=serial, corrected_at=at))
        self.by.append(by)

    async def take_back(self, county: str, day: date, by: str, at: datetime, serial: str) -> bool:
        self.by.append(by)
        return self.corrections.pop((county, day), None) is not None

    async def untold(self) -> list[Untold]:
        return list(self.waiting)

    async def cases_reaching(self, untold: Untold, limit: int) -> list[UUID]:
        return []

    async def note_told(self, untold: Untold, last: UUID) -> Untold:
        return untold

    async def all_told(self, untold: Untold) -> None:
        self.waiting.remove(untold)

    async def hours(self, station: str) -> list[Hours]:
        return self.kept.get(station, [])

    async def set_hours(self, station: str, hours: Sequence[Hours], by: str) -> None:
        self.kept[station] = list(hours)

    async def stations_with_hours(self) -> list[str]:
        return sorted(station for station, hours in self.kept.items() if hours)


def account_row(clerk_id: str = ACCOUNT, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": clerk_id,
        "login": "li.na",
        "name": "李娜",
        "role": Role.PRE_REVIEWER.value,
        "county": STATION[:6],
        "station": STATION,
        "active": True,
        "leads": True,
        "created_at": datetime.now(UTC) - timedelta(days=40),
        "known": True,
        "kin": 2,
        "kin_read_at": (datetime.now(UTC) - timedelta(days=3)).isoformat(),
        "first_password": False,
        "held": 3,
    }
    return fields | changes


class MemoryPersonnel:
    """A `Personnel`; `done` keeps every act as name, clerk id and by whom."""

    def __init__(self) -> None:
        fresh = account_row("01930000-0000-7000-8000-0000000000d2", login="wang.wei", name="王伟", role="", active=False, leads=False)
        fresh |= {"station": None, "known": False, "kin": 0, "kin_read_at": None, "first_password": True, "held": 0}
        self.rows = {row["id"]: row for row in (account_row(), fresh)}
        self.done: list[tuple[str, str, str]] = []

    async def accounts(self, words: str = "", *, limit: int = 200) -> list[dict[str, Any]]:
        return [row for row in self.rows.values() if words in row["login"] or words in row["name"]]

    async def account(self, clerk_id: str) -> dict[str, Any]:
        if clerk_id not in self.rows:
            raise NotFound()
        return self.rows[clerk_id]

    async def make(self, row: Mapping[str, Any], *, id_number: str, totp_secret: str, by: str) -> None:
        if row["login"] in {known["login"] for known in self.rows.values()}:
            raise WrongState()
        shown = {name: value for name, value in row.items() if name != "password_hash"}
        new = {"role": "", "active": False, "leads": False, "first_password": True, "kin": 0, "kin_read_at": None, "held": 0}
        self.rows[row["id"]] = account_row() | new | shown
        self.done.append(("make", row["id"], by))

    async def move(self, clerk_id: str, *, name: str, county: str, station: str | None, by: str) -> None:
        self.rows[clerk_id] |= {"name": name, "county": county, "station": station}
        self.done.append(("move", clerk_id, by))

    async def set_password(self, clerk_id: str, password_hash: str, *, by: str | None) -> None:
        self.done.append(("set_password", clerk_id, by or "self"))

    async def has_first_password(self, clerk_id: str) -> bool:
        return bool(self.rows[clerk_id]["first_password"])

    async def appoint(self, clerk_id: str, role: Role, *, leads: bool, by: str) -> None:
        self.rows[clerk_id] |= {"role": role.value, "leads": leads, "active": True}
        self.done.append(("appoint", clerk_id, by))

    async def appoint_first(self, clerk_id: str, role: Role, *, by: str) -> None:
        await self.appoint(clerk_id, role, leads=False, by=by)

    async def drop_unused(self, clerk_id: str) -> None:
        del self.rows[clerk_id]

    async def holders_of(self, role: Role) -> int:
        return sum(row["role"] == role.value and row["active"] for row in self.rows.values())

    async def dismiss(self, clerk_id: str, *, by: str) -> int:
        self.rows[clerk_id] |= {"active": False, "leads": False}
        self.done.append(("dismiss", clerk_id, by))
        return 3

    async def set_second_factor(self, clerk_id: str, totp_secret: str, *, by: str) -> None:
        self.done.append(("set_second_factor", clerk_id, by))

    async def same_person(self, one: str, other: str) -> bool:
        return one == other

    async def set_person(self, clerk_id: str, id_number: str) -> None:
        self.rows[clerk_id]["known"] = True

    async def id_number_of(self, clerk_id: str) -> str | None:
        return None

    async def set_kin(self, clerk_id: str, id_number: str, household: Iterable[str], at: datetime) -> None: ...

    async def kin_read_before(self, moment: datetime, *, limit: int) -> list[str]:
        return []

    async def note_refused_sign_in(self, clerk_id: str) -> None: ...

    async def refused_sign_ins(self, limit: int) -> list[dict[str, Any]]:
        row = self.rows[ACCOUNT]
        return [{"at": datetime.now(UTC), "clerk_id": ACCOUNT, "login": row["login"], "name": row["name"]}]

    async def guesses(self, since: datetime) -> tuple[int, int]:
        return 2, 9

    async def refused_callbacks(self, limit: int) -> list[dict[str, Any]]:
        said = {"provider": "payments", "why": "the signature is not the provider's", "order_id": None}
        return [said | {"received_at": datetime.now(UTC), "body_sha256": "ab" * 32}]
