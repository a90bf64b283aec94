"""Supervision: the board that answers what needs somebody now, and the look for what is odd."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from casework.access import require_case, territory
from casework.actors import ClerkActor
from casework.inquiries import InquiryRow, inquiry_row, require_supervisor
from casework.office import Office
from casework.supervision_ports import Inquiries, OddPatterns
from domain.application import STATUS_TEXT, Status
from domain.errors import UnknownServiceItem
from domain.inquiries import PATTERN_TEXT, Pattern
from domain.jurisdiction import Role
from domain.service_item import StepKind
from domain.text import Bilingual
from domain.work_items import KIND_TEXT, OUTCOME_TEXT, WorkItemStatus

LOOK_EVERY = timedelta(seconds=50)
OVERLAP = timedelta(minutes=5)  # what was being written while the last look ran
FRESH_SECONDS = 3.0  # one board serves all who look at the same territory
LISTED_INQUIRIES = 15
AGES = (
    Bilingual(zh="不足 1 天", en="Under 1 day"),
    Bilingual(zh="1–3 天", en="1–3 days"),
    Bilingual(zh="3–7 天", en="3–7 days"),
    Bilingual(zh="7–30 天", en="7–30 days"),
    Bilingual(zh="30 天以上", en="Over 30 days"),
)
Health = Literal["away", "slow", "answering", "quiet"]


class StateLine(BaseModel):
    status: Status
    text: Bilingual
    by_age: list[int]  # as AGES
    total: int


class DueLine(BaseModel):
    application_id: UUID
    acceptance_number: str
    service_item_name: Bilingual
    status_text: Bilingual
    step_text: Bilingual | None
    work_item_id: UUID | None
    holder: str | None
    due_at: datetime
    passed: bool


class DueList(BaseModel):
    """`rows` are the first of both; the counts are of all."""

    passed: int
    near: int
    rows: list[DueLine]


class OfficeLine(BaseModel):
    jurisdiction: str
    role: Role
    open: int
    held: int
    paused: int
    overdue: int
    oldest: datetime


class PersonLine(BaseModel):
    clerk_id: str
    name: str
    role: Role | None
    active: bool
    held: int
    overdue: int
    oldest: datetime


class SourceLine(BaseModel):
    source: str
    name: Bilingual
    health: Health
    waiting: int
    late: int
    late_since: datetime | None
    answers: int  # in the last hour
    last_answer: datetime | None


class PatternLine(BaseModel):
    pattern: Pattern
    text: Bilingual
    open: int
    unowned: int
    late: int
    oldest: datetime


class OwnerLine(BaseModel):
    owner: str | None
    name: str | None
    open: int
    late: int
    oldest: datetime


class Board(BaseModel):
    at: datetime
    place: str
    states: list[StateLine]
    open_cases: int
    steps: DueList
    promised: DueList
    legal: DueList
    offices: list[OfficeLine]
    people: list[PersonLine]
    sources: list[SourceLine]
    patterns: list[PatternLine]
    owners: list[OwnerLine]
    inquiries: list[InquiryRow]  # open, nearest their limit first, but for those of `undoable`
    undoable: list[InquiryRow]

    @property
    def overdue(self) -> int:
        return self.steps.passed + self.legal.passed

    @property
    def open_inquiries(self) -> int:
        return sum(line.open for line in self.patterns)

    @property
    def unowned(self) -> int:
        return sum(line.unowned for line in self.patterns)

    @property
    def late_inquiries(self) -> int:
        return sum(line.late for line in self.patterns)

    @property
    def troubled_sources(self) -> int:
        return sum(line.health in ("away", "slow") for line in self.sources)

    def open_of(self, pattern: Pattern) -> int:
        return next((line.open for line in self.patterns if line.pattern == pattern), 0)


class WorkLine(BaseModel):
    """One piece of work in a case: who has or had it, since when, and what came of it."""

    id: UUID
    name: Bilingual
    kind_text: Bilingual
    status: str
    holder: str | None
    opened_at: datetime
    claimed_at: datetime | None
    due_at: datetime
    late: bool
    closed_at: datetime | None
    outcome_text: Bilingual | None


_kept: dict[tuple[int, str], tuple[float, Board]] = {}


async def board(office: Office, actor: ClerkActor) -> Board:
    """The board of a supervisor's county or station. It names cases by number and people of the staff; nobody's personal data.

    Raises:
        NotAllowed: not a supervisor.
    """
    require_supervisor(actor)
    place = territory(actor)
    key = (id(office), place)
    if key in _kept and time.monotonic() - _kept[key][0] < FRESH_SECONDS:
        return _kept[key][1]
    made = await _board(office, place)
    _kept[key] = (time.monotonic(), made)
    return made


async def _board(office: Office, place: str) -> Board:
    at = office.now()
    # Whose territory no registry has told yet is looked after where it would end up.
    record = await office.boards.board(place, at, homeless=place == office.settings_view.default_county)
    opened = await office.inquiries.inquiries(place, open_only=True, pattern=None, owner=None, after=None, limit=2 * LISTED_INQUIRIES)
    undoable = await office.inquiries.inquiries(
        place, open_only=True, pattern=Pattern.UNDOABLE.value, owner=None, after=None, limit=LISTED_INQUIRIES
    )
    states = _states(record["states"])
    return Board(
        at=at,
        place=place,
        states=states,
        open_cases=sum(line.total for line in states),
        steps=_due(office, record["steps"], at),
        promised=_due(office, record["promised"], at),
        legal=_due(office, record["legal"], at),
        offices=[OfficeLine(**row) for row in record["offices"]],
        people=[PersonLine(**row | {"name": row["name"] or row["clerk_id"], "active": bool(row["active"])}) for row in record["people"]],
        sources=_sources(office, record["sources"]),
        patterns=[
            PatternLine(**row | {"text": PATTERN_TEXT[Pattern(row["pattern"])], "open": row["n"]})
            for row in record["inquiries"]["patterns"]
        ],
        owners=[OwnerLine(**row | {"open": row["n"]}) for row in record["inquiries"]["owners"]],
        inquiries=[inquiry_row(office, row) for row in opened if row["pattern"] != Pattern.UNDOABLE],
        undoable=[inquiry_row(office, row) for row in undoable],
    )


def _states(rows: Sequence[Mapping[str, Any]]) -> list[StateLine]:
    lines = []
    for status in Status:
        by_age = [sum(row["n"] for row in rows if row["status"] == status and row["age"] == age) for age in range(len(AGES))]
        if total := sum(by_age):
            lines.append(StateLine(status=status, text=STATUS_TEXT[status], by_age=by_age, total=total))
    return lines


def _due(office: Office, found: Mapping[str, Any], at: datetime) -> DueList:
    rows = [
        DueLine(
            application_id=row["id"],
            acceptance_number=row["acceptance_number"],
            service_item_name=office.catalogue.name_of(row["service_item"]),
            status_text=STATUS_TEXT[Status(row["status"])],
            step_text=KIND_TEXT[StepKind(row["kind"])] if row["kind"] else None,
            work_item_id=row["work_item_id"],
            holder=row["holder"],
            due_at=row["due_at"],
            passed=row["due_at"] < at,
        )
        for row in found["rows"]
    ]
    return DueList(passed=found["passed"], near=found["near"], rows=rows)


def _sources(office: Office, rows: Sequence[Mapping[str, Any]]) -> list[SourceLine]:
    """By registry: away when it was awaited in vain and answered nobody lately; slow when it answers some; quiet when nobody asked."""
    lines: dict[str, SourceLine] = {}
    for row in rows:
        code = _source_of(office, row["service_item"], row["fact"])
        known = office.catalogue.sources.get(code)
        line = lines.setdefault(
            code,
            SourceLine(
                source=code,
                name=known.name if known else Bilingual(zh=code, en=code),
                health="quiet",
                waiting=0,
                late=0,
                late_since=None,
                answers=0,
                last_answer=None,
            ),
        )
        line.waiting += row["waiting"]
        line.late += row["late"]
        line.answers += row["answers"]
        line.late_since = min(filter(None, (line.late_since, row["late_since"])), default=None)
        line.last_answer = max(filter(None, (line.last_answer, row["last_answer"])), default=None)
    for line in lines.values():
        line.health = _health(line)
    order = ("away", "slow", "quiet", "answering")
    return sorted(lines.values(), key=lambda line: (order.index(line.health), line.source))


def _health(line: SourceLine) -> Health:
    if line.late:
        answered_since = line.last_answer is not None and line.late_since is not None and line.last_answer > line.late_since
        return "slow" if answered_since else "away"
    return "answering" if line.answers else "quiet"


def _source_of(office: Office, service_item: str, fact: str) -> str:
    try:
        wanted = office.catalogue.get(service_item).evidence_for(fact)
    except UnknownServiceItem:
        return fact
    return wanted.source if wanted else fact


async def work_of(office: Office, actor: ClerkActor, application_id: UUID) -> list[WorkLine]:
    """Everything that people have had to do in a case, the newest first, for a supervisor who may see the case.

    Raises:
        NotAllowed, NotFound: not a supervisor of this case's territory.
    """
    require_supervisor(actor)
    await require_case(office, actor, application_id)
    now = office.now()
    return [
        WorkLine(
            id=row["id"],
            name=Bilingual.model_validate(row["name"]),
            kind_text=KIND_TEXT[StepKind(row["kind"])],
            status=row["status"],
            holder=row["claimed_by_name"] or row["claimed_by"],
            opened_at=row["opened_at"],
            claimed_at=row["claimed_at"],
            due_at=row["due_at"],
            late=(row["closed_at"] or now) > row["due_at"] and row["status"] != WorkItemStatus.CANCELLED.value,
            closed_at=row["closed_at"],
            outcome_text=OUTCOME_TEXT.get(row["outcome"] or ""),
        )
        for row in await office.desk.work_items_of([application_id])
    ]


# --- looking for what is odd -----------------------------------------------------------------------------------------


async def look(
    patterns: OddPatterns, inquiries: Inquiries, default_county: str, at: datetime | None = None, *, at_most_every: timedelta = LOOK_EVERY
) -> list[tuple[Pattern, str]] | None:
    """Open an inquiry for everything odd that has none yet: patterns and numbers; None when another process looked just now."""
    at = at or datetime.now(UTC)
    before = await patterns.begin_look(at, at_most_every=at_most_every)
    if before is None:
        return None
    opened = []
    for oddity in await patterns.odd(at, before - OVERLAP if before.year > 1 else before):
        found = await inquiries.open(
            key=oddity.key,
            pattern=oddity.pattern,
            county=oddity.county or default_county,
            station=oddity.station,
            application_id=oddity.application_id,
            clerk_id=oddity.clerk_id,
            facts=oddity.facts,
            opened_by="machine",
            at=at,
        )
        if found is not None:
            opened.append((oddity.pattern, found[1]))
    await inquiries.remind_of_late(at)
    return opened
