"""Absence: while somebody is away, a colleague of the same role works their queue too. It ends by itself."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from casework.access import require_case_staff
from casework.actors import ClerkActor
from casework.handing_on import Colleague
from casework.office import Office
from domain.errors import FieldError, InvalidInput, NotAllowed, WrongState
from domain.jurisdiction import SEES_NO_CASE, Role
from domain.queues import WORKING_ROLES
from domain.text import Bilingual

LONGEST = timedelta(days=90)
REASON_LENGTH = 200
_BEGUN = Bilingual(zh="您将代{who}办理待办，到期自动结束。", en="You stand in for {who}; it ends by itself.")
_ENDED = Bilingual(zh="代{who}办理已提前结束。", en="Standing in for {who} has ended early.")
_TAKEN = Bilingual(zh="该人员在此期间已有代办人，请先提前结束原来的委托", en="Somebody else stands in during that time. End that first.")


class DelegationView(BaseModel):
    id: UUID
    from_clerk: str
    from_name: str
    to_clerk: str
    to_name: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    state: Literal["lasting", "coming"]
    may_end: bool


async def delegate(
    office: Office, actor: ClerkActor, *, absent: str, stand_in: str, begins_at: datetime | None, ends_at: datetime, reason: str
) -> UUID:
    """Let a colleague of the same role and county work somebody's queue until `ends_at`. Once more with the same times changes nothing.

    The absent clerk does so, or the leader of their team, or the supervisor.

    Raises:
        NotFound: no such clerk. NotAllowed: not theirs to arrange. InvalidInput: who or when does not fit.
        WrongState: somebody else stands in during that time.
    """
    require_case_staff(actor)
    away, colleague = await office.staff.colleague(absent), await office.staff.colleague(stand_in)
    _check_may_arrange(actor, away)
    now = office.now()
    _check_people(away, colleague)
    _check_times(begins_at or now, ends_at, now)
    _check_reason(reason)
    row = {
        "from_clerk": absent,
        "to_clerk": stand_in,
        "begins_at": begins_at or now,
        "ends_at": ends_at,
        "reason": reason.strip(),
        "made_by": actor.clerk_id,
        "made_at": now,
    }
    try:
        delegation_id = await office.staff.add_delegation(row)
    except WrongState as error:
        raise WrongState(_TAKEN) from error
    await office.staff.notify(stand_in, f"standing-in:{delegation_id}", "standing_in", _BEGUN.filled(who=away["name"]), now)
    return delegation_id


async def end_early(office: Office, actor: ClerkActor, delegation_id: UUID) -> None:
    """Once it has ended nothing changes.

    Raises:
        NotFound: none of this id. NotAllowed: not theirs to arrange.
    """
    require_case_staff(actor)
    delegation = await office.staff.delegation(delegation_id)
    _check_may_arrange(actor, {**delegation, "id": delegation["from_clerk"]})
    now = office.now()
    await office.staff.end_delegation(delegation_id, now)
    said = _ENDED.filled(who=delegation["from_name"])
    await office.staff.notify(delegation["to_clerk"], f"standing-in-ended:{delegation_id}", "standing_in", said, now)


async def delegations(office: Office, actor: ClerkActor) -> list[DelegationView]:
    """Lasting or to come: one's own, and for leaders and supervisors those of their people."""
    require_case_staff(actor)
    people = [actor.clerk_id, *(clerk.id for clerk in await may_be_absent(office, actor))]
    now = office.now()
    return [_view(actor, d, now) for d in await office.staff.delegations_of(list(dict.fromkeys(people)), now)]


async def may_be_absent(office: Office, actor: ClerkActor) -> list[Colleague]:
    """For whom this clerk may arrange a stand-in, themselves first."""
    me = Colleague(id=actor.clerk_id, name=actor.name, station=actor.scope.station)
    if actor.scope.role in SEES_NO_CASE:
        return []
    roles: tuple[Role, ...] = (actor.scope.role,) if actor.scope.leads else ()
    roles = (*WORKING_ROLES, Role.SUPERVISOR) if actor.scope.role is Role.SUPERVISOR else roles
    others = [c for role in roles for c in await office.staff.colleagues(actor.scope.county, role.value)]
    theirs = [c for c in others if c["id"] != actor.clerk_id and actor.scope.covers_itself(c["station"] or c["county"])]
    return [me, *(Colleague(id=c["id"], name=c["name"], station=c["station"]) for c in theirs)]


async def may_stand_in(office: Office, actor: ClerkActor) -> list[Colleague]:
    """Whom this clerk may name: of the roles they arrange for, in their county."""
    supervisor = actor.scope.role is Role.SUPERVISOR
    roles = () if actor.scope.role in SEES_NO_CASE else (*WORKING_ROLES, Role.SUPERVISOR) if supervisor else (actor.scope.role,)
    found = [c for role in roles for c in await office.staff.colleagues(actor.scope.county, role.value)]
    return [Colleague(id=c["id"], name=c["name"], station=c["station"]) for c in found]


def _check_may_arrange(actor: ClerkActor, away: dict[str, Any]) -> None:
    if away["id"] == actor.clerk_id and actor.scope.role not in SEES_NO_CASE:
        return
    theirs = actor.scope.covers_itself(away["station"] or away["county"])
    leads = actor.scope.leads and actor.scope.role.value == away["role"]
    supervises = actor.scope.role is Role.SUPERVISOR and Role(away["role"]) not in SEES_NO_CASE
    if not (theirs and (leads or supervises)):
        raise NotAllowed()


def _check_people(away: dict[str, Any], colleague: dict[str, Any]) -> None:
    if away["id"] == colleague["id"]:
        raise _refuse("stand_in", "代办人不能是本人", "Somebody else must stand in")
    if (away["role"], away["county"]) != (colleague["role"], colleague["county"]):
        raise _refuse("stand_in", "代办人应为同一县（市、区）同一岗位的人员", "A stand-in has the same role in the same county")


def _check_times(begins_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= max(begins_at, now):
        raise _refuse("ends_at", "结束时间应晚于开始时间和现在", "The end must lie after the beginning, and in the future")
    if ends_at - begins_at > LONGEST:
        raise _refuse("ends_at", f"一次最长 {LONGEST.days} 天，到期可以再办", f"At most {LONGEST.days} days at a time; it can be renewed")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise _refuse("reason", "请写明事由，如休假、培训", "Say why, for example leave or training")
    if len(reason) > REASON_LENGTH:
        raise _refuse("reason", f"最多 {REASON_LENGTH} 字", f"At most {REASON_LENGTH} characters")


def _refuse(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=f"/{path}", text=Bilingual(zh=zh, en=en))])


def _view(actor: ClerkActor, delegation: dict[str, Any], now: datetime) -> DelegationView:
    try:
        _check_may_arrange(actor, {**delegation, "id": delegation["from_clerk"]})
        may_end = True
    except NotAllowed:
        may_end = False
    state: Literal["lasting", "coming"] = "lasting" if delegation["begins_at"] <= now else "coming"
    fields = {name: delegation[name] for name in DelegationView.model_fields if name in delegation}
    return DelegationView(**fields, state=state, may_end=may_end)
