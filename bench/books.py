"""The companies' own books beside ours: what moved, how often, and whether both say the same."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg

from bench.audit import Check
from bench.session import bearer
from bench.ways import Way
from settings import Settings

_ONCE = ("fee_due", "fee_paid", "fee_refunded", "posted", "parcel_in_transit", "parcel_delivered", "parcel_returned")


@dataclass(frozen=True)
class Books:
    """Read once everything has ended; cases by id as text."""

    orders: list[dict[str, Any]]  # the payment provider's
    parcels: list[dict[str, Any]]  # the post's
    counts: dict[str, dict[str, int]]  # of call-backs, by company
    payment_rows: list[Mapping[str, Any]]
    parcel_rows: list[Mapping[str, Any]]
    callback_rows: list[Mapping[str, Any]]
    events: list[Mapping[str, Any]]

    @classmethod
    async def opened(cls, settings: Settings, session: aiohttp.ClientSession) -> "Books":
        async def ask(address: str) -> Any:
            while True:  # the companies still err now and then
                async with session.get(address, headers=bearer(settings.registries_token)) as reply:
                    if reply.status == 200:
                        return await reply.json()

        orders, parcels = await ask(f"{settings.payments}/orders"), await ask(f"{settings.post}/parcels")
        payments, post = await ask(f"{settings.payments}/_callbacks"), await ask(f"{settings.post}/_callbacks")
        database = await asyncpg.connect(settings.database)
        try:
            return cls(
                orders["orders"],
                parcels["parcels"],
                {"payments": payments["counts"], "post": post["counts"]},
                await database.fetch("select order_id, application_id, state, receipt_number from payments"),
                await database.fetch("select order_id, application_id, state, tracking_number from parcels"),
                await database.fetch("select provider, event_id, accepted, why from callbacks"),
                await database.fetch("select application_id, event from events where event = any($1)", _ONCE),
            )
        finally:
            await database.close()


def audit_fees(ways: Mapping[str, Way], books: Books) -> list[Check]:
    by_case = {order["order_id"].removeprefix("fee-"): order for order in books.orders}
    moves = {case: Counter(state for state, _ in order["moves"]) for case, order in by_case.items()}
    may_have_none = {case for case, way in ways.items() if way.withdraws == "now"}  # withdrawn before it was placed
    strangers = len((by_case.keys() ^ ways.keys()) - (may_have_none - by_case.keys())) + len(books.orders) - len(by_case)
    charged = sum(_charged_wrongly(ways[case], moved) for case, moved in moves.items() if case in ways)
    given_back = sum(_given_back_wrongly(ways[case], moved) for case, moved in moves.items() if case in ways)
    still_open = sum(order["state"] == "open" for order in books.orders)
    ours = {row["order_id"]: (row["state"], row["receipt_number"]) for row in books.payment_rows}
    theirs = {order["order_id"]: (order["state"], order["receipt_number"]) for order in books.orders}
    total = sum(moves.values(), Counter[str]())
    paid, refunded = total["paid"], total["refunded"]
    return [
        Check("one order a case", f"{len(books.orders)} orders for {len(ways)} cases", strangers),
        Check("nobody is charged twice, or without paying", f"{paid} charges", charged),
        Check("what was paid for nothing is given back, once, and nothing else is", f"{refunded} refunds", given_back),
        Check("no order can still be paid", f"{total['closed']} closed", still_open),
        Check(
            "our book of fees says what the provider's says", f"{len(ours)} rows", sum(ours.get(o) != theirs.get(o) for o in ours | theirs)
        ),
    ]


def _charged_wrongly(way: Way, moved: Counter[str]) -> bool:
    if way.given_back is None:
        return moved["paid"] > 1
    return moved["paid"] != int(way.pays)


def _given_back_wrongly(way: Way, moved: Counter[str]) -> bool:
    expected = moved["paid"] if way.given_back is None else int(way.given_back)
    return moved["refunded"] != expected


def audit_parcels(ways: Mapping[str, Way], books: Books) -> list[Check]:
    per_case = Counter(str(row["application_id"]) for row in books.parcel_rows)
    wrong = sum(per_case[case] != way.parcels for case, way in ways.items())
    theirs = {parcel["order_id"]: (parcel["tracking_number"], parcel["state"]) for parcel in books.parcels}
    ours = {row["order_id"]: (row["tracking_number"], row["state"]) for row in books.parcel_rows}
    states = Counter(parcel["state"] for parcel in books.parcels)
    twice = Counter((row["application_id"], row["event"]) for row in books.events)
    return [
        Check(
            "one parcel a posted case",
            f"{len(books.parcels)} parcels",
            wrong + abs(len(books.parcels) - sum(w.parcels for w in ways.values())),
        ),
        Check("our book of parcels says what the post's says", _listed(states), sum(ours.get(o) != theirs.get(o) for o in ours | theirs)),
        Check("each step of fee and parcel is told once", f"{twice.total()} events", sum(n - 1 for n in twice.values())),
    ]


def audit_callbacks(books: Books) -> list[Check]:
    """That the storm was one is a check too: call-backs that behave prove nothing."""
    total = sum((Counter(counts) for counts in books.counts.values()), Counter[str]())
    taken = [(row["provider"], row["event_id"]) for row in books.callback_rows if row["accepted"]]
    whys = Counter((row["why"] or "").split(":")[0] for row in books.callback_rows if not row["accepted"])
    calm = sum(not total[what] for what in ("lost", "copies", "held", "forged"))
    unanswered = total["forged_unanswered"]  # by a machine that was too busy: recorded or not
    taken_for_genuine = total["forged"] - total["forged_refused"] - unanswered
    unrecorded = max(0, total["forged_refused"] - whys["forged"], whys["forged"] - total["forged"])
    twice = len(taken) - len(set(taken))
    return [
        Check(
            "each call-back that arrived counts once",
            f"{len(taken)} of {total['received']}, {whys['repeated']} repeated",
            abs(len(taken) - total["received"]) + twice + total["given_up"],
        ),
        Check(
            "every forged one is refused, and recorded",
            f"{total['forged']} forged, {total['forged_refused']} refused, {unanswered} unanswered, {whys['forged']} recorded",
            taken_for_genuine + unrecorded,
        ),
        Check("some were lost, repeated, held back and forged", _listed({w: total[w] for w in ("lost", "copies", "held", "forged")}), calm),
    ]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
