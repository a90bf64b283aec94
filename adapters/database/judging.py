"""Opens decided cases and hands them to a judge, in this process or in several beside it. Imports no driver: each of those pays for it."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, NotRequired, TypeVar, cast
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict

from adapters.keyring import Keyring
from domain.application import Applicant, ApplicationRequest, DeliveryChoice
from domain.redeciding import DecidedCase, EvidenceText
from domain.service_item import Delivery

MOST_PROCESSES = 4
Verdict = TypeVar("Verdict")
Judge = Callable[[DecidedCase], Verdict]


class SealedPaper(NamedTuple):
    """The newest answer to one question of a case."""

    id: UUID
    application_id: UUID
    source: str
    digest: str
    body_box: bytes


class SealedCase(NamedTuple):
    """The columns that a decided case is made from, as they rest."""

    id: UUID
    acceptance_number: str
    person_id: UUID
    service_item: str
    item_digest: str
    version: int
    applicant_name_box: bytes
    answers_box: bytes
    decision_box: bytes
    delivery: str
    supplement_round: int
    opened_at: Any
    id_number_box: bytes


class Page(NamedTuple):
    """Some cases, in order, with their papers."""

    cases: list[SealedCase]
    papers: list[SealedPaper]


class _ToldResult(TypedDict, total=False):
    rule: str
    holds: bool | None
    outcome: str


class _Told(TypedDict):
    """What a judge reads of a stored decision; the texts and inputs, most of it, are passed over unread."""

    outcome: str
    decided_at: str
    results: list[_ToldResult]
    evidence: NotRequired[dict[str, str]]


_TOLD = TypeAdapter(_Told)


def judged(keyring: Keyring, judge: Judge[Verdict], page: Page) -> list[Verdict]:
    papers: dict[UUID, list[SealedPaper]] = {}
    for paper in page.papers:
        papers.setdefault(paper.application_id, []).append(paper)
    return [judge(_case_to_judge(keyring, case, papers.get(case.id, []))) for case in page.cases]


def _case_to_judge(keyring: Keyring, case: SealedCase, papers: list[SealedPaper]) -> DecidedCase:
    stored = _plain(keyring, case.decision_box, "applications.decision", case.id)
    try:
        told = cast(dict[str, Any], _TOLD.validate_json(stored))
    except ValidationError:  # a record of another form: the judge sees that nothing is told
        told = {}
    return _case(keyring, case, papers, told)


def whole_case(keyring: Keyring, case: SealedCase, papers: list[SealedPaper]) -> DecidedCase:
    """With all of its decision."""
    return _case(keyring, case, papers, _opened(keyring, case.decision_box, "applications.decision", case.id))


def _case(keyring: Keyring, case: SealedCase, papers: list[SealedPaper], decision: dict[str, Any]) -> DecidedCase:
    applicant = Applicant.model_construct(
        {"id_number", "name", "phone"},
        id_number=_opened(keyring, case.id_number_box, "persons.id_number", case.person_id),
        name=_opened(keyring, case.applicant_name_box, "applications.applicant_name", case.id),
        phone="",
    )
    request = ApplicationRequest.model_construct(
        {"service_item", "applicant", "answers", "delivery"},
        service_item=case.service_item,
        applicant=applicant,
        answers=_opened(keyring, case.answers_box, "applications.answers", case.id),
        delivery=_delivery(case.delivery),
    )
    return DecidedCase(
        application_id=case.id,
        acceptance_number=case.acceptance_number,
        request=request,
        evidence=[EvidenceText(p.source, _opened(keyring, p.body_box, "evidence.body", p.id), p.digest) for p in papers],
        decision=decision,
        round=case.supplement_round,
        version=case.version,
    )


@lru_cache(maxsize=16)
def _delivery(method: str) -> DeliveryChoice:
    return DeliveryChoice.model_construct(method=cast(Delivery, method))


def _plain(keyring: Keyring, box: bytes, place: str, row: UUID) -> bytes:
    return keyring.decrypt(bytes(box), place.encode() + row.bytes)


def _opened(keyring: Keyring, box: bytes, place: str, row: UUID) -> Any:
    return from_json(_plain(keyring, box, place, row))


# --- processes beside this one ---------------------------------------------------------------------------------------

_here: tuple[Keyring, Judge[Any]]  # of a process that judges


def processes(data_keys: str, judge: Judge[Any]) -> ProcessPoolExecutor:
    """One a processor, each with the keys and the judge; both reach them through a pipe, never a command line."""
    return ProcessPoolExecutor(
        min(len(os.sched_getaffinity(0)), MOST_PROCESSES),
        # Not forked: a server's threads and locks would be copied in whatever state they are.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_settle,
        initargs=(data_keys, judge),
    )


def _settle(data_keys: str, judge: Judge[Any]) -> None:
    global _here
    _here = Keyring.from_setting(data_keys), judge
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """The library's processes would wait for ever for work from a parent that was killed."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


def judged_here(page: Page) -> list[Any]:
    """Run in one of `processes`."""
    keyring, judge = _here
    return judged(keyring, judge, page)
