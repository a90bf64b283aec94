"""Supervision in memory for the pages' tests: a board with everything on it, an inquiry, figures, a rating."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from casework import figures, inquiries, rating, supervising
from casework.figures import Figures, GradeLine, Line, Misleading, PublicFigures, PublicLine
from casework.inquiries import CaseLine, Colleague, EntryView, InquiryCounts, InquiryDetail, InquiryPage, InquiryRow
from casework.rating import RatingView
from casework.supervising import Board, DueLine, DueList, OfficeLine, OwnerLine, PatternLine, PersonLine, SourceLine, StateLine, WorkLine
from domain.application import STATUS_TEXT, Status
from domain.figures import TRIPS_DEFINITION
from domain.inquiries import PATTERN_TEXT, STUCK_TEXT, Pattern
from domain.jurisdiction import Role
from domain.ratings import GRADE_TEXT, REASON_TEXT, Grade, RatingReason
from domain.text import Bilingual

NOW = datetime.now(UTC).replace(microsecond=0)
CASE = UUID("01930000-0000-7000-8000-000000000001")
INQUIRY = UUID("01930000-0000-7000-8000-0000000000d1")
NUMBER = "33030020261121000123"
NAME_CHANGE = Bilingual(zh="姓名变更", en="Change of name")
EARLIER = NOW - timedelta(days=9)


def inquiry_row(pattern: Pattern = Pattern.UNDOABLE, **changes: Any) -> InquiryRow:
    fields: dict[str, Any] = {
        "id": INQUIRY, "number": "DC330302-20261122-0007", "pattern": pattern, "pattern_text": PATTERN_TEXT[pattern],
        "what": STUCK_TEXT["registry"] if pattern is Pattern.UNDOABLE else None, "application_id": CASE, "acceptance_number": NUMBER,
        "service_item_name": NAME_CHANGE, "clerk_name": None, "county": "330302", "station": "330302510000", "owner": None,
        "owner_name": None, "opened_by": "machine", "opened_at": EARLIER, "due_at": NOW - timedelta(days=2), "late": True,
        "closed_at": None, "finding_text": None,
    }  # fmt: skip
    return InquiryRow(**fields | changes)


def case_line() -> CaseLine:
    status = STATUS_TEXT[Status.GATHERING]
    return CaseLine(id=CASE, acceptance_number=NUMBER, service_item_name=NAME_CHANGE, status_text=status, may_open=True)


def inquiry_detail(**changes: Any) -> InquiryDetail:
    told = Bilingual(zh="已联系不动产登记中心", en="Called the property registry")
    fields: dict[str, Any] = {
        "row": inquiry_row(owner="clerk-1", owner_name="陈督查"), "case": case_line(), "cases": [case_line()],
        "facts": {"what": "registry", "since": EARLIER.isoformat(), "sources": ["property"], "approvals": 5, "provider": "payments"},
        "entries": [EntryView(at=NOW, by="陈督查", text=told)], "finding_words": None, "mine": True, "may_take": False,
        "may_work": True, "may_answer": False,
        "colleagues": [Colleague(id="clerk-2", name="李审批", role=Role.APPROVER, station=None)],
    }  # fmt: skip
    return InquiryDetail(**fields | changes)


def closed_detail() -> InquiryDetail:
    row = inquiry_row(closed_at=NOW, late=False, finding_text=Bilingual(zh="系统故障", en="A fault of the system"), owner_name="陈督查")
    return inquiry_detail(row=row, finding_words="数据源维护", may_work=False, mine=False)


def _dues() -> DueList:
    line = DueLine(
        application_id=CASE, acceptance_number=NUMBER, service_item_name=NAME_CHANGE, status_text=STATUS_TEXT[Status.REVIEWING],
        step_text=None, work_item_id=None, holder=None, due_at=EARLIER, passed=True,
    )  # fmt: skip
    return DueList(passed=1, near=2, rows=[line])


def full_board() -> Board:
    def source(code: str, zh: str, en: str, health: Any, **more: Any) -> SourceLine:
        counts = {"waiting": 3, "late": 0, "late_since": None, "answers": 40, "last_answer": NOW} | more
        return SourceLine(source=code, name=Bilingual(zh=zh, en=en), health=health, **counts)

    return Board(
        at=NOW, place="330302", open_cases=7, steps=_dues(), promised=_dues(), legal=DueList(passed=0, near=0, rows=[]),
        states=[StateLine(status=Status.REVIEWING, text=STATUS_TEXT[Status.REVIEWING], by_age=[4, 2, 1, 0, 0], total=7)],
        offices=[OfficeLine(jurisdiction="330302510000", role=Role.PRE_REVIEWER, open=3, held=1, paused=1, overdue=1, oldest=EARLIER)],
        people=[PersonLine(clerk_id="c", name="周明", role=Role.PRE_REVIEWER, active=False, held=2, overdue=1, oldest=EARLIER)],
        sources=[
            source("property", "不动产登记", "Property registry", "away", late=3, late_since=EARLIER, answers=0, last_answer=None),
            source("marriage", "婚姻登记", "Marriage registry", "slow", late=1, late_since=EARLIER),
            source("death", "死亡登记", "Death registry", "quiet", waiting=0, answers=0, last_answer=None),
            source("household", "户籍", "Household register", "answering"),
        ],
        patterns=[PatternLine(pattern=p, text=PATTERN_TEXT[p], open=2, unowned=1, late=1, oldest=EARLIER) for p in Pattern],
        owners=[
            OwnerLine(owner=None, name=None, open=3, late=1, oldest=EARLIER),
            OwnerLine(owner="c", name="陈督查", open=1, late=0, oldest=NOW),
        ],
        inquiries=[inquiry_row(Pattern.HASTY_APPROVALS, clerk_name="李审批"), inquiry_row(Pattern.OVERDUE, id=UUID(int=5), late=False)],
        undoable=[inquiry_row(id=UUID(int=6))],
    )  # fmt: skip


def _line(key: str, name: Bilingual, ended: int) -> Line:
    return Line(
        key=key, name=name, ended=ended, completed=ended - 1, refused=0, void=1, machine_share=0.62, first_time_share=0.9,
        median_hours=0.4, p95_hours=71, trips_saved=ended * 2, yuan_saved=ended * 100,
    )  # fmt: skip


def some_figures() -> Figures:
    whole, month = Bilingual(zh="全部", en="All"), Bilingual(zh="2026年11月", en="November 2026")
    counts = {grade.value: int(grade) * 3 for grade in GRADE_TEXT}
    office = Bilingual(zh="330302510000", en="330302510000")
    return Figures(
        since=date(2025, 12, 1), until=date(2026, 11, 22), all=_line("", whole, 40),
        items=[_line("name-change", NAME_CHANGE, 30)], offices=[_line("330302510000", office, 40)], months=[_line("2026-11", month, 40)],
        misleading=[
            Misleading(
                service_item="name-change", service_item_name=NAME_CHANGE, target="answers.reason",
                label=Bilingual(zh="理由", en="Reason"), times=4,
            )
        ],
        grades=GradeLine(key="", name=whole, counts=counts),
        grades_by_item=[GradeLine(key="name-change", name=NAME_CHANGE, counts=counts)],
        grades_by_office=[GradeLine(key="330302510000", name=office, counts=counts)],
    )  # fmt: skip


def some_public_figures() -> PublicFigures:
    line = PublicLine(
        name=NAME_CHANGE,
        ended=1200,
        machine_approved=0.61,
        complete_at_first=None,
        median_hours=5,
        p95_hours=100,
        trips_saved=2400,
        yuan_saved=120_000,
    )
    return PublicFigures(
        as_of=NOW, since=date(2025, 12, 1), until=date(2026, 11, 22), trips_definition=TRIPS_DEFINITION, all=line, items=[line],
        months=[line], grades={grade: 10 * grade for grade in Grade},
    )  # fmt: skip


def rating_view() -> RatingView:
    words = "等了很久，也没有人说明原因。"
    return RatingView(grade=Grade.BAD, grade_text=GRADE_TEXT[Grade.BAD], reasons=[REASON_TEXT[RatingReason.SPEED]], comment=words, at=NOW)


class SupervisionWorld:
    """What the pages are handed; tests put other things there."""

    def __init__(self) -> None:
        self.board = full_board()
        self.inquiry = inquiry_detail()
        self.rating: RatingView | None = None


def supervision_parts(world: Any) -> dict[Any, dict[str, Any]]:
    """By module: the use cases' names and what stands behind them, looked up in the world at each call."""

    def says(make: Any) -> Any:
        async def answer(*_: Any, **__: Any) -> Any:
            return make()

        return answer

    work = WorkLine(
        id=UUID(int=9), name=Bilingual(zh="预审", en="Pre-review"), kind_text=Bilingual(zh="预审", en="Pre-review"), status="claimed",
        holder="周明", opened_at=EARLIER, claimed_at=EARLIER, due_at=EARLIER, late=True, closed_at=None, outcome_text=None,
    )  # fmt: skip
    rows = [inquiry_row(), inquiry_row(Pattern.BY_HAND, id=UUID(int=8), owner_name="陈督查", late=False)]
    return {
        supervising: {"board": says(lambda: world.supervision.board), "work_of": says(lambda: [work])},
        inquiries: {
            "inquiries": says(lambda: InquiryPage(items=rows, next_cursor="more")),
            "counts": says(lambda: InquiryCounts(open=5, unowned=2, mine=1, late=1)),
            "inquiry": says(lambda: world.supervision.inquiry),
            "of_case": says(lambda: rows),
        },
        rating: {"my_rating": says(lambda: world.supervision.rating), "read_rating": says(rating_view)},
        figures: {"figures": says(some_figures), "public_figures": says(some_public_figures)},
    }
