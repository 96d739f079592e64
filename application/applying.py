"""Take in what the gateway holds, whichever way it reached us.

The request that made the effect, the webhook, `confirm-payment`, the worker and the recovery
all end here. Every function is monotone and idempotent: what is known already changes nothing,
what is older than what is known changes nothing, and what is new is booked once.
"""

from collections.abc import Callable
from datetime import datetime

from attrs import evolve, frozen

from application.accounting import Accounting, post
from application.effects import EffectKind, Plans
from application.ports.clock import Clock
from application.ports.gateway import (
    BalanceTransaction,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefund,
    GatewayRefundStatus,
    NewRefund,
)
from application.ports.ids import Ids
from application.ports.records import Operation
from application.ports.storage import Unit
from domain import ledger
from domain.bookings import Booking, SlotTaken, must_be_free
from domain.errors import BrokenInvariant
from domain.events import StaffAlerted
from domain.ids import BookingId, PaymentId, RefundId
from domain.money import Money, currency
from domain.payments import (
    CardUsed,
    Failure,
    Observation,
    Payment,
    PaymentStatus,
    speaks_for_booking,
)
from domain.policies import Fault
from domain.refunds import Refund, RefundCause, RefundStatus

_SEEN_AS = {
    GatewayPaymentStatus.NEEDS_METHOD: PaymentStatus.PENDING,
    GatewayPaymentStatus.NEEDS_CONFIRMATION: PaymentStatus.PENDING,
    GatewayPaymentStatus.NEEDS_ACTION: PaymentStatus.REQUIRES_ACTION,
    GatewayPaymentStatus.PROCESSING: PaymentStatus.PROCESSING,
    GatewayPaymentStatus.SUCCEEDED: PaymentStatus.SUCCEEDED,
    GatewayPaymentStatus.CANCELED: PaymentStatus.CANCELED,
}
_CANCELABLE = {
    GatewayPaymentStatus.NEEDS_METHOD,
    GatewayPaymentStatus.NEEDS_CONFIRMATION,
    GatewayPaymentStatus.NEEDS_ACTION,
}
AMOUNT_MISMATCH = "amount_mismatch"


@frozen(kw_only=True)
class GatewayPaymentRef:
    """Name a payment of the gateway's, as the params of an operation."""

    payment: str


@frozen
class Applying:
    """Apply what the gateway holds to our payments and refunds."""

    clock: Clock
    ids: Ids
    plans: Plans
    accounting: Accounting

    # --- Payments ------------------------------------------------------------------------------

    def payment(
        self, unit: Unit, id: PaymentId, seen: GatewayPayment, *, read_at: datetime
    ) -> Payment:
        """Apply a gateway's payment that was read beginning at `read_at`."""
        now = self.clock.now()
        booking, payment = self._locked(unit, id, seen, now)
        observation = observed(seen, read_at)
        is_news = observation.status is PaymentStatus.SUCCEEDED and (
            not payment.status.has_succeeded
        )
        if is_news and observation.captured != payment.amount:
            settled = seen.balance_transaction
            return self._mismatch(unit, booking, payment, observation, settled)
        payment = payment.observe(observation)
        if is_news:
            booking, payment = self._place(unit, booking, payment, now)
        if payment.status.has_succeeded and seen.balance_transaction is not None:
            payment = self.accounting.gateway_settled(unit, payment, seen.balance_transaction, now)
        if payment.status is PaymentStatus.CANCELING and seen.status in _CANCELABLE:
            self.plan_cancel(unit, payment)
        self.show(unit, booking, payment, now)
        return unit.payments.save(payment)

    def _locked(
        self, unit: Unit, id: PaymentId, seen: GatewayPayment, now: datetime
    ) -> tuple[Booking | None, Payment]:
        found = unit.payments.find(id)
        if found is None or found.booking_id is None:
            return None, unit.payments.get(id)
        if seen.status is GatewayPaymentStatus.SUCCEEDED and not found.status.has_succeeded:
            booking = unit.bookings.find(found.booking_id)
            if booking is not None and booking.can_be_reseated(now):
                unit.users.lock_calendars(booking.people)
        return unit.bookings.get(found.booking_id), unit.payments.get(id)

    def _place(
        self, unit: Unit, booking: Booking | None, payment: Payment, now: datetime
    ) -> tuple[Booking | None, Payment]:
        """Decide what a success is for: its booking, a slot that is still free, or nothing."""
        if booking is None:
            raise BrokenInvariant(f"{payment.id} pays for nothing")
        if booking.can_be_reseated(now) and self._seat_is_free(unit, booking):
            booking = booking.reseat(at=now)
        elif not booking.awaits_payment:
            payment = self.accounting.payment_in_suspense(unit, payment, now)
            return booking, self._send_back(unit, payment, now)
        return booking, self.accounting.payment_succeeded(unit, payment, now)

    @staticmethod
    def _seat_is_free(unit: Unit, booking: Booking) -> bool:
        gig = unit.gigs.find(booking.gig_id)
        others = unit.bookings.overlapping(booking.people, booking.period)
        try:
            must_be_free(booking, gig.capacity if gig else 1, others)
        except SlotTaken:
            return False
        return True

    def _send_back(self, unit: Unit, payment: Payment, now: datetime) -> Payment:
        refund, payment = Refund.reserve(
            id=RefundId(self.ids.new("refund")),
            payment=payment,
            amount=payment.refundable,
            reason="The payment came after the booking had ended.",
            fault=Fault.NONE,
            cause=RefundCause.LATE_PAYMENT,
            requested_by=None,
            at=now,
        )
        self.accounting.refund_reserved(unit, payment, refund, now)
        unit.refunds.save(refund)
        self.plan_refund(unit, payment, refund, for_worker=True)
        return payment

    def _mismatch(
        self,
        unit: Unit,
        booking: Booking | None,
        payment: Payment,
        seen: Observation,
        settled: BalanceTransaction | None,
    ) -> Payment:
        """Keep an amount that nobody asked for apart, and tell staff; the payment is not paid."""
        now = self.clock.now()
        charge = seen.charge_id or seen.gateway_id
        # Whatever becomes of the payment meanwhile, the charge itself is booked and told once.
        is_news = self.accounting.stray_charge(unit, charge, seen.captured, settled, now)
        failure = Failure(
            code=AMOUNT_MISMATCH,
            message="The amount that was charged is not what was asked for; staff were told.",
        )
        payment = payment.mischarged(seen, failure)
        if is_news:
            alert = StaffAlerted(
                topic="suspense",
                subject=payment.id,
                detail=f"{seen.captured!r} was captured instead of {payment.amount!r}",
                at=now,
            )
            payment = evolve(payment, events=(*payment.events, alert))
        self.show(unit, booking, payment, now)
        return unit.payments.save(payment)

    @staticmethod
    def show(unit: Unit, booking: Booking | None, payment: Payment, now: datetime) -> None:
        """Show on its booking, locked in this unit, how a payment stands."""
        # News of an earlier payment must not unpay what another one has paid.
        if booking is None or not speaks_for_booking(payment, unit.payments.of_booking(booking.id)):
            return
        shown = booking.paid_as(
            payment.booking_state,
            is_processing=payment.status is PaymentStatus.PROCESSING,
            at=now,
        )
        if shown != booking or shown.events:
            unit.bookings.save(shown)

    def try_failed(self, unit: Unit, id: PaymentId, failure: Failure) -> Payment:
        """Note that a try was refused without the gateway telling what it holds."""
        return self._changed(unit, id, lambda payment, at: payment.try_failed(failure, at=at))

    def try_dropped(self, unit: Unit, id: PaymentId) -> Payment:
        """Note that a try was given up before the gateway saw it."""
        return self._changed(unit, id, lambda payment, at: payment.try_dropped(at=at))

    def _changed(
        self, unit: Unit, id: PaymentId, change: Callable[[Payment, datetime], Payment]
    ) -> Payment:
        now = self.clock.now()
        found = unit.payments.find(id)
        booking_id: BookingId | None = found.booking_id if found else None
        booking = unit.bookings.get(booking_id) if booking_id else None
        payment = change(unit.payments.get(id), now)
        if payment.status is PaymentStatus.CANCELING and payment.gateway_id is None:
            payment = payment.never_sent(at=now)
        self.show(unit, booking, payment, now)
        return unit.payments.save(payment)

    def plan_cancel(self, unit: Unit, payment: Payment) -> None:
        """Have the worker cancel a payment at the gateway, unless that is under way."""
        if payment.gateway_id is None:
            return
        under_way = any(
            operation.kind == EffectKind.CANCEL_PAYMENT and operation.state.is_open
            for operation in unit.operations.of_subject(payment.id)
        )
        if not under_way:
            self.plans.plan(
                unit,
                EffectKind.CANCEL_PAYMENT,
                payment.id,
                GatewayPaymentRef(payment=payment.gateway_id),
                for_worker=True,
            )

    # --- Refunds -------------------------------------------------------------------------------

    def plan_refund(
        self, unit: Unit, payment: Payment, refund: Refund, *, for_worker: bool = False
    ) -> Operation:
        """Record the intent to send a reserved refund."""
        if payment.gateway_id is None:
            raise BrokenInvariant(f"{payment.id} was captured without a gateway's id")
        request = NewRefund(
            operation="",
            payment=payment.gateway_id,
            amount=refund.amount.minor,
            currency=refund.amount.currency.code,
            metadata={"payment_id": payment.id, "refund_id": refund.id},
        )
        return self.plans.plan(
            unit, EffectKind.CREATE_REFUND, refund.id, request, for_worker=for_worker
        )

    def adopt_refund(self, unit: Unit, id: PaymentId, seen: GatewayRefund) -> RefundId | None:
        """Take over a refund that was made at the gateway itself; None where it does not fit."""
        now = self.clock.now()
        found = unit.payments.find(id)
        if found is not None and found.booking_id is not None:
            unit.bookings.get(found.booking_id)
        payment = unit.payments.get(id)
        amount = Money(seen.amount, currency(seen.currency))
        if not payment.status.has_succeeded or not Money.zero(amount.currency) < amount:
            return None
        if amount > payment.refundable:
            return None
        refund, reduced = Refund.reserve(
            id=RefundId(self.ids.new("refund")),
            payment=payment,
            amount=amount,
            reason="Made at the payment gateway.",
            fault=Fault.NONE,
            cause=RefundCause.MANUAL,
            requested_by=None,
            at=now,
        )
        self.accounting.refund_reserved(unit, payment, refund, now)
        unit.payments.save(reduced)
        return unit.refunds.save(refund).id

    def refund(self, unit: Unit, id: RefundId, seen: GatewayRefund) -> Refund:
        """Apply a gateway's refund."""
        now = self.clock.now()
        booking, payment, refund = self._locked_refund(unit, id)
        if Money(seen.amount, currency(seen.currency)) != refund.amount:
            raise BrokenInvariant(f"{refund.id}: {seen.amount} was sent, not {refund.amount!r}")
        if refund.status is RefundStatus.RESERVED:
            refund = refund.accepted(seen.id, at=now)
            if refund.cause is not RefundCause.OWED:
                payment = payment.refund_accepted(refund.amount, at=now)
        if seen.status is GatewayRefundStatus.SUCCEEDED and refund.status is RefundStatus.PENDING:
            refund = refund.succeeded(at=now)
            post(unit, ledger.refund_confirmed(refund, now))
        if seen.status is GatewayRefundStatus.FAILED and refund.status is not RefundStatus.FAILED:
            reason = seen.failure_reason or "unknown"
            payment, refund = self._failed(unit, payment, refund, reason, now)
        self.show(unit, booking, payment, now)
        unit.payments.save(payment)
        return unit.refunds.save(refund)

    def refund_refused(self, unit: Unit, id: RefundId, reason: str) -> Refund:
        """Note that the gateway did not take a refund: what it took is given back."""
        now = self.clock.now()
        booking, payment, refund = self._locked_refund(unit, id)
        if refund.status is not RefundStatus.RESERVED:
            return refund
        payment, refund = self._failed(unit, payment, refund, reason, now)
        self.show(unit, booking, payment, now)
        unit.payments.save(payment)
        return unit.refunds.save(refund)

    def _failed(
        self, unit: Unit, payment: Payment, refund: Refund, reason: str, now: datetime
    ) -> tuple[Payment, Refund]:
        was_accepted = refund.status is RefundStatus.PENDING
        had_succeeded = refund.has_succeeded
        refund = refund.failed(reason, at=now)
        if had_succeeded:
            post(unit, ledger.refund_returned(refund, now))
        else:
            self.accounting.refund_released(unit, payment, refund, now)
            if refund.cause is not RefundCause.OWED:
                payment = payment.refund_released(
                    refund.amount, refund.legs, was_accepted=was_accepted, at=now
                )
            elif refund.settles is not None:
                unit.refunds.save(evolve(unit.refunds.get(refund.settles), is_owed=True))
        alert = StaffAlerted(topic="refund_failed", subject=refund.id, detail=reason, at=now)
        return payment, evolve(refund, events=(*refund.events, alert))

    @staticmethod
    def _locked_refund(unit: Unit, id: RefundId) -> tuple[Booking | None, Payment, Refund]:
        found = unit.refunds.find(id)
        if found is None:
            raise BrokenInvariant(f"{id} is gone")
        booking = unit.bookings.get(found.booking_id) if found.booking_id else None
        return booking, unit.payments.get(found.payment_id), unit.refunds.get(id)


def observed(seen: GatewayPayment, read_at: datetime) -> Observation:
    """Put a gateway's payment into the domain's words."""
    failure = None
    status = _SEEN_AS[seen.status]
    if seen.failure is not None and status is PaymentStatus.PENDING:
        status = PaymentStatus.FAILED
        failure = Failure(
            code=seen.failure.code,
            message=seen.failure.message,
            decline_code=seen.failure.decline_code,
            advice=seen.failure.advice,
        )
    return Observation(
        status=status,
        captured=Money(seen.captured, currency(seen.currency)),
        gateway_id=seen.id,
        read_at=read_at,
        client_secret=seen.client_secret,
        charge_id=seen.charge,
        receipt_url=seen.receipt_url,
        used=CardUsed(method_type=seen.method_type, brand=seen.card_brand, last4=seen.card_last4),
        failure=failure,
    )
