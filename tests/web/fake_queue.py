"""The queue and what clerks keep at hand, behind the use cases' names, for the pages' tests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from casework import at_hand, handing_on, queueing, standing_in
from casework.actors import ClerkActor
from casework.at_hand import NoticeView, SavedView, TemplateView
from casework.handing_on import BulkResult, Colleague
from casework.standing_in import DelegationView
from casework.views import Page, WorkItemRow
from domain.errors import FieldError, InvalidInput, WorkItemNotClaimed
from domain.queues import BARRED_TEXT, Counts, QueueFilter, View
from domain.service_item import StepKind
from domain.text import Bilingual

NOW = datetime.now(UTC).replace(microsecond=0)
KEPT = UUID("01930000-0000-7000-8000-0000000000f7")
COLLEAGUES = [
    Colleague(id="clerk-2", name="李娜", station="330302510000"),
    Colleague(id="clerk-3", name="王强", station="330302510000", barred="four_eyes", barred_text=BARRED_TEXT["four_eyes"]),
]


def said(zh: str, en: str) -> Bilingual:
    return Bilingual(zh=zh, en=en)


class QueueWorld:
    """Answers of the queue's use cases; `done` keeps what was asked."""

    rows: list[WorkItemRow]
    done: list[tuple[str, Any]]
    detail: Any

    async def queue(
        self, office: Any, actor: ClerkActor, view: View = View.STATION, wanted: QueueFilter | None = None, *, cursor: str | None = None
    ) -> Page:
        self.done.append(("queue", (view, wanted, cursor)))
        return Page(items=self.rows, next_cursor="next" if self.rows else None)

    async def counts(self, office: Any, actor: ClerkActor) -> Counts:
        return Counts(mine=1, open=12, station=1000, near=2, over=1)

    async def search(self, office: Any, actor: ClerkActor, text: str) -> list[WorkItemRow]:
        self.done.append(("search", text))
        return self.rows

    async def take_next(self, office: Any, actor: ClerkActor, *, key: str | None = None) -> WorkItemRow | None:
        return None

    async def release(self, office: Any, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
        self.done.append(("release", work_item_id))
        row: WorkItemRow = self.detail.row
        return row

    async def seen_by(self, office: Any, actor: ClerkActor, work_item_id: UUID) -> dict[str, Any]:
        row = self.detail.row
        return {"role": "pre_reviewer", "jurisdiction": row.jurisdiction, "candidates": ["clerk-2"]}

    def work_item_row(self, office: Any, actor: ClerkActor, record: Any) -> WorkItemRow:
        row: WorkItemRow = self.detail.row
        return row

    async def colleagues_of(self, office: Any, actor: ClerkActor) -> list[Colleague]:
        return COLLEAGUES[:1]

    async def colleagues_for(self, office: Any, actor: ClerkActor, work_item_id: UUID) -> list[Colleague]:
        return COLLEAGUES

    async def hand_over(self, office: Any, actor: ClerkActor, work_item_id: UUID, to: str, note: str = "") -> WorkItemRow:
        return await self._act("hand_over", (work_item_id, to, note), to)

    async def offer(self, office: Any, actor: ClerkActor, work_item_id: UUID, to: Any) -> WorkItemRow:
        return await self._act("offer", (work_item_id, list(to)))

    async def refuse(self, office: Any, actor: ClerkActor, work_item_id: UUID) -> WorkItemRow:
        return await self._act("refuse", work_item_id)

    async def set_priority(self, office: Any, actor: ClerkActor, work_item_id: UUID, priority: Any, reason: str) -> WorkItemRow:
        if not reason:
            raise InvalidInput(fields=[FieldError(path="/reason", text=said("请写明调整优先级的理由", "Say why"))])
        return await self._act("set_priority", (work_item_id, int(priority), reason))

    async def _act(self, act: str, what: Any, to: str = "somebody") -> WorkItemRow:
        if not to:
            raise InvalidInput(fields=[FieldError(path="/to", text=said("请选择接收人员", "Choose a colleague"))])
        self.done.append((act, what))
        row: WorkItemRow = self.detail.row
        return row

    async def release_many(self, office: Any, actor: ClerkActor, work_item_ids: Any) -> list[BulkResult]:
        return self._many("release_many", list(work_item_ids))

    async def hand_over_many(self, office: Any, actor: ClerkActor, work_item_ids: Any, to: str, note: str = "") -> list[BulkResult]:
        if not to:
            raise InvalidInput(fields=[FieldError(path="/to", text=said("请选择接收人员", "Choose a colleague"))])
        return self._many("hand_over_many", list(work_item_ids))

    def _many(self, act: str, items: list[UUID]) -> list[BulkResult]:
        if not items:
            raise InvalidInput(fields=[FieldError(path="/items", text=said("请勾选待办", "Mark some work"))])
        self.done.append((act, items))
        problems = [None, *[WorkItemNotClaimed.default] * (len(items) - 1)]
        return [
            BulkResult(work_item_id=i, acceptance_number=str(i.int)[-20:], problem=problem)
            for i, problem in zip(items, problems, strict=True)
        ]

    # at hand
    async def unread(self, office: Any, actor: ClerkActor) -> int:
        return 3

    async def clerk_notices(self, office: Any, actor: ClerkActor, cursor: str | None = None) -> Page:
        told = [
            NoticeView(
                id=UUID(int=KEPT.int + n),
                kind="due_tomorrow",
                text=said("33030020261121000123 明天到期", "33030020261121000123 is due tomorrow"),
                acceptance_number="33030020261121000123",
                work_item_id=KEPT,
                inquiry_id=None,
                at=NOW - timedelta(hours=n),
                read=n > 0,
            )
            for n in range(2)
        ]
        return Page(items=told if self.rows else [], next_cursor="next" if self.rows else None)

    async def mark_read(self, office: Any, actor: ClerkActor, notice_ids: Any = None) -> None:
        self.done.append(("mark_read", notice_ids))

    async def templates(self, office: Any, actor: ClerkActor, kind: StepKind | None = None) -> list[TemplateView]:
        kept = {"kind": StepKind.PRE_REVIEW, "outcome": "supplement", "title": "材料不清", "text": "照片不清晰，请在光线充足处重拍。"}
        own = TemplateView(id=KEPT, owner="mine", may_edit=True, **kept)
        return [own, TemplateView(id=UUID(int=KEPT.int + 1), owner="station", may_edit=False, **kept)] if self.rows else []

    async def save_template(self, office: Any, actor: ClerkActor, template_id: UUID | None, **row: Any) -> UUID:
        if not row["title"]:
            raise InvalidInput(fields=[FieldError(path="/title", text=said("此项不能为空", "This must not be empty"))])
        self.done.append(("save_template", row))
        return KEPT

    async def drop_template(self, office: Any, actor: ClerkActor, template_id: UUID) -> None:
        self.done.append(("drop_template", template_id))

    async def views(self, office: Any, actor: ClerkActor) -> list[SavedView]:
        wanted = QueueFilter(service_item="name-change", kind=StepKind.PRE_REVIEW)
        return [SavedView(id=KEPT, name="姓名变更", view=View.STATION, filter=wanted)] if self.rows else []

    async def save_view(self, office: Any, actor: ClerkActor, name: str, view: View, wanted: QueueFilter) -> None:
        if not name:
            raise InvalidInput(fields=[FieldError(path="/name", text=said("此项不能为空", "This must not be empty"))])
        self.done.append(("save_view", (name, view, wanted)))

    async def drop_view(self, office: Any, actor: ClerkActor, view_id: UUID) -> None:
        self.done.append(("drop_view", view_id))

    # absence
    async def delegations(self, office: Any, actor: ClerkActor) -> list[DelegationView]:
        away = DelegationView(
            id=KEPT,
            from_clerk="clerk-1",
            from_name="周明",
            to_clerk="clerk-2",
            to_name="李娜",
            begins_at=NOW,
            ends_at=NOW + timedelta(days=5),
            reason="年休假",
            state="lasting",
            may_end=True,
        )
        return [away] if self.rows else []

    async def may_be_absent(self, office: Any, actor: ClerkActor) -> list[Colleague]:
        return [Colleague(id=actor.clerk_id, name=actor.name, station=actor.scope.station)]

    async def may_stand_in(self, office: Any, actor: ClerkActor) -> list[Colleague]:
        return COLLEAGUES

    async def delegate(self, office: Any, actor: ClerkActor, **row: Any) -> UUID:
        if not row["reason"]:
            raise InvalidInput(fields=[FieldError(path="/reason", text=said("请写明事由，如休假、培训", "Say why"))])
        self.done.append(("delegate", row))
        return KEPT

    async def end_early(self, office: Any, actor: ClerkActor, delegation_id: UUID) -> None:
        self.done.append(("end_early", delegation_id))


# Use cases whose names mean something else on another module carry another name here.
QUEUE_PARTS: dict[Any, dict[str, str]] = {
    queueing: {name: name for name in ("queue", "counts", "search", "take_next", "release", "seen_by", "work_item_row")},
    handing_on: {
        name: name
        for name in (
            "colleagues_of",
            "colleagues_for",
            "hand_over",
            "offer",
            "refuse",
            "set_priority",
            "release_many",
            "hand_over_many",
        )
    },
    at_hand: {
        **{
            name: name for name in ("unread", "mark_read", "templates", "save_template", "drop_template", "views", "save_view", "drop_view")
        },
        "notices": "clerk_notices",
    },
    standing_in: {name: name for name in ("delegations", "may_be_absent", "may_stand_in", "delegate", "end_early")},
}
