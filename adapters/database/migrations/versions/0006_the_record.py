"""The record: every change, decision and look as an entry of a chain, under signed heads; tables that only grow"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ONLY_GROW = ("record_entries", "record_heads", "record_members", "events", "data_reads")


def upgrade() -> None:
    _tables()
    for statement in _FUNCTIONS:
        op.execute(statement)
    _enter_what_was_before()
    _enter_from_now_on()
    _refuse_changes()
    op.create_index(
        "clerks_one_administrator",
        "clerks",
        ["person_index"],
        unique=True,
        postgresql_where=sa.text("active and role in ('system_admin', 'security_admin', 'audit_admin')"),
    )


def downgrade() -> None:
    op.drop_index("clerks_one_administrator", "clerks")
    for table in ONLY_GROW:
        op.execute(f"drop trigger only_grows on {table}")
    for table, trigger in (*((t, "record_it") for t in ("events", "data_reads", "sessions")), *((t[0], "record_it") for t in _ROWS)):
        op.execute(f"drop trigger {trigger} on {table}")
    for table in ("record_members", "record_heads", "record_entries"):
        op.drop_table(table)
    for function in _NAMES:
        op.execute(f"drop function {function}")


def _tables() -> None:
    chain = sa.Text(collation="C")  # as bytes, in the order of an export
    op.create_table(
        "record_entries",
        sa.Column("chain", chain, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq"),
        sa.CheckConstraint("chain ~ '^[a-z0-9:-]{1,64}$'", name="record_entries_chain"),
        sa.CheckConstraint("kind ~ '^[a-z_.]{1,64}$'", name="record_entries_kind"),
    )
    op.create_index(
        "record_entries_position",
        "record_entries",
        ["position"],
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
    )
    op.create_table(
        "record_heads",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("chains", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("cut", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
    )
    op.create_table(
        "record_members",
        sa.Column("chain", chain, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq"),
    )
    op.create_index("record_members_of_head", "record_members", ["head", "chain"], unique=True)


# --- how entries are made --------------------------------------------------------------------------------------------

_NAMES = (
    "record_row()",
    "record_event()",
    "record_read()",
    "record_session()",
    "record_cut()",
    "record_append(text, text, jsonb)",
    "record_of_event(events)",
    "chain_of_read(data_reads)",
    "record_of_read(data_reads)",
    "record_body(bytea, text, bigint, timestamptz, text, text)",
    "record_moment(timestamptz)",
    "only_grows()",
)
_FUNCTIONS = (
    """
create function record_moment(moment timestamptz) returns text language sql stable
return to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
""",
    # What is hashed, and what an export shows. Everything before the entry is of fixed form, so nothing can be read in two ways.
    """
create function record_body(prev bytea, chain text, seq bigint, at timestamptz, kind text, entry text) returns text language sql stable
return '{"prev":"' || encode(prev, 'hex') || '","chain":"' || chain || '","seq":' || seq
    || ',"at":"' || public.record_moment(at) || '","kind":"' || kind || '","entry":' || entry || '}'
""",
    # Runs with the owner's rights: nobody else may write an entry. Two that append to one chain at once try for the same number;
    # the second waits for the first at the primary key, and then takes the next.
    """
create function record_append(a_chain text, a_kind text, an_entry jsonb) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
    last_seq bigint;
    last_hash bytea;
    moment timestamptz;
    body text;
begin
    loop
        select e.seq, e.hash into last_seq, last_hash from public.record_entries e where e.chain = a_chain order by e.seq desc limit 1;
        if not found then
            last_seq := 0;
            last_hash := decode(repeat('00', 32), 'hex');
        end if;
        moment := clock_timestamp();
        body := public.record_body(last_hash, a_chain, last_seq + 1, moment, a_kind, an_entry::text);
        insert into public.record_entries (chain, seq, at, kind, entry, hash)
        values (a_chain, last_seq + 1, moment, a_kind, an_entry::text, sha256(convert_to(body, 'UTF8')))
        on conflict (chain, seq) do nothing;
        if found then
            return last_seq + 1;
        end if;
    end loop;
end
$$
""",
    # Texts are sentences of ours and hold nothing personal; their digest binds them all the same.
    """
create function record_of_event(e events) returns jsonb language sql stable
return jsonb_build_object(
    'id', e.id, 'key', e.key, 'at', public.record_moment(e.at), 'event', e.event, 'by', e.by, 'data', e.data, 'result', e.result,
    'text_sha256', encode(sha256(convert_to(e.text::text, 'UTF8')), 'hex')
)
""",
    """
create function record_of_read(r data_reads) returns jsonb language sql stable
return jsonb_build_object(
    'id', r.id, 'key', r.key, 'at', public.record_moment(r.at), 'by', r.by, 'subject', encode(r.subject_index, 'hex'), 'source', r.source,
    'purpose', r.purpose, 'fields', r.fields, 'service_item', r.service_item
)
""",
    # A look that belongs to no case: by the person, so that no chain is everybody's.
    """
create function chain_of_read(r data_reads) returns text language sql stable
return coalesce(r.application_id::text, 'reads:' || encode(substr(r.subject_index, 1, 1), 'hex'))
""",
    """
create function record_event() returns trigger language plpgsql as $$
begin
    perform public.record_append(new.application_id::text, 'event', public.record_of_event(new));
    return null;
end
$$
""",
    """
create function record_read() returns trigger language plpgsql as $$
begin
    perform public.record_append(public.chain_of_read(new), 'read', public.record_of_read(new));
    return null;
end
$$
""",
    # By the last two digits, which are random in an id that begins with the time.
    """
create function record_session() returns trigger language plpgsql as $$
begin
    perform public.record_append(
        'sign-ins:' || encode(substr(sha256(convert_to(new.subject, 'UTF8')), 1, 1), 'hex'),
        'signed_in',
        jsonb_build_object('who', new.kind, 'subject', new.subject, 'at', public.record_moment(new.created_at))
    );
    return null;
end
$$
""",
    # Arguments: the chain (a colon at its end: the row's id follows), what the row is called, its columns.
    """
create function record_row() returns trigger language plpgsql set timezone = 'UTC' as $$
declare
    was jsonb;
    is_now jsonb;
    chain text := tg_argv[0];
begin
    if tg_op <> 'INSERT' then
        select jsonb_object_agg(key, value) into was from jsonb_each(to_jsonb(old)) where key = any (string_to_array(tg_argv[2], ' '));
    end if;
    if tg_op <> 'DELETE' then
        select jsonb_object_agg(key, value) into is_now from jsonb_each(to_jsonb(new)) where key = any (string_to_array(tg_argv[2], ' '));
    end if;
    if was is not distinct from is_now then
        return null;
    end if;
    if right(chain, 1) = ':' then
        chain := chain || coalesce(new.id, old.id);
    end if;
    perform public.record_append(chain, tg_argv[1], jsonb_strip_nulls(jsonb_build_object('was', was, 'is', is_now)));
    return null;
end
$$
""",
    # The place up to which a head may vouch: whoever was writing has ended, and whoever comes now gets a higher number.
    """
create function record_cut() returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '3s' as $$
declare
    place bigint;
begin
    lock table public.record_entries in share mode;
    select case when is_called then last_value else 0 end into place from public.record_entries_position_seq;
    return place;
end
$$
""",
    """
create function only_grows() returns trigger language plpgsql as $$
begin
    raise exception '% is refused: % only grows', tg_op, tg_table_name using errcode = 'insufficient_privilege';
end
$$
""",
    "revoke all on function record_append(text, text, jsonb), record_cut() from public",
)

# Tables of the office itself: chain, kind, columns that are told, what may happen.
_ROWS = (
    ("clerks", "staff", "clerk", "id role county station leads active", "insert or update of role, county, station, leads, active"),
    ("clerk_kin", "staff", "clerk_kin", "clerk_id relation person_index", "insert or update or delete"),
    ("delegations", "staff", "delegation", "id from_clerk to_clerk begins_at ends_at made_by made_at ended_early_at", "insert or update"),
    ("api_clients", "staff", "api_client", "id active", "insert or update of active"),
    ("calendar_days", "calendar", "calendar_day", "day county working set_by set_at", "insert or update or delete"),
    ("office_hours", "calendar", "office_hours", "station weekday opens closes slot_minutes seats", "insert or update or delete"),
    ("published_items", "catalogue", "published_item", "code version digest published_by published_at", "insert or update or delete"),
    (
        "inquiries",
        "inquiry:",
        "inquiry",
        "number pattern application_id clerk_id county station opened_by opened_at owner due_at closed_at closed_by finding",
        "insert or update or delete",
    ),
)


def _enter_what_was_before() -> None:
    """What an older version wrote, in the order in which it was written, as of now: it is vouched for from here on."""
    op.execute(
        """
do $$
declare
    e events;
    r data_reads;
begin
    for e in select * from events order by id loop
        perform record_append(e.application_id::text, 'event', record_of_event(e));
    end loop;
    for r in select * from data_reads order by id loop
        perform record_append(chain_of_read(r), 'read', record_of_read(r));
    end loop;
end
$$
"""
    )


def _enter_from_now_on() -> None:
    """At the end of the transaction: a chain is then held for no longer than the commit takes, and after every row of the case."""
    for table, function in (("events", "record_event()"), ("data_reads", "record_read()"), ("sessions", "record_session()")):
        op.execute(
            f"create constraint trigger record_it after insert on {table} deferrable initially deferred"
            f" for each row execute function {function}"
        )
    for table, chain, kind, columns, when in _ROWS:
        op.execute(
            f"create constraint trigger record_it after {when} on {table} deferrable initially deferred"
            f" for each row execute function record_row('{chain}', '{kind}', '{columns}')"
        )


def _refuse_changes() -> None:
    """A second lock beside privileges: it holds for the tables' owner too."""
    for table in ONLY_GROW:
        op.execute(
            f"create trigger only_grows before update or delete or truncate on {table} for each statement execute function only_grows()"
        )
