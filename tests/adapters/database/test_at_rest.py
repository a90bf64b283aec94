"""What rests is encrypted: no name, number, phone or answer lies readable in any table, file, object or history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import SQLModel

from adapters.database import tables
from domain.application import Status
from domain.ids import workflow_id
from domain.service_item import StepKind
from settings import Settings
from tests.driving import RealTown, real_town

pytestmark = pytest.mark.stack

SECRETS_OF_A_CLERK = "此人于庭上所言属实"
NEW_NAME = "欧阳不外传"


async def a_case_with_everything(town: RealTown) -> tuple[UUID, dict[str, str]]:
    """Referred, supplemented, refused with a reason; and one completed with a document. Returns what must not be readable."""
    person = await town.person("new-name")
    named = (await town.request("new-name", "name-change")).model_copy(update={"answers": {"new_name": NEW_NAME, "reason": "other"}})
    case = await town.submit(named)
    await town.upload(case, "proof")
    await town.hand_in_clip(case)
    await town.ask_for(case, "answers.reason_detail")
    await town.supplement(case, {"reason_detail": "家中长辈之名，避讳"})
    await town.work(case, StepKind.PRE_REVIEW, "pass")
    await town.work(case, StepKind.APPROVAL, "refuse", reason=SECRETS_OF_A_CLERK)
    await town.until_status(case, Status.REFUSED)

    other = await town.begin(await town.request("no-record", "no-criminal-record"))
    await town.until_status(other, Status.COMPLETED)
    applicant = (await town.office.desk.access_of(case))["person_id"]
    await town.office.desk.save_draft(applicant, "name-change", {"new_name": NEW_NAME}, datetime.now(UTC))
    both = [person, await town.person("no-record")]
    return case, {f"{key} of {p['key']}": p[key] for p in both for key in ("name", "id_number", "phone")} | {
        "an answer": NEW_NAME,
        "a supplement": "家中长辈之名，避讳",
        "a clerk's words": SECRETS_OF_A_CLERK,
        "why it was marked": "请更正",
    }


async def cells(town: RealTown) -> list[tuple[str, bytes]]:
    """Every cell of every table as bytes."""
    found = []
    async with town.wiring.database.transaction() as connection:
        for table in SQLModel.metadata.sorted_tables:
            for row in (await connection.execute(table.select())).mappings():
                for column, value in row.items():
                    raw = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                    found.append((f"{table.name}.{column}", raw))
    return found


def files(home: Path) -> Iterator[Path]:
    """All state of the installation; what other authorities (the simulators) keep is theirs."""
    for path in home.rglob("*"):
        if path.is_file() and path.relative_to(home).parts[0] != "simulators":
            yield path


async def test_nothing_personal_rests_readable(migrated: Settings) -> None:
    async with real_town(migrated) as town:
        case, personal = await a_case_with_everything(town)
        stored = await cells(town)
    assert {"applications.answers_box", "work_items.reason_box", "drafts.body_box", "evidence.body_box"} <= {place for place, _ in stored}
    readable = [(what, place) for what, secret in personal.items() for place, raw in stored if secret.encode() in raw]
    assert readable == []

    # As JSON escapes them, too.
    needles = {what: [secret.encode(), secret.encode("unicode_escape")] for what, secret in personal.items()}
    seen, object_bytes, found_the_case = [], 0, set()
    for path in files(migrated.home):
        raw = path.read_bytes()
        place = path.relative_to(migrated.home).as_posix()
        if workflow_id(case).encode() in raw or case.bytes in raw:  # ids are no secret: where they are found, we looked well
            found_the_case.add(place.split("/")[0].split("-")[0])
        object_bytes += len(raw) if path.suffix == ".dat" else 0
        seen += [(what, place) for what, forms in needles.items() if any(form in raw for form in forms)]
        assert path.suffix != ".dat" or b"%PDF-" not in raw, "a document lies readable in the store"
    assert seen == []
    assert {"temporal.db", "postgres"} <= found_the_case
    assert object_bytes, "the store's volumes were looked at"


async def test_what_the_tables_hold_opens_with_the_key_in_its_place_only(migrated: Settings) -> None:
    async with real_town(migrated) as town:
        case = await town.submit(await town.request("no-record", "no-criminal-record"))
        async with town.wiring.database.transaction() as connection:
            row = (await connection.execute(tables.applications.select().where(tables.applications.c.id == case))).one()
        database = town.wiring.database
        assert database.open(row.answers_box, "applications.answers", case) == {"reason": "abroad"}
        with pytest.raises(Exception, match="cannot be read"):
            database.open(row.answers_box, "applications.address", case)
        await town.withdraw(case)
