"""The queue: ordered by priority and limit, by item and by name, and held in an absent colleague's place"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_LIVE = "status in ('open', 'claimed')"
_TO_TAKE = "status = 'open' and paused_at is null"
_HELD = "status = 'claimed'"
_BEFORE = ("work_items_to_take", "work_items_of_station", "work_items_of_county", "work_items_held", "ix_work_items_status")
_NOW = (
    ("work_items_to_take", ("role", "jurisdiction"), _TO_TAKE),
    ("work_items_to_take_in_county", ("county", "role"), _TO_TAKE),
    ("work_items_of_station", ("jurisdiction", "role"), _LIVE),
    ("work_items_of_county", ("county", "role"), _LIVE),
    ("work_items_of_item", ("jurisdiction", "role", "service_item"), _LIVE),
    ("work_items_of_item_in_county", ("county", "role", "service_item"), _LIVE),
    ("work_items_held", ("claimed_by",), _HELD),
    ("work_items_held_for", ("held_for",), f"{_HELD} and held_for is not null"),
)
_COPY = """
create function work_item_copies() returns trigger language plpgsql as $$
begin
    select a.service_item, a.name_index into new.service_item, new.name_index
    from public.applications a where a.id = new.application_id;
    return new;
end
$$
"""


def upgrade() -> None:
    op.add_column("applications", sa.Column("name_index", sa.LargeBinary(), nullable=True))
    op.add_column("work_items", sa.Column("held_for", sa.Text(), nullable=True))
    op.add_column("work_items", sa.Column("claim_key", sa.Text(), nullable=True))
    op.add_column("work_items", sa.Column("service_item", sa.Text(), nullable=True))
    op.add_column("work_items", sa.Column("name_index", sa.LargeBinary(), nullable=True))
    op.execute("update work_items w set service_item = a.service_item from applications a where a.id = w.application_id")
    op.execute(_COPY)
    op.execute("create trigger copies before insert on work_items for each row execute function work_item_copies()")
    for name in _BEFORE:
        op.drop_index(name, table_name="work_items")
    for name, columns, where in _NOW:
        order = [*columns, sa.literal_column("priority desc"), "due_at", "id"]
        op.create_index(name, "work_items", order, unique=False, postgresql_where=sa.text(where))
    op.create_index("work_items_by_name", "work_items", ["name_index", "county"], unique=False, postgresql_where=sa.text(_LIVE))
    # One county's approvals are no stations', and a pre-reviewer's work lies at stations: taken apart, estimates go wrong.
    op.execute("create statistics work_items_spread (mcv, dependencies) on jurisdiction, county, role, status from work_items")
    op.create_index("staff_notices_of_clerk", "staff_notices", ["clerk_id", "at"], unique=False)


def downgrade() -> None:
    op.execute("drop statistics work_items_spread")
    op.drop_index("staff_notices_of_clerk", "staff_notices")
    for name in ("work_items_by_name", *(name for name, _, _ in _NOW)):
        op.drop_index(name, table_name="work_items")
    op.execute("drop trigger copies on work_items")
    op.execute("drop function work_item_copies()")
    for column in ("name_index", "service_item", "claim_key", "held_for"):
        op.drop_column("work_items", column)
    op.drop_column("applications", "name_index")
    op.create_index("ix_work_items_status", "work_items", ["status"])
    op.create_index("work_items_held", "work_items", ["claimed_by", "due_at", "id"], postgresql_where=sa.text(_HELD))
    op.create_index("work_items_of_county", "work_items", ["county", "role", "due_at", "id"], postgresql_where=sa.text(_LIVE))
    op.create_index("work_items_of_station", "work_items", ["jurisdiction", "role", "due_at", "id"], postgresql_where=sa.text(_LIVE))
    op.create_index(
        "work_items_to_take",
        "work_items",
        ["role", "jurisdiction", sa.literal_column("priority desc"), "due_at", "id"],
        postgresql_where=sa.text(_TO_TAKE),
    )
