"""What a case owes and sends: the fee that is paid once and given back once, the parcel that arrives or comes back."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.documents import DocumentActivities
    from activities.payments import PaymentActivities
    from domain.application import Status
    from domain.changes import DocumentIssued, DocumentTask, NoticeText, PaymentTask, WorkItemOpening
    from domain.jurisdiction import Role
    from domain.money import Payment, PaymentState
    from domain.parcels import PARCEL_TEXT, Parcel, ParcelState
    from domain.service_item import StepKind
    from domain.work_items import KIND_TEXT
    from workflows import wording
    from workflows.case import CaseEnds, in_time
    from workflows.policies import DOCUMENT, FEE_PAUSE, FEE_PAUSES, PARCEL_PAUSE, PARCEL_PAUSES, PROVIDER
    from workflows.visiting import Visited

_GIVEN_BACK_AT = (Status.REFUSED, Status.VOID, Status.WITHDRAWN)


class Fulfilling(Visited):
    """Fees and parcels. A provider's call-back only says when to look; what counts is what the provider answers then."""

    def __init__(self) -> None:
        super().__init__()
        self._fee_ordered = False
        self._payment: Payment | None = None
        self._hints = 0

    @workflow.signal
    def provider_changed(self) -> None:
        """The payment provider or the post called back: look now. It may come late, twice, or never."""
        self._hints += 1

    async def _hinted(self, limit: timedelta, seen: int) -> None:
        await in_time(lambda: self._hints != seen, limit)

    # --- the fee -------------------------------------------------------------------------------------------------

    @property
    def _fee_due(self) -> bool:
        return self._timed and self._service_item.fee.fen > 0 and self._payment is None

    def _payment_task(self) -> PaymentTask:
        return PaymentTask(application_id=self._application_id, fen=self._service_item.fee.fen)

    async def _collect_fee(self) -> None:
        """Order, wait for the provider's word, go on; unpaid in time, the application lapses."""
        if not self._fee_due:
            return
        until = workflow.now() + timedelta(days=self._service_item.fee.days)
        self._fee_ordered = True
        order = await self._order_fee()
        await self._record(
            "fee_due",
            wording.fee_due(order.fen),
            status=Status.PAYING,
            payment=order,
            waiting_for=[wording.waiting_for_fee(workflow.now(), until)],
            notices=[NoticeText(key="fee", text=wording.notice_fee(self._number, order.fen, until))],
        )
        self._payment = payment = await self._paid_by(until)
        if payment.state is not PaymentState.PAID:
            await self._record("fee_closed", wording.FEE_CLOSED, payment=payment)
            raise CaseEnds(Status.EXPIRED, wording.FEE_NOT_PAID)
        await self._record(
            "fee_paid",
            wording.fee_paid(payment.fen),
            by="payments",
            status=Status.GATHERING,
            payment=payment,
            waiting_for=self._waiting_for_sources(),
            notices=[NoticeText(key="fee-paid", text=wording.notice_fee_paid(self._number, payment.fen))],
        )

    async def _order_fee(self) -> Payment:
        """From here on there may be an order, whether its answer arrives or not."""
        self._fee_ordered = True
        order: Payment = await workflow.execute_activity_method(PaymentActivities.order_payment, self._payment_task(), **PROVIDER)
        self._payment = order
        return order

    async def _look_at_fee(self) -> Payment:
        payment: Payment = await workflow.execute_activity_method(PaymentActivities.look_at_payment, self._payment_task(), **PROVIDER)
        return payment

    async def _close_fee(self) -> Payment | None:
        """None: nothing was ever ordered."""
        payment: Payment | None = await workflow.execute_activity_method(PaymentActivities.close_payment, self._payment_task(), **PROVIDER)
        return payment

    async def _paid_by(self, until: datetime) -> Payment:
        """The order once it is no longer open; it is closed when the time is over, unless it was paid at that very moment."""
        asked = 0
        while True:
            seen = self._hints
            payment = await self._look_at_fee()
            if payment.state is not PaymentState.OPEN:
                return payment
            if workflow.now() >= until:
                return await self._close_fee() or payment
            pause = FEE_PAUSES[asked] if asked < len(FEE_PAUSES) else FEE_PAUSE
            await self._hinted(min(pause, until - workflow.now()), seen)
            asked += 1

    async def _settle_fee(self) -> None:
        """After the end: what is not paid can no longer be paid; what was paid for nothing is given back. Money moves once."""
        if not self._fee_ordered:
            return
        payment = self._payment
        if payment is None:  # withdrawn while the order was being placed: no attempt outlives its time limit
            await workflow.sleep(PROVIDER["start_to_close_timeout"])
        if payment is None or payment.state is PaymentState.OPEN:
            payment = await self._close_fee()
        if payment is None:
            return
        if payment.state is PaymentState.PAID and self._status in _GIVEN_BACK_AT:
            refunded: Payment = await workflow.execute_activity_method(PaymentActivities.refund_payment, self._payment_task(), **PROVIDER)
            notice = NoticeText(key="refund", text=wording.notice_refund(self._number, refunded.fen))
            text = wording.fee_refunded(refunded.fen)
            await self._record("fee_refunded", text, by="payments", payment=refunded, notices=[notice], after_end=True)
        elif payment != self._payment:
            await self._record("fee_closed", wording.FEE_CLOSED, payment=payment, after_end=True)

    # --- the parcel ----------------------------------------------------------------------------------------------

    async def _send_parcel(self, issued: DocumentIssued) -> None:
        """Posted until it is delivered; one that comes back waits at the counter."""
        task = DocumentTask(application_id=self._application_id, at=workflow.now())
        parcel = await workflow.execute_activity_method(DocumentActivities.send_parcel, args=[issued, task], **DOCUMENT)
        await self._record(
            "posted",
            wording.POSTED,
            status=Status.POSTING,
            parcel=parcel,
            waiting_for=[wording.waiting_for_parcel(workflow.now())],
            notices=[NoticeText(key="posted", text=wording.notice_posted(self._number))],
        )
        if (await self._followed(parcel)).state is ParcelState.RETURNED:
            await self._hand_over_returned()

    async def _followed(self, parcel: Parcel) -> Parcel:
        asked = 0
        while True:
            seen, before = self._hints, parcel.state
            parcel = await workflow.execute_activity_method(DocumentActivities.look_at_parcel, parcel, **DOCUMENT)
            if parcel.state is not before:
                await self._record(f"parcel_{parcel.state}", PARCEL_TEXT[parcel.state], by="post", parcel=parcel)
            if parcel.state.final:
                return parcel
            await self._hinted(PARCEL_PAUSES[asked] if asked < len(PARCEL_PAUSES) else PARCEL_PAUSE, seen)
            asked += 1

    async def _hand_over_returned(self) -> None:
        closes_at = workflow.now() + timedelta(days=self._service_item.window_days)
        kind = StepKind.COLLECTION
        opening = WorkItemOpening(kind=kind, role=Role.COUNTER, level="station", name=KIND_TEXT[kind], until=closes_at)
        await self._visit("collection_opened", wording.PARCEL_AT_COUNTER, opening, closes_at)
