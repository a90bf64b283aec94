"""How an applicant shows who they are: what a clip must show, the clip, or a clerk instead."""

from uuid import UUID

from casework.access import require_own_case
from casework.actors import Actor, ApplicantActor
from casework.attempts import require_a_try
from casework.consenting import consent_to_face_check
from casework.following import get_application
from casework.office import Office
from casework.uploading import hand_in_at_once, in_force
from casework.views import ApplicationView
from domain.application import Challenge, Status
from domain.changes import ChooseCounter, RenewChallenge
from domain.errors import WrongState
from domain.identity import Way
from domain.text import Language

__all__ = ["consent_to_face_check"]  # a part of showing oneself that has a module of its own


async def renew_challenge(
    office: Office, actor: Actor, application_id: UUID, language: Language | None = None, way: Way | None = None
) -> Challenge:
    """A new code and new movements; the old ones are void. What is left out stays as it was.

    `way`: `code_and_turn`, `movements` for somebody who cannot speak; `digits` for somebody who cannot turn the head: they read more, and
    move the phone.

    Raises:
        TooManyAttempts: when it may be tried again. WrongState: no clip is awaited.
    """
    await require_own_case(office, actor, application_id)
    await require_a_try(office, application_id)
    await office.engine.command(application_id, "renew_challenge", RenewChallenge(language=language, way=way))
    challenge = (await office.desk.case_file(application_id))["challenge"]
    if challenge is None:
        raise WrongState()
    return Challenge(**challenge)


async def show_challenge(office: Office, actor: Actor, application_id: UUID) -> Challenge:
    """What a clip has to show, noted as shown from now on: a recording of it cannot have begun earlier. It expires as issued.

    Raises:
        ChallengeExpired: ask for a new one. TooManyAttempts: when it may be tried again. WrongState: no clip is awaited.
    """
    await require_own_case(office, actor, application_id)
    case = await office.desk.case_file(application_id)
    if case["status"] != Status.VERIFYING.value:
        raise WrongState()
    await require_a_try(office, application_id)
    challenge = in_force(case["challenge"], office.now())
    await office.identity.show_challenge(challenge.id, office.now())
    return challenge


async def hand_in_clip(
    office: Office, actor: Actor, application_id: UUID, data: bytes, media_type: str, stated_seconds: float | None = None,
    *, challenge_id: UUID | None = None,
) -> ApplicationView:  # fmt: skip
    """Store a clip and have it checked. What it answers to is the newest challenge, which is used up.

    `challenge_id`: what the person was shown, where that is known; no clip is taken once something else is asked.

    Raises:
        TooLarge, UnsupportedMedia, InvalidInput: the clip was not taken; the challenge stays.
        NoConsent, NoGuardianConsent, MaterialMissing, ChallengeExpired, TooManyAttempts, WrongState: what to do first.
    """
    await hand_in_at_once(office, actor, application_id, data, media_type, stated_seconds, challenge_id)
    return await get_application(office, actor, application_id)


async def choose_counter(office: Office, actor: Actor, application_id: UUID) -> ApplicationView:
    """Have a clerk compare the person with the ID card, instead of the face check.

    Raises:
        MaterialMissing, WrongState: what comes first, or that it is too late.
    """
    await require_own_case(office, actor, application_id)
    by = "applicant" if isinstance(actor, ApplicantActor) else "client"
    await office.engine.command(application_id, "choose_counter", ChooseCounter(by=by))
    return await get_application(office, actor, application_id)
