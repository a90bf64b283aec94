"""Notices that cannot be sent, and an outbox by channel"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("not_sent", sa.Text(), nullable=True))
    op.drop_index("notices_unsent", table_name="notices")
    op.create_index(
        "notices_unsent",
        "notices",
        ["channel", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("sent_at is null and not_sent is null"),
    )


def downgrade() -> None:
    op.drop_index("notices_unsent", table_name="notices")
    op.create_index("notices_unsent", "notices", ["next_try_at"], unique=False, postgresql_where=sa.text("sent_at is null"))
    op.drop_column("notices", "not_sent")
