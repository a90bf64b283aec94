"""The parts that a clip's upload consists of"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default=sa.text("'[]'"))
    op.add_column("clip_uploads", column)
    op.alter_column("clip_uploads", "parts", server_default=None)


def downgrade() -> None:
    op.drop_column("clip_uploads", "parts")
