"""Commands to running cases: workflow starts and updates, with the engine's errors turned into the domain's."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain import errors
from domain.application import ApplicationRequest
from domain.changes import CaseState
from domain.errors import DomainError, FieldError, Unavailable, WrongState
from domain.ids import new_id, workflow_id
from domain.portraits import PortraitAsk, PortraitShown
from domain.text import Bilingual
from workflows.policies import CASES_QUEUE
from workflows.portrait import Portrait
from workflows.prefill import Prefill, PrefillRequest, PrefillResult

RPC_TIMEOUT = timedelta(seconds=20)
# A client that has never been connected says that nobody listens with a RuntimeError.
_AWAY = (RPCError, RuntimeError)
STATE_PAUSES_SECONDS = (0.2, 0.6)
_BY_KIND: Mapping[str, type[DomainError]] = {
    c.kind: c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, DomainError) and c is not errors.RegistryUnavailable
}


def domain_error(error: BaseException | None) -> DomainError:
    """The domain error that a case, or its activity, refused with."""
    while isinstance(error, FailureError) and not isinstance(error, ApplicationError) and error.cause is not None:
        error = error.cause
    if not isinstance(error, ApplicationError) or error.type is None or error.type not in _BY_KIND:
        return Unavailable()
    text = Bilingual.model_validate(error.details[0]) if error.details else None
    fields = [FieldError.model_validate(f) for f in error.details[1]] if len(error.details) > 1 else []
    return _BY_KIND[error.type](text, fields=fields)


def _rpc_error(error: RPCError | RuntimeError) -> DomainError:
    if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:  # ended, so it takes no more commands
        return WrongState()
    return Unavailable()


class CaseEngine:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def start(self, application_id: UUID, request: ApplicationRequest) -> CaseState:
        """Start a case and wait until it is registered; starting it again answers the same.

        Raises:
            InvalidInput: the case refused the request.
            Unavailable: the engine or a worker does not answer; the case may have begun, so ask again with the same id.
        """
        operation: WithStartWorkflowOperation[Any, CaseState] = WithStartWorkflowOperation(
            request.service_item,
            request,
            id=workflow_id(application_id),
            task_queue=CASES_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
        try:
            state: CaseState = await self._client.execute_update_with_start_workflow(
                "opened", id=f"opened-{application_id}", start_workflow_operation=operation, result_type=CaseState, rpc_timeout=RPC_TIMEOUT
            )
        except WorkflowUpdateFailedError as error:
            raise domain_error(error.cause) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise Unavailable() from error
        except WorkflowAlreadyStartedError as error:  # it has run and ended
            raise WrongState() from error
        except _AWAY as error:
            raise _rpc_error(error) from error
        return state

    async def command(self, application_id: UUID, name: str, command: BaseModel, *, command_id: str | None = None) -> CaseState:
        """Send one update; the same `command_id` again is the same command.

        A step is written to the read model a moment before the case takes it in, so somebody who acts on what a page shows
        may be a moment early: a command refused as out of state is sent again twice.

        Raises:
            DomainError: what the case refused with; WrongState when it has ended; Unavailable when nobody answers.
        """
        identity = command_id or str(new_id())
        for pause in STATE_PAUSES_SECONDS:
            try:
                return await self._send(application_id, name, command, identity)
            except WrongState as refused:
                by_the_case = isinstance(refused.__cause__, WorkflowUpdateFailedError)
                if not by_the_case or type(refused) is not WrongState:
                    raise
            await asyncio.sleep(pause)
        return await self._send(application_id, name, command, identity)

    async def _send(self, application_id: UUID, name: str, command: BaseModel, identity: str) -> CaseState:
        handle = self._client.get_workflow_handle(workflow_id(application_id))
        try:
            state: CaseState = await handle.execute_update(name, command, id=identity, result_type=CaseState, rpc_timeout=RPC_TIMEOUT)
        except WorkflowUpdateFailedError as error:
            raise domain_error(error.cause) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise Unavailable() from error
        except _AWAY as error:
            raise _rpc_error(error) from error
        return state

    async def signal(self, application_id: UUID, name: str) -> bool:
        """Tell a running case something without an answer; False when it has ended.

        Raises:
            Unavailable: the engine does not answer.
        """
        try:
            await self._client.get_workflow_handle(workflow_id(application_id)).signal(name, rpc_timeout=RPC_TIMEOUT)
        except _AWAY as error:
            if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise Unavailable() from error
        return True

    async def prefill(self, request: PrefillRequest) -> PrefillResult:
        """Ask the registries for a form; sources that do not answer in time are named, not waited for."""
        try:
            return await self._client.execute_workflow(
                Prefill.run,
                request,
                id=f"prefill-{new_id()}",
                task_queue=CASES_QUEUE,
                execution_timeout=timedelta(seconds=6),
                rpc_timeout=timedelta(seconds=8),
            )
        except (WorkflowFailureError, *_AWAY):
            return PrefillResult(answers=[], failed=request.sources)

    async def portrait(self, ask: PortraitAsk) -> PortraitShown:
        """A registry's portrait, sealed for whoever asks.

        Raises:
            Unavailable: the registry or the engine did not answer in time.
        """
        try:
            return await self._client.execute_workflow(
                Portrait.run,
                ask,
                id=f"portrait-{new_id()}",
                task_queue=CASES_QUEUE,
                execution_timeout=timedelta(seconds=12),
                rpc_timeout=timedelta(seconds=14),
            )
        except (WorkflowFailureError, *_AWAY) as error:
            raise Unavailable() from error


def command_id(scope: Any, key: str | None) -> str | None:
    """A caller's idempotency key as an update id, kept apart by who sends it."""
    return None if key is None else f"{scope}:{key}"
