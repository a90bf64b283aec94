"""Counting reads indexes alone: the queue's views, the board, and the visits that figures ask for"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import TextClause

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_LIVE = "status in ('open', 'claimed')"
_TO_TAKE = "status = 'open' and paused_at is null"
_OPEN = "ended_at is null"
_COUNTY = "left(station, 6)"
_SEEN = ("status", "paused_at", "claimed_by", "investigation_id", "candidates")
# What they are found and ordered by stays; what a count looks at beside it comes along, so that no row is fetched.
_QUEUE = (
    ("work_items_to_take", ("role", "jurisdiction"), ("candidates",), _TO_TAKE),
    ("work_items_to_take_in_county", ("county", "role"), ("candidates",), _TO_TAKE),
    ("work_items_of_station", ("jurisdiction", "role"), (*_SEEN, "claimed_at", "opened_at"), _LIVE),
    ("work_items_of_county", ("county", "role"), _SEEN, _LIVE),
)
_CASES = (
    ("applications_open", ("status", "opened_at"), _OPEN),
    ("applications_promised", ("promised_due_at",), f"{_OPEN} and promised_due_at is not null"),
    ("applications_legal", ("legal_due_at",), f"{_OPEN} and legal_due_at is not null"),
)


def upgrade() -> None:
    for name, columns, seen, where in _QUEUE:
        _anew(name, "work_items", [*columns, sa.text("priority desc"), "due_at", "id"], where, seen)
    for name, ordered, where in _CASES:
        # Of an expression alone no count is read: the column it is made of has to be there.
        _anew(name, "applications", [sa.text(_COUNTY), *ordered], where, ("station",))
    op.create_index(
        "work_items_visits",
        "work_items",
        ["application_id"],
        postgresql_where=sa.text("kind in ('counter_check', 'identity_check', 'collection') and status = 'completed'"),
    )
    # The statistics of a partial index are not asked, and without any a county is taken for one case in two hundred.
    op.execute(f"create statistics applications_by_county on ({_COUNTY}) from applications")
    op.execute("analyze applications")


def downgrade() -> None:
    op.execute("drop statistics applications_by_county")
    op.drop_index("work_items_visits", "work_items")
    for name, ordered, where in _CASES:
        _anew(name, "applications", [sa.text(_COUNTY), *ordered], where)
    for name, columns, _, where in _QUEUE:
        _anew(name, "work_items", [*columns, sa.text("priority desc"), "due_at", "id"], where)


def _anew(name: str, table: str, columns: list[str | TextClause], where: str, seen: tuple[str, ...] = ()) -> None:
    op.drop_index(name, table_name=table)
    op.create_index(name, table, columns, postgresql_where=sa.text(where), postgresql_include=list(seen))
