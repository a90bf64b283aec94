"""Whose cases a member of staff may not handle: their own, and those of their household as the population registry knows it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from casework.administering import account
from casework.administration_ports import Personnel
from casework.engine import CaseEngine
from casework.office import Office
from casework.responsible import Administrator, responsible
from domain.errors import RegistryUnavailable, WrongState
from domain.jurisdiction import Role
from domain.reads import RECUSAL
from domain.text import Bilingual
from workflows.prefill import PrefillRequest

REGISTRY = "resident_population"
READ_AGAIN_AFTER = timedelta(days=30)
AT_ONCE = 20
WHY = Bilingual(
    zh="核对工作人员的同户人员，以便本人和家人的办件由他人办理",
    en="To know a member of staff's household, whose cases others must handle",
)
_UNKNOWN = Bilingual(zh="该账号没有登记身份证号", en="No ID number is entered for this account")

Now = Callable[[], datetime]


async def refresh_household(office: Office, actor: Administrator, clerk_id: str) -> int:
    """Ask for the household of an account's owner now; returns how many others belong to it.

    Raises:
        NotAllowed, NotFound. WrongState: it is not known who the owner is. RegistryUnavailable.
    """
    responsible(actor, Role.SYSTEM_ADMIN)
    found = await account(office, actor, clerk_id)
    if not found.known:
        raise WrongState(_UNKNOWN)
    return await read_household(office.personnel, office.engine, clerk_id, office.now)


async def read_household(personnel: Personnel, engine: CaseEngine, clerk_id: str, now: Now) -> int:
    """Ask the registry and keep the answer. The read is told to the person like every other.

    Raises:
        RegistryUnavailable: it did not answer; what was known stays.
    """
    id_number = await personnel.id_number_of(clerk_id)
    if id_number is None:
        return 0
    request = PrefillRequest(
        service_item="",
        id_number=id_number,
        sources=[REGISTRY],
        fields={REGISTRY: ["household_members"]},
        by=RECUSAL,
        purpose=WHY,
    )
    answers = (await engine.prefill(request)).answers
    if not answers:
        raise RegistryUnavailable(REGISTRY, "no answer about a member of staff")
    members = {member["id_number"] for member in answers[0].record.get("household_members") or []} - {id_number}
    await personnel.set_kin(clerk_id, id_number, members, now())
    return len(members)


async def read_households_again(personnel: Personnel, engine: CaseEngine, now: Now) -> int:
    """Those that were never read, or a month ago; returns how many were. Stops at the first that the registry does not answer.

    Raises:
        RegistryUnavailable, Unavailable: call again later.
    """
    read = 0
    while due := await personnel.kin_read_before(now() - READ_AGAIN_AFTER, limit=AT_ONCE):
        for clerk_id in due:
            await read_household(personnel, engine, clerk_id, now)
        read += len(due)
    return read
