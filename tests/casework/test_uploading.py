"""A clip sent in parts reaches its case whole and once, whatever dies on the way; and what has to come before it."""

import dataclasses
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from adapters.database import tables
from casework import uploading
from casework.actors import ClientActor
from casework.engine import CaseEngine
from casework.following import get_application
from casework.office import Office
from casework.showing_oneself import consent_to_face_check, hand_in_clip, renew_challenge, show_challenge
from casework.views import ApplicationView
from domain.attempts import TRIES_A_DAY, UPLOAD_PATIENCE, begin_of_day
from domain.changes import IdentityAnswer, OpenCase, SubmitClip
from domain.errors import (
    ChallengeExpired,
    DomainError,
    InvalidInput,
    NoConsent,
    NoGuardianConsent,
    NotFound,
    OffsetConflict,
    TooLarge,
    TooManyAttempts,
    Unavailable,
    UnsupportedMedia,
    UploadGone,
    WrongState,
)
from domain.guardians import Guardian
from domain.identity import IdentityVerdict
from domain.ids import new_id
from domain.object_keys import clip_key, part_key
from domain.records import UploadPart
from tests.builders import MemoryObjects, make_application_request, make_id_number
from tests.filing import DIVISION, Cabinet, make_change

PROGRAM = ClientActor("uploads")
CLIP = random.Random(7).randbytes(1_300_000)
MOTHER = make_id_number(2, born="19880615")


@dataclass
class Cases:
    """The engine's side: takes a command once a command id, or refuses; answers for the population registry."""

    refusal: DomainError | None = None
    told: dict[str, SubmitClip] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    renew: Callable[[], Awaitable[Any]] | None = None
    parents: dict[str, Any] | None = None
    asked: list[Any] = field(default_factory=list)

    async def command(self, application_id: UUID, name: str, command: Any, *, command_id: str | None = None) -> None:
        self.commands.append(name)
        if self.refusal is not None:
            raise self.refusal
        if name == "renew_challenge" and self.renew is not None:
            await self.renew()
        if command_id is not None:
            self.told[command_id] = command

    async def prefill(self, request: Any) -> Any:
        self.asked.append(request)
        record = self.parents
        return SimpleNamespace(answers=[] if record is None else [SimpleNamespace(found=True, record=record)])


@dataclass(frozen=True)
class LaterOffice(Office):
    """An office whose clock is ahead."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Sender:
    """A program with a case of a person of its own, who waits for a clip."""

    cabinet: Cabinet
    case: UUID
    cases: Cases
    office: LaterOffice

    def later(self, **ahead: float) -> "Sender":
        return dataclasses.replace(self, office=dataclasses.replace(self.office, ahead=timedelta(**ahead)))

    @property
    def stored(self) -> dict[str, bytes]:
        return cast(MemoryObjects, self.office.objects).stored

    async def agree(self) -> None:
        await consent_to_face_check(self.office, PROGRAM, self.case)

    async def begin(self, **said: Any) -> UUID:
        whole: dict[str, Any] = {"size": len(CLIP), "media_type": "video/webm"} | said
        return (await uploading.begin_upload(self.office, PROGRAM, self.case, **whole)).id

    async def send(self, upload: UUID, offset: int, data: bytes) -> uploading.UploadState:
        return await uploading.add_part(self.office, PROGRAM, self.case, upload, offset, data)

    async def state(self, upload: UUID) -> uploading.UploadState:
        return await uploading.upload_state(self.office, PROGRAM, self.case, upload)

    async def view(self) -> ApplicationView:
        return await get_application(self.office, PROGRAM, self.case)

    async def clips(self) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], (await self.office.desk.case_file(self.case))["clips"])

    async def challenge(self) -> dict[str, Any]:
        return cast(dict[str, Any], (await self.office.desk.case_file(self.case))["challenge"])

    async def renew(self) -> None:
        await self.cabinet.wiring.cases.apply(make_change(self.case, "challenge_renewed", issue_challenge=True))

    async def fail(self, at: datetime | None = None) -> None:
        """A clip that was judged and did not pass, and the code for another."""
        clip = await self.cabinet.clip(self.case, challenge_id=(await self.challenge())["id"], at=at)
        verdict = IdentityVerdict(passed=False, checks=[], clip_seconds=3, frames_compared=3, face_model="test", speech_model="test")
        await self.cabinet.wiring.identity.save_verdict(
            clip, IdentityAnswer(verdict=verdict).model_dump(mode="json"), None, datetime.now(UTC)
        )
        await self.renew()


async def sender_of(cabinet: Cabinet, *, id_number: str | None = None, agreed: bool = True) -> Sender:
    born = f"19{random.randrange(50, 99)}{random.randrange(1, 13):02d}{random.randrange(1, 29):02d}"
    request = make_application_request(id_number=id_number or make_id_number(random.randrange(1000), born=born))
    case, cases = new_id(), Cases()
    opening = OpenCase(application_id=case, request=request.model_copy(update={"client_id": PROGRAM.client_id}), at=datetime.now(UTC))
    await cabinet.wiring.cases.open_case(opening, cabinet.item, division=DIVISION)
    office = dataclasses.replace(cabinet.office, engine=cast(CaseEngine, cases))
    own = {f.name: getattr(office, f.name) for f in dataclasses.fields(office)}
    sender = Sender(cabinet, case, cases, LaterOffice(**own))
    cases.renew = sender.renew
    if agreed:
        await sender.agree()
    return sender


@pytest.fixture
async def sender(cabinet: Cabinet) -> Sender:
    return await sender_of(cabinet)


# --- whole and once --------------------------------------------------------------------------------------------------


async def test_parts_are_joined_and_handed_in_with_the_last_one(sender: Sender) -> None:
    upload = await sender.begin(stated_seconds=5.2)
    first = await sender.send(upload, 0, CLIP[:300_000])
    assert (first.received, first.handed_in) == (300_000, False)
    assert CLIP[:300_000] in sender.stored.values()
    await sender.send(upload, 300_000, CLIP[300_000:800_000])
    last = await sender.send(upload, 800_000, CLIP[800_000:])
    assert (last.received, last.handed_in) == (len(CLIP), True)
    assert sender.stored == {clip_key(upload): CLIP}
    [clip] = await sender.clips()
    assert (clip["id"], clip["sha256"], clip["stated_seconds"]) == (upload, sha256(CLIP).hexdigest(), 5.2)
    assert list(sender.cases.told) == [f"clip-{upload}"]


async def test_an_upload_goes_on_where_it_stands_and_nowhere_else(sender: Sender) -> None:
    upload = await sender.begin()
    await sender.send(upload, 0, CLIP[:1000])
    for elsewhere in (0, 500, 1001):
        with pytest.raises(OffsetConflict):
            await sender.send(upload, elsewhere, CLIP[elsewhere : elsewhere + 100])
    assert (await sender.state(upload)).received == 1000


async def all_but_handed_in(sender: Sender) -> UUID:
    """The last part is stored, and whoever received it died."""
    upload = await sender.begin(size=1000)
    part = UploadPart(0, 1000, sha256(CLIP[:1000]).hexdigest())
    await sender.office.identity.begin_part(upload, part)
    await sender.office.objects.put(part_key(upload, 0, part.sha256), CLIP[:1000], "application/octet-stream")
    await sender.office.identity.keep_part(upload, part)
    return upload


async def test_who_asks_after_an_upload_finds_it_handed_in_although_its_receiver_died(sender: Sender) -> None:
    upload = await all_but_handed_in(sender)
    assert (await sender.state(upload)).handed_in
    assert [clip["id"] for clip in await sender.clips()] == [upload]


async def test_the_last_part_sent_again_changes_nothing(sender: Sender) -> None:
    upload = await all_but_handed_in(sender)
    assert (await sender.send(upload, 0, CLIP[:1000])).handed_in
    assert (await sender.send(upload, 0, CLIP[:1000])).handed_in
    assert len(await sender.clips()) == len(sender.cases.told) == 1


async def test_the_worker_hands_in_what_nobody_asks_after(sender: Sender) -> None:
    upload = await all_but_handed_in(sender)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    for _ in range(2):
        await uploading.hand_in_whole(sender.office.engine, sender.office.identity, sender.office.objects, soon, soon)
    assert list(sender.cases.told) == [f"clip-{upload}"]
    assert len(await sender.clips()) == 1


async def test_the_worker_gives_up_what_a_case_refuses(sender: Sender) -> None:
    upload = await all_but_handed_in(sender)
    sender.cases.refusal = ChallengeExpired()
    soon = datetime.now(UTC) + timedelta(seconds=1)
    await uploading.hand_in_whole(sender.office.engine, sender.office.identity, sender.office.objects, soon, soon)
    assert sender.stored == {}
    with pytest.raises(NotFound):
        await sender.state(upload)


async def test_of_two_who_send_the_same_place_one_counts_and_the_clip_is_theirs(sender: Sender) -> None:
    upload = await sender.begin(size=1000)
    slow = UploadPart(0, 400, sha256(CLIP[:400]).hexdigest())
    await sender.office.identity.begin_part(upload, slow)
    await sender.send(upload, 0, CLIP[:600])
    await sender.office.objects.put(part_key(upload, 0, slow.sha256), CLIP[:400], "application/octet-stream")
    with pytest.raises(OffsetConflict):
        await sender.office.identity.keep_part(upload, slow)
    await sender.send(upload, 600, CLIP[600:1000])
    assert sender.stored == {clip_key(upload): CLIP[:1000]}  # the slow one's bytes are gone too


async def test_while_the_engine_is_away_the_clip_waits_and_is_then_handed_in_once(sender: Sender) -> None:
    upload = await sender.begin(size=1000)
    sender.cases.refusal = Unavailable()
    with pytest.raises(Unavailable):
        await sender.send(upload, 0, CLIP[:1000])
    assert sender.stored == {clip_key(upload): CLIP[:1000]}
    sender.cases.refusal = None
    assert (await sender.state(upload)).handed_in
    assert list(sender.cases.told) == [f"clip-{upload}"]
    assert len(await sender.clips()) == 1


async def test_what_its_case_refuses_leaves_nothing_behind(sender: Sender) -> None:
    upload = await sender.begin(size=1000)
    sender.cases.refusal = ChallengeExpired()
    with pytest.raises(ChallengeExpired):
        await sender.send(upload, 0, CLIP[:1000])
    assert await sender.clips() == []
    with pytest.raises(UploadGone):
        await sender.state(upload)
    later = datetime.now(UTC) + timedelta(hours=2)
    await uploading.drop_spent(sender.office.identity, sender.office.objects, later)
    assert sender.stored == {}


async def test_a_damaged_part_means_sending_anew(sender: Sender) -> None:
    upload = await all_but_handed_in(sender)
    [key] = sender.stored
    sender.stored[key] = b"something else"
    with pytest.raises(UploadGone):
        await sender.state(upload)
    assert sender.stored == {}


async def test_a_clip_in_one_piece_keeps_the_same_rules(sender: Sender) -> None:
    with pytest.raises(ChallengeExpired):  # of something else than is asked now
        await hand_in_clip(sender.office, PROGRAM, sender.case, CLIP, "video/webm", challenge_id=new_id())
    view = await hand_in_clip(sender.office, PROGRAM, sender.case, CLIP, "video/webm;codecs=vp8", 4.0)
    assert view.identity.checking
    [clip] = await sender.clips()
    assert (clip["media_type"], clip["stated_seconds"]) == ("video/webm", 4.0)
    with pytest.raises(WrongState):  # one at a time
        await hand_in_clip(sender.office, PROGRAM, sender.case, CLIP, "video/webm")


# --- given up --------------------------------------------------------------------------------------------------------


async def test_a_new_upload_of_the_case_takes_the_place_of_one_that_lacks_bytes(sender: Sender) -> None:
    old = await sender.begin()
    await sender.send(old, 0, CLIP[:1000])
    new = await sender.begin()
    assert sender.stored == {}
    with pytest.raises(NotFound):
        await sender.state(old)
    assert (await sender.state(new)).received == 0


async def test_an_upload_is_given_up_and_its_parts_go(sender: Sender) -> None:
    upload = await sender.begin()
    await sender.send(upload, 0, CLIP[:1000])
    await uploading.drop_upload(sender.office, PROGRAM, sender.case, upload)
    assert sender.stored == {}
    handed_in = await all_but_handed_in(sender)
    await sender.state(handed_in)
    with pytest.raises(WrongState):
        await uploading.drop_upload(sender.office, PROGRAM, sender.case, handed_in)


async def test_what_nobody_goes_on_with_is_deleted_and_a_clip_stays(sender: Sender, cabinet: Cabinet) -> None:
    other = await sender_of(cabinet)
    abandoned, handed_in = await other.begin(), await all_but_handed_in(sender)
    await other.send(abandoned, 0, CLIP[:1000])
    await sender.state(handed_in)
    await uploading.drop_spent(sender.office.identity, sender.office.objects, datetime.now(UTC) + timedelta(minutes=50))
    assert len(sender.stored) == 2
    await uploading.drop_spent(sender.office.identity, sender.office.objects, datetime.now(UTC) + timedelta(minutes=61))
    assert list(sender.stored) == [clip_key(handed_in)]
    assert len(await sender.clips()) == 1


async def test_other_peoples_uploads_do_not_exist(sender: Sender, cabinet: Cabinet) -> None:
    upload = await sender.begin()
    other = await sender_of(cabinet)
    with pytest.raises(NotFound):
        await uploading.upload_state(other.office, PROGRAM, other.case, upload)
    with pytest.raises(NotFound):
        await uploading.upload_state(sender.office, ClientActor("somebody else"), sender.case, upload)


# --- in time -----------------------------------------------------------------------------------------------------------


async def test_what_counts_is_that_the_upload_began_in_time(sender: Sender) -> None:
    upload = await sender.begin(size=1000)
    expires = (await sender.challenge())["expires_at"]
    just_after = sender.later(seconds=(expires - datetime.now(UTC)).total_seconds() + 5)
    with pytest.raises(ChallengeExpired):
        await just_after.begin()
    assert (await just_after.send(upload, 0, CLIP[:10])).expires_at == expires + UPLOAD_PATIENCE
    too_late = sender.later(seconds=(expires + UPLOAD_PATIENCE - datetime.now(UTC)).total_seconds() + 5)
    with pytest.raises(UploadGone):
        await too_late.send(upload, 10, CLIP[10:1000])
    with pytest.raises(UploadGone):
        await too_late.state(upload)


async def test_a_new_code_ends_the_upload_for_the_old_one(sender: Sender) -> None:
    asked = (await sender.challenge())["id"]
    upload = await sender.begin(challenge_id=asked)
    await sender.renew()
    with pytest.raises(UploadGone):
        await sender.send(upload, 0, CLIP[:1000])
    with pytest.raises(ChallengeExpired):
        await sender.begin(challenge_id=asked)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"size": uploading.CLIP_MAX_BYTES + 1}, TooLarge),
        ({"size": 0}, InvalidInput),
        ({"media_type": "image/png"}, UnsupportedMedia),
        ({"stated_seconds": -1.0}, InvalidInput),
        ({"stated_seconds": float("nan")}, InvalidInput),
    ],
)
async def test_what_would_be_no_clip_is_refused_before_it_is_sent(sender: Sender, said: dict[str, Any], error: type[DomainError]) -> None:
    with pytest.raises(error):
        await sender.begin(**said)


async def test_no_more_comes_than_was_announced_nor_in_countless_crumbs(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = await sender.begin(size=1000)
    with pytest.raises(TooLarge):
        await sender.send(upload, 0, CLIP[:1001])
    monkeypatch.setattr(uploading, "PARTS_MAX", 3)
    for offset in range(3):
        await sender.send(upload, offset, CLIP[offset : offset + 1])
    with pytest.raises(TooLarge):
        await sender.send(upload, 3, CLIP[3:4])


# --- consent -------------------------------------------------------------------------------------------------------------


async def test_without_consent_no_clip_is_taken(cabinet: Cabinet) -> None:
    sender = await sender_of(cabinet, agreed=False)
    assert not (await sender.view()).identity.consented
    with pytest.raises(NoConsent):
        await sender.begin()
    with pytest.raises(NoConsent):
        await hand_in_clip(sender.office, PROGRAM, sender.case, CLIP, "video/webm")
    await sender.agree()
    assert (await sender.view()).identity.consented
    await sender.begin()


async def child_of(cabinet: Cabinet) -> Sender:
    year = datetime.now(UTC).year - 10
    return await sender_of(cabinet, id_number=make_id_number(random.randrange(1000), born=f"{year}0101"), agreed=False)


async def test_a_child_cannot_agree_alone(cabinet: Cabinet) -> None:
    child = await child_of(cabinet)
    assert (await child.view()).identity.needs_guardian
    with pytest.raises(NoGuardianConsent):
        await child.agree()
    with pytest.raises(NoGuardianConsent):
        await child.begin()


async def test_a_guardians_consent_is_kept_sealed_and_says_nothing_of_them_in_the_record(cabinet: Cabinet) -> None:
    child = await child_of(cabinet)
    child.cases.parents = {"father": None, "mother": {"id_number": MOTHER, "name": "王秀兰"}}
    await consent_to_face_check(child.office, PROGRAM, child.case, Guardian(name="王秀兰", id_number=MOTHER, relation="mother"))
    [asked] = child.cases.asked
    assert (asked.sources, asked.fields) == (["resident_population"], {"resident_population": ["father", "mother"]})
    kept = await cabinet.wiring.identity.guardian_of(child.case)
    assert kept == {"name": "王秀兰", "id_number": MOTHER, "relation": "mother", "vouched": "registry"}
    async with cabinet.wiring.database.statement() as connection:
        table = tables.guardian_consents
        row = (await connection.execute(table.select().where(table.c.application_id == child.case))).one()
    assert MOTHER.encode() not in bytes(row.box)
    [event] = [e for e in (await child.office.desk.case_file(child.case))["events"] if e["event"] == "consented"]
    assert (event["by"], event["data"]) == ("client", {"vouched": "registry"})
    assert (await child.view()).identity.consented
    await child.begin()


async def test_a_parent_whom_the_registry_knows_otherwise_is_told_and_nothing_is_kept(cabinet: Cabinet) -> None:
    child = await child_of(cabinet)
    child.cases.parents = {"father": None, "mother": {"id_number": make_id_number(4, born="19880616"), "name": "王秀兰"}}
    with pytest.raises(InvalidInput):
        await consent_to_face_check(child.office, PROGRAM, child.case, Guardian(name="王秀兰", id_number=MOTHER, relation="mother"))
    assert await cabinet.wiring.identity.guardian_of(child.case) is None


async def test_where_the_registry_does_not_answer_a_guardian_stands_as_stated(cabinet: Cabinet) -> None:
    child = await child_of(cabinet)
    await consent_to_face_check(child.office, PROGRAM, child.case, Guardian(name="王秀兰", id_number=MOTHER, relation="mother"))
    kept = await cabinet.wiring.identity.guardian_of(child.case)
    assert kept is not None and kept["vouched"] == "nobody"


# --- tries -------------------------------------------------------------------------------------------------------------


async def test_failed_tries_make_one_wait_for_a_code_and_for_a_clip(sender: Sender) -> None:
    now = datetime.now(UTC)
    for _ in range(2):
        await sender.fail(now)
    view = await sender.view()
    assert (view.identity.tries_today, view.identity.wait_until) == (2, now + timedelta(seconds=10))
    tried: list[Callable[[Sender], Awaitable[Any]]] = [
        lambda s: s.begin(),
        lambda s: hand_in_clip(s.office, PROGRAM, s.case, CLIP, "video/webm"),
        lambda s: show_challenge(s.office, PROGRAM, s.case),
        lambda s: renew_challenge(s.office, PROGRAM, s.case, way="digits"),
    ]
    for act in tried:
        with pytest.raises(TooManyAttempts) as refused:
            await act(sender)
        assert refused.value.until == now + timedelta(seconds=10)
    assert sender.cases.commands == []
    waited = sender.later(seconds=11)
    assert (await waited.view()).identity.wait_until is None
    for act in tried[2:]:
        await act(waited)


async def test_tries_count_over_all_cases_of_a_person_and_ten_are_enough_for_a_day(cabinet: Cabinet) -> None:
    number = make_id_number(random.randrange(1000), born=f"19{random.randrange(10, 50)}0203")
    earlier = await sender_of(cabinet, id_number=number)
    early = begin_of_day(datetime.now(UTC))
    for _ in range(TRIES_A_DAY):
        await earlier.fail(early)
    fresh = await sender_of(cabinet, id_number=number)
    view = await fresh.view()
    assert (view.identity.attempts_used, view.identity.tries_today, view.identity.to_counter) == (0, TRIES_A_DAY, True)
    assert "record_clip" not in view.actions and "new_code" not in view.actions
    with pytest.raises(TooManyAttempts) as refused:
        await fresh.begin()
    assert refused.value.until == early + timedelta(days=1)


async def test_a_clip_that_came_while_the_day_was_used_up_elsewhere_is_not_judged(sender: Sender) -> None:
    upload = await sender.begin(size=1000)
    for _ in range(TRIES_A_DAY):
        await sender.fail()
    # As tries in another case would leave it: this upload's own code is still in force.
    newest = (await sender.challenge())["id"]
    async with sender.cabinet.wiring.database.statement() as connection:
        await connection.execute(tables.clip_uploads.update().where(tables.clip_uploads.c.id == upload).values(challenge_id=newest))
    with pytest.raises(TooManyAttempts):
        await sender.send(upload, 0, CLIP[:1000])
    assert sender.cases.told == {}
    assert clip_key(upload) not in sender.stored


async def test_a_challenge_is_shown_until_it_expires_and_its_first_showing_counts(sender: Sender) -> None:
    shown = await show_challenge(sender.office, PROGRAM, sender.case)
    assert (await show_challenge(sender.office, PROGRAM, sender.case)) == shown
    with pytest.raises(ChallengeExpired):
        await show_challenge(sender.later(minutes=6).office, PROGRAM, sender.case)
