"""A withdrawal that comes in the same moment as an activity's answer."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowUpdateStage
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from workflows.procedure import heeded

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]


class Answering:
    """An activity whose answer comes when the test wants it."""

    def __init__(self) -> None:
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    @activity.defn
    async def ask(self) -> str:
        self.asked.set()
        await self.may_answer.wait()
        return "answer"


@workflow.defn
class Asking:
    """As a case does it: steps that are cancelled by a withdrawal."""

    def __init__(self) -> None:
        self.withdrawn = False
        self.heard = ""

    @workflow.run
    async def run(self) -> str:
        steps = asyncio.ensure_future(self.steps())
        await workflow.wait_condition(lambda: self.withdrawn)
        steps.cancel()
        await heeded(steps)
        return self.heard

    async def steps(self) -> None:
        self.heard = await workflow.execute_activity_method(Answering.ask, start_to_close_timeout=timedelta(minutes=1))
        await workflow.wait_condition(lambda: False)

    @workflow.update
    async def withdraw(self) -> None:
        self.withdrawn = True


def case_worker(client: Client, queue: str) -> Worker:
    return Worker(client, task_queue=queue, workflows=[Asking], workflow_runner=UnsandboxedWorkflowRunner())


async def test_the_steps_end_though_the_answer_swallowed_their_cancellation(clock: WorkflowEnvironment) -> None:
    queue, answering = f"withdrawing-{uuid4()}", Answering()
    async with Worker(clock.client, task_queue=queue, activities=[answering.ask]):
        async with case_worker(clock.client, queue):
            case = await clock.client.start_workflow(Asking.run, id=queue, task_queue=queue)
            await answering.asked.wait()
        # Nobody works on the case now: the answer and the withdrawal wait for it together.
        withdrawing = asyncio.create_task(case.start_update(Asking.withdraw, wait_for_stage=WorkflowUpdateStage.ACCEPTED))
        answering.may_answer.set()
        while True:
            if not (await case.describe()).raw_description.pending_activities:
                break
            await asyncio.sleep(0.05)
        async with case_worker(clock.client, queue):
            await withdrawing
            assert await case.result() == "answer"
