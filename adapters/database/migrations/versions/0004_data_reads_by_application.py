"""Who read data for one case is found by the case"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_data_reads_application_id", "data_reads", ["application_id"])


def downgrade() -> None:
    op.drop_index("ix_data_reads_application_id", "data_reads")
