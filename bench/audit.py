"""What must be true of every case after a storm: nothing lost, nothing twice, every timeline in order."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
from temporalio.client import Client

from bench.integrator import Caller
from bench.watch import FINAL
from casework.office import SealVerifier
from settings import Settings

# Once a case, at most: what happens to it, by event name.
_ONCE = ("submitted", "identity_passed", "document_issued", "awaiting_counter", "originals_match", "posted", "approved", *sorted(FINAL))


@dataclass(frozen=True)
class Check:
    what: str
    found: str
    violations: int


async def audit(
    settings: Settings, client: Client, session: aiohttp.ClientSession, caller: Caller, seals: SealVerifier, expected: int
) -> list[Check]:
    """Every check with what it found, after all cases have ended."""
    database = await asyncpg.connect(settings.database)
    try:
        return [
            await _cases(database, expected),
            await _workflows(client, expected),
            *await _documents(database, caller, seals),
            *await _messages(database, session, settings),
            *await _timelines(database),
            await _work_items(database),
        ]
    finally:
        await database.close()


async def _cases(database: asyncpg.Connection, expected: int) -> Check:
    rows = await database.fetch("select status, count(*) from applications group by status")
    by_status = {row["status"]: row["count"] for row in rows}
    lost = abs(expected - sum(by_status.values())) + sum(n for status, n in by_status.items() if status != "completed")
    ways = await database.fetch("select delivery, count(*) from applications group by delivery")
    found = f"{_listed(by_status)} ({_listed({row['delivery']: row['count'] for row in ways})})"
    return Check(f"all {expected} applications are there once, and completed", found, lost)


async def _workflows(client: Client, expected: int) -> Check:
    states: Counter[str] = Counter()
    async for execution in client.list_workflows():
        states[execution.status.name.lower() if execution.status else "unknown"] += 1
    wrong = abs(expected - states["completed"]) + sum(n for state, n in states.items() if state != "completed")
    return Check("every workflow is completed", _listed(states), wrong)


async def _documents(database: asyncpg.Connection, caller: Caller, seals: SealVerifier) -> list[Check]:
    rows = await database.fetch(
        "select a.id, d.number from applications a left join documents d on d.application_id = a.id where a.status = 'completed'"
    )
    per_case = Counter(row["id"] for row in rows if row["number"] is not None)
    without = sum(row["number"] is None for row in rows)
    numbers = [row["number"] for row in rows if row["number"] is not None]
    genuine = 0
    for number in numbers:
        try:
            pdf = await caller.file(f"/v1/certificates/{number}/file")
        except aiohttp.ClientError:
            continue
        verdict = seals.verify(pdf)
        genuine += verdict.result == "genuine" and verdict.number == number
    twice = sum(n > 1 for n in per_case.values()) + len(numbers) - len(set(numbers))
    return [
        Check("one document a case, numbers unique", f"{len(numbers)} documents, {twice} twice, {without} missing", twice + without),
        Check("every stored file verifies under its number", f"{genuine} genuine", len(numbers) - genuine),
    ]


async def _messages(database: asyncpg.Connection, session: aiohttp.ClientSession, settings: Settings) -> list[Check]:
    async with session.get(f"{settings.sms}/messages") as reply:
        gateway = await reply.json()
    delivered = gateway["messages"]
    notices = {str(row["id"]): row["sent_at"] for row in await database.fetch("select id, sent_at from notices")}
    twice = sum(n - 1 for n in Counter((m["phone"], m["text"]) for m in delivered).values())
    strangers = sum(m["message_id"] not in notices for m in delivered)
    missing = len(notices.keys() - {m["message_id"] for m in delivered}) + sum(sent is None for sent in notices.values())
    dropped = gateway["duplicates_dropped"]
    return [
        Check("no SMS twice", f"{len(delivered)} delivered, {twice} twice; the gateway dropped {dropped} repeated", twice + strangers),
        Check("every notice was sent", f"{len(notices)} notices, {missing} missing", missing),
    ]


async def _timelines(database: asyncpg.Connection) -> list[Check]:
    rows = await database.fetch("select application_id, key, event from events where event <> 'read' order by application_id, id")
    cases: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        cases.setdefault(row["application_id"], []).append(row)
    keys = sum(len(events) - len({event["key"] for event in events}) for events in cases.values())
    decisions = sum(_decided_wrongly(events) for events in cases.values())
    disorder = [why for events in cases.values() if (why := _disorder([event["event"] for event in events]))]
    return [
        Check("event keys unique", f"{len(rows)} events", keys),
        Check("one decision a round", f"{sum(e['event'] == 'decided' for e in rows)} decisions", decisions),
        Check("every timeline in order", _listed(Counter(disorder)) or "begins with submission, ends with its end", len(disorder)),
    ]


def _decided_wrongly(events: Sequence[Mapping[str, Any]]) -> bool:
    decided = [event["key"] for event in events if event["event"] == "decided"]
    return not decided or len(decided) != len(set(decided))


_BESIDE = frozenset({"notice_sent", "notice_not_sent"})


def _disorder(events: Sequence[str]) -> str:
    """What is wrong with a timeline's order; empty when nothing is."""
    counts = Counter(events)
    for event in _ONCE:
        if counts[event] > 1:
            return f"{event} twice"
    if events[0] != "submitted":
        return "does not begin with its submission"
    shown = [event for event in events if event not in _BESIDE]  # a message may leave after the end
    if shown[-1] not in FINAL:
        return "does not end with its end"
    order = [event for event in events if event in ("identity_passed", "decided", "document_issued")]
    if order != ["identity_passed", "decided", "document_issued"]:
        return f"steps are {' '.join(order)}"
    return ""


async def _work_items(database: asyncpg.Connection) -> Check:
    rows = await database.fetch("select status, count(*) from work_items group by status")
    by_status = {row["status"]: row["count"] for row in rows}
    return Check("no work item left open", _listed(by_status), sum(n for status, n in by_status.items() if status != "completed"))


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
