"""Supervision: what the board, the odd patterns and the figures read is found by an index"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import TextClause

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OPEN = "ended_at is null"
_COUNTY = "left(station, 6)"
_LIVE = "status in ('open', 'claimed')"


def upgrade() -> None:
    _partial("applications_open", "applications", [sa.text(_COUNTY), "status", "opened_at"], _OPEN)
    _partial("applications_promised", "applications", [sa.text(_COUNTY), "promised_due_at"], f"{_OPEN} and promised_due_at is not null")
    _partial("applications_legal", "applications", [sa.text(_COUNTY), "legal_due_at"], f"{_OPEN} and legal_due_at is not null")
    _partial("applications_machine_awaited", "applications", ["status", "updated_at"], f"{_OPEN} and status in ('gathering', 'issuing')")
    _partial("applications_led_lately", "applications", ["updated_at"], "address_index is not null")
    _partial("applications_ended", "applications", ["ended_at"], "ended_at is not null")
    _partial("work_items_approved", "work_items", ["closed_at"], "outcome = 'approve'")
    _partial("work_items_late", "work_items", ["due_at"], f"{_LIVE} and paused_at is null")
    _partial("work_items_waiting", "work_items", ["opened_at"], "status = 'open' and paused_at is null")
    _partial("identity_clips_failed", "identity_clips", ["received_at"], "(verdict->'verdict'->>'passed') = 'false'")
    _partial("events_supplements", "events", ["at"], "event = 'supplement_asked'")
    _partial("inquiries_due", "inquiries", ["due_at"], "closed_at is null")
    op.create_index("ratings_at", "ratings", ["at"])
    # Answers come in the order of their time, and the table only grows: a few pages instead of a tree beside it.
    op.create_index("evidence_fetched", "evidence", ["fetched_at"], postgresql_using="brin", postgresql_with={"autosummarize": "on"})


def _partial(name: str, table: str, columns: list[str | TextClause], where: str) -> None:
    op.create_index(name, table, columns, postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, table in _INDEXES:
        op.drop_index(name, table)


_INDEXES = (
    ("evidence_fetched", "evidence"),
    ("ratings_at", "ratings"),
    ("inquiries_due", "inquiries"),
    ("events_supplements", "events"),
    ("identity_clips_failed", "identity_clips"),
    ("work_items_waiting", "work_items"),
    ("work_items_late", "work_items"),
    ("work_items_approved", "work_items"),
    ("applications_ended", "applications"),
    ("applications_led_lately", "applications"),
    ("applications_machine_awaited", "applications"),
    ("applications_legal", "applications"),
    ("applications_promised", "applications"),
    ("applications_open", "applications"),
)
