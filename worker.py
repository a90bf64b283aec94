"""One process, one role: `python worker.py cases|registries|identity`."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import uvloop
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from domain.errors import DomainError
from domain.notices import Channel, HandOver, OutgoingNotice, email_body
from settings import load_settings
from wiring import Wiring
from workflows.policies import CASES_QUEUE, IDENTITY_QUEUE, REGISTRIES_QUEUE
from workflows.portrait import Portrait
from workflows.prefill import Prefill
from workflows.procedure import ServiceItemProcedure

log = logging.getLogger("onetrip.worker")
NOTICE_PAUSE_SECONDS = 0.5
# What a death may send again: the SMS gateway drops a message that it has seen, a mail server need not.
AT_ONCE = {Channel.SMS: 20, Channel.EMAIL: 1}
LONGEST_NOTICE_PAUSE_SECONDS = 10.0
SPENT_CLIPS_PAUSE_SECONDS = 10.0
IDENTITY_NICENESS = 5
CLIP_PAUSE_SECONDS = 30.0
LOOK_PAUSE_SECONDS = 60.0
CALENDAR_PAUSE_SECONDS = 3.0
HOUSEHOLDS_PAUSE_SECONDS = 60.0
SEALING_PAUSE_SECONDS = 60.0
CLIP_PATIENCE = timedelta(seconds=20)  # as long as a command may take


class _DomainErrors(ActivityInboundInterceptor):
    """Domain errors become failures with a stable type; only what may pass by itself is tried again."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except DomainError as error:
            raise ApplicationError(
                error.text.en,
                error.text,
                [f.model_dump() for f in error.fields],
                type=error.kind,
                non_retryable=not error.passing,
            ) from error


class DomainErrorInterceptor(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _DomainErrors(super().intercept_activity(next))


def _workflow_runner() -> WorkflowRunner:
    """Plain where cases run; the sandbox, which notices what would not replay but loads the procedure anew for every case, in tests."""
    return SandboxedWorkflowRunner() if os.environ.get("ONETRIP_WORKFLOW_SANDBOX") == "1" else UnsandboxedWorkflowRunner()


async def _cases_worker(wiring: Wiring) -> Worker:
    cases, documents, payments = wiring.case_activities(), wiring.document_activities(), wiring.payment_activities()
    return Worker(
        await wiring.connected_temporal(),
        task_queue=CASES_QUEUE,
        workflows=[ServiceItemProcedure, Prefill, Portrait],
        workflow_runner=_workflow_runner(),
        activities=[
            cases.open_case,
            cases.record_change,
            cases.decide,
            cases.locate,
            documents.issue_document,
            documents.order_parcel,
            documents.parcel_delivered,
            documents.send_parcel,
            documents.look_at_parcel,
            payments.order_payment,
            payments.look_at_payment,
            payments.close_payment,
            payments.refund_payment,
        ],
        interceptors=[DomainErrorInterceptor()],
        max_cached_workflows=2000,
        max_concurrent_workflow_tasks=50,
        max_concurrent_local_activities=16,
        max_concurrent_activities=16,
    )


async def _registries_worker(wiring: Wiring) -> Worker:
    registries, portraits = wiring.registry_activities(), wiring.portrait_activities()
    return Worker(
        await wiring.connected_temporal(),
        task_queue=REGISTRIES_QUEUE,
        activities=[registries.gather_evidence, registries.look_up, portraits.show_portrait],
        interceptors=[DomainErrorInterceptor()],
        max_concurrent_activities=32,
    )


async def _identity_worker(wiring: Wiring) -> Worker:
    identity = wiring.identity_activities()
    if warm_up := getattr(wiring.verifier, "warm_up", None):
        await _maybe_await(warm_up())
    return Worker(
        await wiring.connected_temporal(),
        task_queue=IDENTITY_QUEUE,
        activities=[identity.verify_identity],
        interceptors=[DomainErrorInterceptor()],
        max_concurrent_activities=4,  # that wait for a portrait, or for their turn at the processors
    )


async def _maybe_await(value: Any) -> None:
    if isinstance(value, Awaitable):
        await value


def _sender(channel: Channel) -> "_Companion":
    """The outbox of one channel, so that a gateway that is away holds up no other."""

    async def send(wiring: Wiring) -> NoReturn:
        """Looks every half second, slower while the database is away."""
        hand_over = _by_sms(wiring) if channel is Channel.SMS else _by_email(wiring)
        pause = NOTICE_PAUSE_SECONDS
        while True:
            try:
                seen = await wiring.outbox.send_notices(channel, hand_over, at_most=AT_ONCE[channel])
                pause = NOTICE_PAUSE_SECONDS if seen == 0 else 0.0
            except DomainError as error:
                log.warning("%s notices wait: %s", channel, error.kind)
                pause = min(max(pause, NOTICE_PAUSE_SECONDS) * 2, LONGEST_NOTICE_PAUSE_SECONDS)
            await asyncio.sleep(pause)

    return send


def _by_sms(wiring: Wiring) -> HandOver:
    async def hand_over(notice: OutgoingNotice) -> None:
        await wiring.sms.send(message_id=notice.message_id, phone=notice.to, text=notice.text)

    return hand_over


def _by_email(wiring: Wiring) -> HandOver:
    async def hand_over(notice: OutgoingNotice) -> None:
        text = email_body(notice, wiring.office_name, wiring.settings.site_url)
        await wiring.email.send(message_id=notice.message_id, address=notice.to, subject=notice.subject or notice.text, text=text)

    return hand_over


async def _again(pause_seconds: float, what: str, act: Callable[[], Awaitable[None]]) -> NoReturn:
    """Do something for ever with a pause between; what fails now is tried at the next turn."""
    while True:
        try:
            await act()
        except DomainError as error:
            log.warning("%s: waits, %s", what, error.kind)
        await asyncio.sleep(pause_seconds)


async def _hand_over_clips(wiring: Wiring) -> NoReturn:
    """A clip that was stored while the engine or the API died is handed to its case again."""
    # Imported here, as below: only the cases worker has companions.
    from casework.clips import hand_over_waiting
    from casework.engine import CaseEngine

    engine = CaseEngine(await wiring.connected_temporal())

    async def hand_over() -> None:
        await hand_over_waiting(engine, wiring.identity, wiring.objects, datetime.now(UTC) - CLIP_PATIENCE)

    await _again(CLIP_PAUSE_SECONDS, "clips", hand_over)


async def _delete_spent_clips(wiring: Wiring) -> NoReturn:
    """Face data goes when its case has its decision."""
    from casework.clips import delete_spent

    kept = timedelta(days=wiring.settings.clip_prints_days)

    async def delete() -> None:
        await delete_spent(wiring.identity, wiring.objects, datetime.now(UTC), prints_kept=kept)

    await _again(SPENT_CLIPS_PAUSE_SECONDS, "clips to delete", delete)


async def _see_uploads_through(wiring: Wiring) -> NoReturn:
    """A clip that came whole while the API died is handed in, and what was given up is deleted."""
    from casework.engine import CaseEngine
    from casework.uploading import drop_spent, hand_in_whole

    engine = CaseEngine(await wiring.connected_temporal())

    async def see_through() -> None:
        now = datetime.now(UTC)
        await hand_in_whole(engine, wiring.identity, wiring.objects, now, now - CLIP_PATIENCE)
        await drop_spent(wiring.identity, wiring.objects, now)

    await _again(CLIP_PAUSE_SECONDS, "uploads", see_through)


async def _tell_of_the_calendar(wiring: Wiring) -> NoReturn:
    """A corrected day reaches every running case, whenever the engine or this process was away."""
    from casework.calendar import tell_cases
    from casework.engine import CaseEngine

    engine = CaseEngine(await wiring.connected_temporal())

    async def tell() -> None:
        if told := await tell_cases(wiring.calendar, engine):
            log.info("the calendar was corrected: %d cases count their limits again", told)

    await _again(CALENDAR_PAUSE_SECONDS, "the calendar's correction", tell)


async def _seal_the_record(wiring: Wiring) -> NoReturn:
    """The day that ended gets its head, soon after midnight in China or when this process is up again."""
    from casework.record import seal_ended_day

    async def seal() -> None:
        for signed in await seal_ended_day(wiring.record, datetime.now(UTC)):
            log.info("head %s vouches for %s entries", signed.head.number, signed.head.entries)

    await _again(SEALING_PAUSE_SECONDS, "sealing", seal)


async def _look_for_what_is_odd(wiring: Wiring) -> NoReturn:
    """Supervision's patterns, looked for every minute by one of the processes that try."""
    from casework.supervising import look

    async def look_once() -> None:
        for pattern, number in await look(wiring.patterns, wiring.inquiries, wiring.settings.default_station[:6]) or []:
            log.info("inquiry %s opened: %s", number, pattern.value)

    await asyncio.sleep(LOOK_PAUSE_SECONDS)  # a process that begins has cases to catch up with first
    await _again(LOOK_PAUSE_SECONDS, "supervision", look_once)


async def _know_households(wiring: Wiring) -> NoReturn:
    """Whose cases a member of staff may not handle: asked when an account is new, and again every month."""
    from casework.engine import CaseEngine
    from casework.kin import read_households_again

    engine = CaseEngine(await wiring.connected_temporal())

    async def read() -> None:
        await read_households_again(wiring.personnel, engine, lambda: datetime.now(UTC))

    await _again(HOUSEHOLDS_PAUSE_SECONDS, "households of staff", read)


_Companion = Callable[[Wiring], Coroutine[Any, Any, NoReturn]]
ROLES: dict[str, tuple[Callable[[Wiring], Awaitable[Worker]], Sequence[_Companion]]] = {
    CASES_QUEUE: (
        _cases_worker,
        [
            _sender(Channel.SMS),
            _sender(Channel.EMAIL),
            _hand_over_clips,
            _delete_spent_clips,
            _see_uploads_through,
            _tell_of_the_calendar,
            _know_households,
            _seal_the_record,
            _look_for_what_is_odd,
        ],
    ),
    REGISTRIES_QUEUE: (_registries_worker, []),
    IDENTITY_QUEUE: (_identity_worker, []),
}


async def serve(role: str) -> None:
    """Work until SIGTERM or SIGINT; finish what is at hand, then leave."""
    make_worker, companions = ROLES[role]
    wiring = Wiring(load_settings())
    leave = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, leave.set)
    worker = await make_worker(wiring)
    tasks = [asyncio.create_task(companion(wiring)) for companion in companions]
    told = asyncio.create_task(leave.wait())
    try:
        async with worker:
            _say_ready()
            ended, _ = await asyncio.wait([told, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:  # a companion that failed ends the process loudly, and a new one begins afresh
                task.result()
    finally:
        told.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wiring.close()


def _say_ready() -> None:
    print("onetrip: ready", flush=True)
    if path := os.environ.get("ONETRIP_READY_FILE"):
        Path(path).touch()


def _step_back(niceness: int) -> None:
    """Let other processes go first. Where Linux shares the processors among sessions, niceness counts only within one (sched(7))."""
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # a system without such groups
            Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")


def main() -> None:
    logging.basicConfig(level=os.environ.get("ONETRIP_LOG_LEVEL", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if len(sys.argv) != 2 or sys.argv[1] not in ROLES:
        sys.exit(f"usage: python worker.py {'|'.join(ROLES)}")
    if sys.argv[1] == IDENTITY_QUEUE:
        _step_back(IDENTITY_NICENESS)  # a clip takes a core for a second: whoever waits for a page goes first
    uvloop.run(serve(sys.argv[1]))


if __name__ == "__main__":
    main()
