"""Three administrators: who makes accounts gives no roles, who gives roles makes no accounts, and nobody serves themselves."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pyotp
import pytest
from sqlalchemy import select, update

from adapters.database.tables import clerk_kin, clerks, events, record_entries
from casework import accounts, administering, kin, queueing
from casework.actors import ClerkActor
from casework.administering import NewAccount, Secret
from casework.engine import CaseEngine
from casework.responsible import Operator
from domain.changes import LookUpAnswer
from domain.errors import InvalidInput, NotAllowed, RegistryUnavailable, WrongState
from domain.jurisdiction import ADMINISTRATORS, Role
from domain.service_item import StepKind
from tests.builders import make_id_number
from tests.driving import make_clerk
from tests.filing import Cabinet, some_station
from workflows.prefill import PrefillRequest, PrefillResult

pytestmark = pytest.mark.stack

Act = Callable[[], Awaitable[object]]
_serials = iter(range(1000))


def somebody() -> str:
    """The ID number of a person whom no other test knows."""
    serial = next(_serials)
    return make_id_number(serial, born=f"19{60 + uuid4().int % 39}{1 + uuid4().int % 12:02d}{1 + uuid4().int % 28:02d}")


def new_account(id_number: str | None = None, station: str | None = None, **changes: Any) -> NewAccount:
    station = station or some_station()
    fields = {"login": f"t-{uuid4().hex[:20]}", "name": "李娜", "county": station[:6], "station": station}
    return NewAccount(**fields | {"id_number": id_number or somebody()} | changes)


SYSTEM, SECURITY = make_clerk(Role.SYSTEM_ADMIN), make_clerk(Role.SECURITY_ADMIN)


async def made(cabinet: Cabinet, new: NewAccount | None = None) -> Secret:
    return await administering.make_account(cabinet.office, SYSTEM, new or new_account())


async def appointed(cabinet: Cabinet, role: Role, new: NewAccount | None = None, **others: Any) -> tuple[ClerkActor, Secret]:
    """An account with a role, as its owner acts with it."""
    secret = await made(cabinet, new)
    second = await administering.appoint(cabinet.office, SECURITY, secret.account.id, role, leads=False, **others)
    found = second.account
    clerk = make_clerk(role, station=found.station, county=found.county, clerk_id=found.id)
    return clerk, Secret(found, password=secret.password, totp_secret=second.totp_secret)


async def acts_about(cabinet: Cabinet, clerk_id: str) -> list[str]:
    """Kinds of entries that the record's chain of staff has about an account, in order."""
    query = select(record_entries.c.kind).where(record_entries.c.chain == "staff", record_entries.c.entry.contains(clerk_id))
    async with cabinet.wiring.database.statement() as connection:
        return list((await connection.execute(query.order_by(record_entries.c.seq))).scalars())


# --- from a new account to the first sign-in --------------------------------------------------------------------------


async def test_an_account_can_do_nothing_until_it_has_a_role_and_its_owner_a_password_of_their_own(cabinet: Cabinet) -> None:
    office = cabinet.office
    new = new_account()
    first = await made(cabinet, new)
    assert first.password and not first.account.active and first.account.role is None
    with pytest.raises(InvalidInput):
        await accounts.clerk_sign_in(office, new.login, first.password, "000000")

    second = await administering.appoint(office, SECURITY, first.account.id, Role.PRE_REVIEWER, leads=True)
    assert second.totp_secret and second.password is None and second.account.active and second.account.leads
    totp = pyotp.TOTP(second.totp_secret)
    with pytest.raises(InvalidInput) as refused:
        await accounts.clerk_sign_in(office, new.login, first.password, totp.now())
    assert refused.value.fields[0].text == accounts.FIRST_PASSWORD

    for bad in ("short", first.password, f"{new.login}-and-more"):
        with pytest.raises(InvalidInput) as refused:
            await accounts.choose_password(office, new.login, first.password, totp.now(), bad)
        assert refused.value.fields[0].path == "/chosen"
    await accounts.choose_password(office, new.login, first.password, totp.now(), "a password of my own")
    later = totp.at(int(time.time()) + 30)  # each one-time password works once
    token = await accounts.clerk_sign_in(office, new.login, "a password of my own", later)
    actor = await accounts.clerk_of(office, token)
    assert actor is not None and (actor.scope.role, actor.scope.station) == (Role.PRE_REVIEWER, new.station)
    acts = [kind for kind in await acts_about(cabinet, first.account.id) if kind not in ("clerk", "clerk_kin")]
    assert acts == ["account_made", "role_given", "second_factor_renewed", "password_chosen"]


async def test_what_is_wrong_with_a_new_account_is_said_at_once(cabinet: Cabinet) -> None:
    bad = NewAccount(login="A b", name=" ", county="33", station=None, id_number="330302199001020010")
    with pytest.raises(InvalidInput) as refused:
        await made(cabinet, bad)
    assert [field.path for field in refused.value.fields] == ["/login", "/name", "/county", "/id_number"]
    with pytest.raises(InvalidInput) as refused:
        await made(cabinet, new_account(county="330303", station="330302510000"))
    assert [field.path for field in refused.value.fields] == ["/station"]
    new = new_account()
    await made(cabinet, new)
    with pytest.raises(WrongState):
        await made(cabinet, new_account(login=new.login))


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
async def test_each_act_is_one_administrators(role: Role, cabinet: Cabinet) -> None:
    office, actor = cabinet.office, make_clerk(role)
    account = (await made(cabinet)).account.id
    acts: dict[Role, list[Act]] = {
        Role.SYSTEM_ADMIN: [
            lambda: administering.make_account(office, actor, new_account()),
            lambda: administering.move_account(office, actor, account, name="李", county="330302", station=None),
            lambda: administering.renew_password(office, actor, account),
            lambda: kin.refresh_household(office, actor, account),
        ],
        Role.SECURITY_ADMIN: [
            lambda: administering.appoint(office, actor, account, Role.COUNTER, leads=False),
            lambda: administering.dismiss(office, actor, account),
            lambda: administering.renew_second_factor(office, actor, account),
            lambda: administering.refused(office, actor),
        ],
    }
    for whose, theirs in acts.items():
        if whose is role:
            continue
        for act in theirs:
            with pytest.raises(NotAllowed):
                await act()
    looks: list[Act] = [lambda: administering.accounts(office, actor), lambda: administering.account(office, actor, account)]
    if role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
        assert [await look() for look in looks]
        return
    for look in looks:
        with pytest.raises(NotAllowed):
            await look()


async def test_nobody_gives_takes_or_renews_their_own_not_even_by_another_account_of_theirs(cabinet: Cabinet) -> None:
    me = somebody()
    own, _ = await appointed(cabinet, Role.SECURITY_ADMIN, new_account(me))
    other = (await made(cabinet, new_account(me))).account.id
    for account in (own.clerk_id, other):
        for act in (
            administering.appoint(cabinet.office, own, account, Role.SYSTEM_ADMIN, leads=False),
            administering.dismiss(cabinet.office, own, account),
            administering.renew_second_factor(cabinet.office, own, account),
        ):
            with pytest.raises(NotAllowed):
                await act


async def test_one_person_holds_one_office_and_one_account(cabinet: Cabinet) -> None:
    person = somebody()
    holder, _ = await appointed(cabinet, Role.AUDIT_ADMIN, new_account(person))
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.COUNTER):
        second = (await made(cabinet, new_account(person))).account.id
        with pytest.raises(WrongState):
            await administering.appoint(cabinet.office, SECURITY, second, role, leads=False)
    await administering.dismiss(cabinet.office, SECURITY, holder.clerk_id)
    assert (await administering.appoint(cabinet.office, SECURITY, second, Role.SYSTEM_ADMIN, leads=False)).account.active


async def test_of_two_offices_given_to_one_person_at_the_same_moment_one_is_refused(cabinet: Cabinet) -> None:
    person = somebody()
    both = [(await made(cabinet, new_account(person))).account.id for _ in range(2)]
    offices = (Role.SYSTEM_ADMIN, Role.AUDIT_ADMIN)
    given = await asyncio.gather(
        *(administering.appoint(cabinet.office, SECURITY, a, r, leads=False) for a, r in zip(both, offices, strict=True)),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, WrongState) for one in given) == [False, True]


async def test_an_administrator_is_somebody_known_and_leads_no_team(cabinet: Cabinet) -> None:
    clerk_id = await accounts.add_clerk(
        cabinet.office,
        accounts.NewClerk(login=f"t-{uuid4()}", name="无名", role=Role.COUNTER, county="330302"),
        password="a password of tests",
        totp_secret=pyotp.random_base32(),
    )
    with pytest.raises(WrongState):
        await administering.appoint(cabinet.office, SECURITY, clerk_id, Role.AUDIT_ADMIN, leads=False)
    account = (await made(cabinet)).account.id
    assert not (await administering.appoint(cabinet.office, SECURITY, account, Role.CATALOGUE_EDITOR, leads=True)).account.leads


# --- taking a role, moving --------------------------------------------------------------------------------------------


async def holding(cabinet: Cabinet) -> tuple[ClerkActor, Any, Any]:
    """A clerk with a held work item and its case."""
    station = some_station()
    clerk, _ = await appointed(cabinet, Role.PRE_REVIEWER, new_account(station=station))
    case = await cabinet.case(station)
    item = await cabinet.work_item(case, StepKind.PRE_REVIEW, Role.PRE_REVIEWER)
    await queueing.claim(cabinet.office, clerk, item)
    return clerk, case, item


async def test_who_is_dismissed_is_signed_out_and_what_they_held_is_everybodys_again(cabinet: Cabinet) -> None:
    clerk, case, item = await holding(cabinet)
    office = cabinet.office
    token = await accounts._open_session(office, "clerk", clerk.clerk_id, timedelta(hours=1))
    assert await accounts.clerk_of(office, token) is not None
    assert (await administering.account(office, SECURITY, clerk.clerk_id)).held == 1

    assert await administering.dismiss(office, SECURITY, clerk.clerk_id) == 1

    assert await accounts.clerk_of(office, token) is None
    record = await office.desk.work_item(item)
    assert (record["status"], record["claimed_by"]) == ("open", None)
    query = select(events.c.data).where(events.c.application_id == case, events.c.event == "work_item_released")
    async with cabinet.wiring.database.statement() as connection:
        said = (await connection.execute(query)).scalars().all()
    assert [(data["work_item"], data["clerk"], data["why"]) for data in said] == [(str(item), clerk.clerk_id, "account")]


async def test_who_moves_to_another_station_leaves_their_work_behind(cabinet: Cabinet) -> None:
    clerk, _, item = await holding(cabinet)
    place = some_station()
    await administering.move_account(cabinet.office, SYSTEM, clerk.clerk_id, name="李娜娜", county=place[:6], station=place)
    moved = await administering.account(cabinet.office, SYSTEM, clerk.clerk_id)
    assert (moved.name, moved.station, moved.held, moved.active) == ("李娜娜", place, 0, True)
    assert (await cabinet.office.desk.work_item(item))["status"] == "open"


async def test_a_renewed_password_is_a_first_one_and_a_renewed_second_factor_replaces_the_old(cabinet: Cabinet) -> None:
    clerk, first = await appointed(cabinet, Role.COUNTER)
    office = cabinet.office
    assert first.password and first.totp_secret
    renewed = await administering.renew_password(office, SYSTEM, clerk.clerk_id)
    factor = await administering.renew_second_factor(office, SECURITY, clerk.clerk_id)
    assert renewed.password != first.password and renewed.totp_secret is None
    assert factor.totp_secret != first.totp_secret and factor.password is None
    assert factor.totp_secret and renewed.password
    with pytest.raises(InvalidInput):
        await accounts.choose_password(office, first.account.login, renewed.password, pyotp.TOTP(first.totp_secret).now(), "my own words")
    await accounts.choose_password(office, first.account.login, renewed.password, pyotp.TOTP(factor.totp_secret).now(), "my own words")
    assert not (await administering.account(office, SYSTEM, clerk.clerk_id)).first_password


async def test_refused_sign_ins_are_shown_by_account_and_guesses_by_number_only(cabinet: Cabinet) -> None:
    _, secret = await appointed(cabinet, Role.COUNTER)
    office = cabinet.office
    for login in (secret.account.login, f"nobody-{uuid4()}"):
        with pytest.raises(InvalidInput):
            await accounts.clerk_sign_in(office, login, "a guess", "000000")
    shown = await administering.refused(office, SECURITY)
    assert shown.sign_ins[0]["login"] == secret.account.login
    assert shown.guessed >= 1 and shown.guesses >= shown.guessed
    assert "nobody-" not in str(shown)


# --- the first of them ------------------------------------------------------------------------------------------------


async def test_the_first_administrator_of_a_role_is_made_at_the_machine_once(cabinet: Cabinet) -> None:
    office, operator = cabinet.office, Operator("tester")
    role = Role.SECURITY_ADMIN
    async with cabinet.wiring.database.statement() as connection:
        query = update(clerks).where(clerks.c.role == role.value, clerks.c.active).values(active=False).returning(clerks.c.id)
        asleep = list((await connection.execute(query)).scalars())
    try:
        three = await asyncio.gather(
            *(administering.first_administrator(office, operator, role, new_account(station=None)) for _ in range(3)),
            return_exceptions=True,
        )
        (secret,) = [one for one in three if isinstance(one, Secret)]
        assert sum(isinstance(one, WrongState) for one in three) == 2
        assert secret.password and secret.totp_secret and secret.account.role is role and secret.account.active
        assert {"account_made", "first_administrator"} <= set(await acts_about(cabinet, secret.account.id))
    finally:
        async with cabinet.wiring.database.statement() as connection:
            await connection.execute(update(clerks).where(clerks.c.role == role.value).values(active=False))
            await connection.execute(update(clerks).where(clerks.c.id.in_(asleep)).values(active=True))
    with pytest.raises(InvalidInput):
        await administering.first_administrator(office, operator, Role.COUNTER, new_account())


# --- households -------------------------------------------------------------------------------------------------------


class Register(CaseEngine):
    """The population registry, in memory; `asked` keeps each question."""

    def __init__(self, households: dict[str, list[str]]) -> None:
        self.households = households
        self.asked: list[PrefillRequest] = []

    async def prefill(self, request: PrefillRequest) -> PrefillResult:
        self.asked.append(request)
        if request.id_number not in self.households:
            return PrefillResult(answers=[], failed=request.sources)
        members = [{"id_number": number, "name": "人", "relation": "other"} for number in self.households[request.id_number]]
        answer = LookUpAnswer(source=kin.REGISTRY, found=True, record={"household_members": members})
        return PrefillResult(answers=[answer], failed=[])


async def kin_of(cabinet: Cabinet, clerk_id: str) -> dict[bytes, str]:
    async with cabinet.wiring.database.statement() as connection:
        rows = await connection.execute(select(clerk_kin).where(clerk_kin.c.clerk_id == clerk_id))
        return {bytes(row.person_index): row.relation for row in rows}


async def test_a_household_is_known_by_hashes_replaced_when_it_changes_and_kept_while_the_registry_is_away(cabinet: Cabinet) -> None:
    me, wife, son, mother = (somebody() for _ in range(4))
    clerk, _ = await appointed(cabinet, Role.APPROVER, new_account(me))
    index, personnel, now = cabinet.wiring.database.index, cabinet.office.personnel, cabinet.office.now
    assert await kin_of(cabinet, clerk.clerk_id) == {index(me): "self"}
    register = Register({me: [me, wife, son]})
    assert await kin.read_household(personnel, register, clerk.clerk_id, now) == 2
    assert await kin_of(cabinet, clerk.clerk_id) == {index(me): "self", index(wife): "household", index(son): "household"}
    assert register.asked[0].fields == {kin.REGISTRY: ["household_members"]} and register.asked[0].by == "recusal"

    register.households[me] = [me, wife, mother]
    await kin.read_household(personnel, register, clerk.clerk_id, now)
    assert await kin_of(cabinet, clerk.clerk_id) == {index(me): "self", index(wife): "household", index(mother): "household"}
    del register.households[me]
    with pytest.raises(RegistryUnavailable):
        await kin.read_household(personnel, register, clerk.clerk_id, now)
    shown = await administering.account(cabinet.office, SYSTEM, clerk.clerk_id)
    assert shown.kin == 2 and shown.kin_read_at is not None


async def test_households_are_read_when_an_account_is_new_and_again_after_a_month(cabinet: Cabinet) -> None:
    me, admin = somebody(), somebody()
    clerk, _ = await appointed(cabinet, Role.APPROVER, new_account(me))
    await appointed(cabinet, Role.AUDIT_ADMIN, new_account(admin))
    personnel, now = cabinet.office.personnel, cabinet.office.now
    due = await personnel.kin_read_before(now() - kin.READ_AGAIN_AFTER, limit=1000)
    assert clerk.clerk_id in due
    await kin.read_household(personnel, Register({me: [me]}), clerk.clerk_id, now)
    assert clerk.clerk_id not in await personnel.kin_read_before(now() - kin.READ_AGAIN_AFTER, limit=1000)
    in_a_month = now() + kin.READ_AGAIN_AFTER + timedelta(minutes=1)
    again = await personnel.kin_read_before(in_a_month - kin.READ_AGAIN_AFTER, limit=1000)
    assert clerk.clerk_id in again
    administrators = select(clerks.c.id).where(clerks.c.role.in_([role.value for role in ADMINISTRATORS]))
    async with cabinet.wiring.database.statement() as connection:
        assert not set((await connection.execute(administrators)).scalars()) & set(again), "administrators handle no case"
