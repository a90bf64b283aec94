"""Consent to the use of a face: separate, for one application, and a guardian's for a child (China's 2025 rules for face data)."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from casework.access import require_own_case
from casework.actors import Actor, ApplicantActor
from casework.office import Office
from domain.application import Status
from domain.clock import day_in_china
from domain.errors import NoConsent, NoGuardianConsent, Unavailable, WrongState
from domain.guardians import PARENTS, Guardian, admit_guardian, needs_guardian, vouched_for
from domain.reads import IDENTITY
from domain.text import Bilingual
from workflows.prefill import PrefillRequest

CONSENT_KEY, GUARDIAN_KEY = "consent:face", "consent:guardian"  # of the events that say so
_CONSENT = Bilingual(zh="已同意为本办件使用人脸信息核验身份", en="Agreed to the use of the face for this application's identity check")
_BY_GUARDIAN = Bilingual(
    zh="监护人已同意为本办件使用未成年人的人脸信息核验身份",
    en="A guardian agreed to the use of the child's face for this application's identity check",
)
_COMPARING = Bilingual(zh="核对监护人是否为登记的父母", en="To see whether the guardian is a registered parent")
_REGISTRY = "resident_population"


async def consent_to_face_check(office: Office, actor: Actor, application_id: UUID, guardian: Guardian | None = None) -> None:
    """Keep that the applicant agreed, or their guardian for a child under fourteen. Without it no clip is taken.

    A guardian who says to be a parent is held against the population registry, where it answers in time.

    Raises:
        NoGuardianConsent: a child cannot agree alone. InvalidInput: what is wrong with the guardian, field by field.
        WrongState: no face check is awaited.
    """
    access = await require_own_case(office, actor, application_id)
    if access["status"] != Status.VERIFYING.value:
        raise WrongState()
    by = "applicant" if isinstance(actor, ApplicantActor) else "client"
    now = office.now()
    id_number = await office.desk.id_number_of(access["person_id"])
    if not needs_guardian(id_number, day_in_china(now)):
        await office.identity.keep_consent(application_id, by, _CONSENT, now)
        return
    if guardian is None:
        raise NoGuardianConsent()
    guardian = admit_guardian(guardian, id_number, day_in_china(now))
    vouched = vouched_for(guardian, await _registered_parents(office, application_id, id_number) if guardian.relation in PARENTS else None)
    await office.identity.keep_guardian_consent(application_id, guardian, vouched, by, _BY_GUARDIAN, now)


async def _registered_parents(office: Office, application_id: UUID, id_number: str) -> Mapping[str, Any] | None:
    """`father` and `mother` as the population registry has them; None where it does not answer, or does not know the child."""
    asked = PrefillRequest(
        service_item=(await office.desk.case_file(application_id))["service_item"],
        id_number=id_number,
        sources=[_REGISTRY],
        fields={_REGISTRY: list(PARENTS)},
        by=IDENTITY,
        purpose=_COMPARING,
    )
    try:
        answers = (await office.engine.prefill(asked)).answers
    except Unavailable:
        return None
    return answers[0].record if answers and answers[0].found else None


def consented(events: Iterable[Mapping[str, Any]], *, by_guardian: bool) -> bool:
    """Whether the events of a case hold the consent that is needed."""
    return any(event["key"] == (GUARDIAN_KEY if by_guardian else CONSENT_KEY) for event in events)


def require_consent(events: Iterable[Mapping[str, Any]], *, by_guardian: bool) -> None:
    """
    Raises:
        NoConsent, NoGuardianConsent: a clip would be taken without it.
    """
    if not consented(events, by_guardian=by_guardian):
        raise NoGuardianConsent() if by_guardian else NoConsent()
