"""Showing a registry's portrait to a clerk: asked from inside the closed network, sealed for one look."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.portraits import PortraitActivities
    from domain.portraits import PortraitAsk, PortraitShown
    from workflows.policies import PORTRAIT


@workflow.defn(name="portrait")
class Portrait:
    @workflow.run
    async def run(self, ask: PortraitAsk) -> PortraitShown:
        return await workflow.execute_activity_method(PortraitActivities.show_portrait, ask, **PORTRAIT)
