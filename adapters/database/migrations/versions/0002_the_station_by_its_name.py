"""The station by its name"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("applications", sa.Column("station_name", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("applications", "station_name")
