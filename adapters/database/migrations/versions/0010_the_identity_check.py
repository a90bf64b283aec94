"""Ways to show oneself, what a clip is known by, and clips that are kept until the decision"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("challenges", sa.Column("way", sa.Text(), nullable=False, server_default="code_and_turn"))
    op.alter_column("challenges", "way", server_default=None)
    op.add_column("challenges", sa.Column("movements_box", sa.LargeBinary(), nullable=True))
    op.add_column("challenges", sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("identity_clips", sa.Column("stated_seconds", sa.Float(), nullable=True))
    op.create_table(
        "clip_prints",
        sa.Column("clip_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"]),
        sa.PrimaryKeyConstraint("clip_id"),
    )
    op.create_index(op.f("ix_clip_prints_person_id"), "clip_prints", ["person_id"])
    op.create_index(op.f("ix_clip_prints_made_at"), "clip_prints", ["made_at"])
    op.create_table(
        "clip_uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("challenge_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("stated_seconds", sa.Float(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clip_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_clip_uploads_application_id"), "clip_uploads", ["application_id"])
    op.create_index(op.f("ix_clip_uploads_began_at"), "clip_uploads", ["began_at"])
    op.create_table(
        "guardian_consents",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"]),
        sa.PrimaryKeyConstraint("application_id"),
    )
    # Until now a clip went with its verdict: those that are still to go are the ones not marked.
    op.create_index("identity_clips_kept", "identity_clips", ["received_at"], postgresql_where=sa.text("deleted_at is null"))


def downgrade() -> None:
    op.drop_index("identity_clips_kept", "identity_clips")
    for table in ("guardian_consents", "clip_uploads", "clip_prints"):
        op.drop_table(table)
    op.drop_column("identity_clips", "stated_seconds")
    for column in ("shown_at", "movements_box", "way"):
        op.drop_column("challenges", column)
