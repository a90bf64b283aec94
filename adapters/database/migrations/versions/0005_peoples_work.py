"""People's work: clocks, questions, investigations, appointments, fees, parcels, ratings, inquiries, and who may not handle what"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", "county"),
    )
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("callbacks_once", "callbacks", ["provider", "event_id"], unique=True, postgresql_where=sa.text("accepted"))
    op.create_index("ix_callbacks_received_at", "callbacks", ["received_at"], unique=False)
    op.create_table(
        "office_hours",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("station", "weekday", "opens"),
    )
    op.create_table(
        "reason_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reason_templates_owner", "reason_templates", ["owner"], unique=False)
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clerk_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clerk_id", "name"),
    )
    op.create_index("ix_saved_views_clerk_id", "saved_views", ["clerk_id"], unique=False)
    op.create_table(
        "staff_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clerk_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", postgresql.JSONB(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("work_item_id", sa.Uuid(), nullable=True),
        sa.Column("inquiry_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clerk_id", "key"),
    )
    op.create_index("staff_notices_unread", "staff_notices", ["clerk_id", "at"], unique=False, postgresql_where=sa.text("read_at is null"))
    op.create_table(
        "clerk_kin",
        sa.Column("clerk_id", sa.Text(), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clerk_id"],
            ["clerks.id"],
        ),
        sa.PrimaryKeyConstraint("clerk_id", "person_index"),
    )
    op.create_table(
        "delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_clerk", sa.Text(), nullable=False),
        sa.Column("to_clerk", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_early_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["from_clerk"],
            ["clerks.id"],
        ),
        sa.ForeignKeyConstraint(
            ["to_clerk"],
            ["clerks.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delegations_from_clerk", "delegations", ["from_clerk"], unique=False)
    op.create_index("ix_delegations_to_clerk", "delegations", ["to_clerk"], unique=False)
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "appointments_taken", "appointments", ["station", "starts_at", "seat"], unique=True, postgresql_where=sa.text("status = 'booked'")
    )
    op.create_index("ix_appointments_application_id", "appointments", ["application_id"], unique=False)
    op.create_table(
        "case_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("clerk_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_box", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_notes_application_id", "case_notes", ["application_id"], unique=False)
    op.create_table(
        "case_people",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("application_id", "person_index"),
    )
    op.create_index("ix_case_people_person_index", "case_people", ["person_index"], unique=False)
    op.create_table(
        "counter_visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("clerk_id", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_counter_visits_application_id", "counter_visits", ["application_id"], unique=False)
    op.create_table(
        "inquiries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("clerk_id", sa.Text(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("finding_box", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("inquiries_open", "inquiries", ["county", "opened_at"], unique=False, postgresql_where=sa.text("closed_at is null"))
    op.create_index("ix_inquiries_application_id", "inquiries", ["application_id"], unique=False)
    op.create_table(
        "investigations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("work_item_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason_box", sa.LargeBinary(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("finding_box", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_investigations_application_id", "investigations", ["application_id"], unique=False)
    op.create_table(
        "parcels",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("order_id"),
        sa.UniqueConstraint("tracking_number"),
    )
    op.create_index("ix_parcels_application_id", "parcels", ["application_id"], unique=False)
    op.create_table(
        "payments",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fen", sa.Integer(), nullable=False),
        sa.Column("pay_url", sa.Text(), nullable=True),
        sa.Column("receipt_number", sa.Text(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("order_id"),
        sa.UniqueConstraint("application_id"),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("work_item_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_box", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_box", sa.LargeBinary(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_questions_application_id", "questions", ["application_id"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("grade", sa.SmallInteger(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("comment_box", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("application_id"),
    )
    op.create_table(
        "signatures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clerk_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["applications.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_signatures_application_id", "signatures", ["application_id"], unique=False)
    op.create_table(
        "inquiry_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inquiry_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text_box", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inquiry_id"],
            ["inquiries.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_inquiry_entries_inquiry_id", "inquiry_entries", ["inquiry_id"], unique=False)
    op.add_column("applications", sa.Column("email_box", sa.LargeBinary(), nullable=True))
    op.add_column("applications", sa.Column("filed_by", sa.Text(), nullable=True))
    op.add_column("applications", sa.Column("filed_at", sa.Text(), nullable=True))
    op.add_column("applications", sa.Column("promised_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("applications", sa.Column("legal_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("applications", sa.Column("address_index", sa.LargeBinary(), nullable=True))
    op.alter_column("applications", "phone_box", existing_type=postgresql.BYTEA(), nullable=True)
    op.alter_column("applications", "phone_index", existing_type=postgresql.BYTEA(), nullable=True)
    op.create_index("ix_applications_address_index", "applications", ["address_index"], unique=False)
    op.add_column("clerks", sa.Column("leads", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("clerks", sa.Column("person_index", sa.LargeBinary(), nullable=True))
    op.add_column("clerks", sa.Column("person_box", sa.LargeBinary(), nullable=True))
    op.create_index("ix_clerks_person_index", "clerks", ["person_index"], unique=False)
    op.add_column("materials", sa.Column("origin", sa.Text(), server_default="applicant", nullable=False))
    op.add_column("notices", sa.Column("channel", sa.Text(), server_default="sms", nullable=False))
    op.add_column("notices", sa.Column("subject", postgresql.JSONB(), nullable=True))
    op.add_column("persons", sa.Column("email_box", sa.LargeBinary(), nullable=True))
    op.add_column("persons", sa.Column("seen_at_counter", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_items", sa.Column("county", sa.Text(), sa.Computed("left(jurisdiction, 6)", persisted=True), nullable=True))
    op.add_column("work_items", sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("work_items", sa.Column("candidates", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("work_items", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_items", sa.Column("clock", postgresql.JSONB(), nullable=True))
    op.add_column("work_items", sa.Column("escalation", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("work_items", sa.Column("investigation_id", sa.Uuid(), nullable=True))
    op.add_column("work_items", sa.Column("task", sa.Text(), nullable=True))
    op.add_column("work_items", sa.Column("task_box", sa.LargeBinary(), nullable=True))
    op.drop_index("ix_work_items_claimed_by", table_name="work_items")
    op.drop_index("work_items_queue", table_name="work_items", postgresql_where="(status = ANY (ARRAY['open'::text, 'claimed'::text]))")
    op.create_index("ix_work_items_investigation_id", "work_items", ["investigation_id"], unique=False)
    op.create_index(
        "work_items_held", "work_items", ["claimed_by", "due_at", "id"], unique=False, postgresql_where=sa.text("status = 'claimed'")
    )
    op.create_index(
        "work_items_of_county",
        "work_items",
        ["county", "role", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status in ('open', 'claimed')"),
    )
    op.create_index(
        "work_items_of_station",
        "work_items",
        ["jurisdiction", "role", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status in ('open', 'claimed')"),
    )
    op.create_index(
        "work_items_to_take",
        "work_items",
        ["role", "jurisdiction", sa.literal_column("priority desc"), "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' and paused_at is null"),
    )


def downgrade() -> None:
    """Rows without a phone must be gone first."""
    op.alter_column("applications", "phone_box", nullable=False)
    op.alter_column("applications", "phone_index", nullable=False)
    op.drop_index("ix_applications_address_index", "applications")
    op.drop_index("ix_clerks_person_index", "clerks")
    op.drop_index("ix_work_items_investigation_id", "work_items")
    op.drop_index("work_items_held", "work_items")
    op.drop_index("work_items_of_county", "work_items")
    op.drop_index("work_items_of_station", "work_items")
    op.drop_index("work_items_to_take", "work_items")
    op.create_index("ix_work_items_claimed_by", "work_items", ["claimed_by"])
    op.create_index(
        "work_items_queue",
        "work_items",
        ["role", "jurisdiction", "due_at", "id"],
        postgresql_where=sa.text("status in ('open', 'claimed')"),
    )
    op.drop_column("applications", "email_box")
    op.drop_column("applications", "filed_by")
    op.drop_column("applications", "filed_at")
    op.drop_column("applications", "promised_due_at")
    op.drop_column("applications", "legal_due_at")
    op.drop_column("applications", "address_index")
    op.drop_column("clerks", "leads")
    op.drop_column("clerks", "person_index")
    op.drop_column("clerks", "person_box")
    op.drop_column("materials", "origin")
    op.drop_column("notices", "channel")
    op.drop_column("notices", "subject")
    op.drop_column("persons", "email_box")
    op.drop_column("persons", "seen_at_counter")
    op.drop_column("work_items", "county")
    op.drop_column("work_items", "priority")
    op.drop_column("work_items", "candidates")
    op.drop_column("work_items", "paused_at")
    op.drop_column("work_items", "clock")
    op.drop_column("work_items", "escalation")
    op.drop_column("work_items", "investigation_id")
    op.drop_column("work_items", "task")
    op.drop_column("work_items", "task_box")
    op.drop_table("inquiry_entries")
    op.drop_table("signatures")
    op.drop_table("ratings")
    op.drop_table("questions")
    op.drop_table("payments")
    op.drop_table("parcels")
    op.drop_table("investigations")
    op.drop_table("inquiries")
    op.drop_table("counter_visits")
    op.drop_table("case_people")
    op.drop_table("case_notes")
    op.drop_table("appointments")
    op.drop_table("delegations")
    op.drop_table("clerk_kin")
    op.drop_table("staff_notices")
    op.drop_table("saved_views")
    op.drop_table("reason_templates")
    op.drop_table("office_hours")
    op.drop_table("callbacks")
    op.drop_table("calendar_days")
