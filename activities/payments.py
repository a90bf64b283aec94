"""The fee of a case at the payment provider: ordered, looked at, closed, given back, each once."""

from dataclasses import dataclass

from temporalio import activity

from domain.changes import PaymentTask
from domain.errors import NotFound
from domain.money import Payment
from domain.ports import Cashier
from domain.records import CaseRecords


def order_id_of(task: PaymentTask) -> str:
    """Ours at the provider, and the idempotency key of every call: one order a case."""
    return f"fee-{task.application_id}"


@dataclass
class PaymentActivities:
    """The provider's word is what counts; its call-backs only say when to ask."""

    records: CaseRecords
    cashier: Cashier
    site_url: str
    callbacks_url: str  # call-backs go to <this>/<provider>

    @activity.defn
    async def order_payment(self, task: PaymentTask) -> Payment:
        """Place the order, or read the one that was placed before."""
        _, item = await self.records.request_of(task.application_id)
        return await self.cashier.order(
            order_id=order_id_of(task),
            fen=task.fen,
            subject=item.name,
            return_url=f"{self.site_url}/applications/{task.application_id}",
            notify_url=f"{self.callbacks_url}/payments",
        )

    @activity.defn
    async def look_at_payment(self, task: PaymentTask) -> Payment:
        return await self.cashier.look(order_id_of(task))

    @activity.defn
    async def close_payment(self, task: PaymentTask) -> Payment | None:
        """Nobody can pay any more; the answer says so if somebody did just before. None: it was never ordered."""
        try:
            return await self.cashier.close(order_id_of(task))
        except NotFound:
            return None

    @activity.defn
    async def refund_payment(self, task: PaymentTask) -> Payment:
        """Give the whole fee back; a second time changes nothing."""
        return await self.cashier.refund(order_id_of(task))
