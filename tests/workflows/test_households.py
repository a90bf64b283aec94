"""A member of staff's household, asked for through the closed network, and told to them like every other read."""

from datetime import UTC, datetime

import pytest

from casework import accounts, kin, reads
from casework.accounts import NewClerk
from casework.actors import ApplicantActor
from casework.reads import ReadFilter
from domain.application import Applicant
from domain.errors import RegistryUnavailable
from domain.jurisdiction import Role
from tests.builders import make_id_number
from tests.driving import FictionTown

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


async def test_the_household_is_asked_for_and_the_person_reads_that_it_was(town: FictionTown) -> None:
    office, me, wife = town.office, make_id_number(901, born="19810203"), make_id_number(902, born="19830405")
    members = [{"id_number": number, "name": "人", "relation": "other"} for number in (me, wife)]
    town.registries.records["resident_population"] = {"name": "馆员", "household_members": members}
    new = NewClerk(login="librarian-of-households", name="馆员", role=Role.PRE_REVIEWER, county="330302", id_number=me)
    clerk_id = await accounts.add_clerk(office, new, password="a password of tests", totp_secret="JBSWY3DPEHPK3PXP")

    assert await kin.read_household(office.personnel, office.engine, clerk_id, office.now) == 1
    (asked,) = [query for query in town.registries.asked if query.id_number == me]
    assert asked.fields == ["household_members"]

    person = await office.accounts.prove_person(Applicant(id_number=me, name="馆员", phone="13800000901"), datetime.now(UTC))
    myself = ApplicantActor(person, office.accounts.index("13800000901"), "馆员", "3303************02", "138****0901")
    (read,) = (await reads.my_reads(office, myself, ReadFilter())).items
    assert (read.who, read.purpose, [field.name for field in read.fields]) == ("recusal", kin.WHY, ["household_members"])
    assert read.by.zh == "系统（工作人员回避核查）" and read.service_item is None and read.application_id is None

    town.registries.down_for_look_ups = {"resident_population"}
    with pytest.raises(RegistryUnavailable):
        await kin.read_household(office.personnel, office.engine, clerk_id, office.now)
    assert (await office.personnel.account(clerk_id))["kin"] == 1, "what was known stays"
