"""What the end of a booking does to money, in the one unit that ends it.

The deliberate exception to "one aggregate a unit": booking, refund, fee and ledger change together,
locked in the fixed order booking, payment, refund, balances.
"""

from attrs import frozen

from application.accounting import Accounting
from application.applying import Applying
from application.ports.clock import Clock
from application.ports.gateway import ChargeLimits
from application.ports.ids import Ids
from application.ports.records import Operation
from application.ports.storage import Unit
from domain.bookings import Booking
from domain.errors import BrokenInvariant
from domain.ids import RefundId, UserId
from domain.payments import Payment, Stage
from domain.policies import FAULT_OF, Outcome
from domain.quotes import due_back
from domain.refunds import Refund, RefundCause


@frozen
class Ending:
    """Carry the outcome of a booking out."""

    clock: Clock
    ids: Ids
    applying: Applying
    accounting: Accounting
    limits: ChargeLimits

    def step_of(self, booking: Booking) -> int:
        """Return the least that the gateway can move of a booking's currency, in minor units."""
        return self.limits(booking.price.currency.code).step

    def carry_out(
        self, unit: Unit, booking: Booking, *, by: UserId | None, reason: str
    ) -> Operation | None:
        """Refund what the outcome returns, then give what remains to teachers and platform.

        Payments that are not captured yet are called off. Return the operation that sends the
        refund, to be performed after the unit; None when nothing goes back.
        """
        if booking.outcome is None:
            raise BrokenInvariant(f"{booking.id} has not ended")
        self.call_off_what_is_open(unit, booking)
        operation = None
        for payment in unit.payments.of_booking(booking.id):
            if payment.stage is Stage.PENDING:
                operation = self._settle(unit, booking, payment, by=by, reason=reason)
        return operation

    def call_off_what_is_open(self, unit: Unit, booking: Booking) -> None:
        """Cancel the payments of a booking that are not captured: nobody is to pay for it now."""
        for payment in unit.payments.of_booking(booking.id):
            if payment.status.is_live:
                self.applying.show(unit, booking, self.call_off(unit, payment), self.clock.now())

    def call_off(self, unit: Unit, payment: Payment) -> Payment:
        """Cancel a payment that is not captured; a success that wins the race goes back."""
        at = self.clock.now()
        is_being_sent = any(
            operation.state.is_open for operation in unit.operations.of_subject(payment.id)
        )
        if payment.gateway_id is None and not is_being_sent:
            return unit.payments.save(payment.never_sent(at=at))
        payment = unit.payments.save(payment.begin_cancel(at=at))
        self.applying.plan_cancel(unit, payment)
        return payment

    def _settle(
        self, unit: Unit, booking: Booking, payment: Payment, *, by: UserId | None, reason: str
    ) -> Operation | None:
        at = self.clock.now()
        outcome = booking.outcome or Outcome.EXPIRED
        # The instant of the outcome, not a later one: a quote was shown for just that.
        step = self.step_of(booking)
        due = due_back(booking, payment, outcome, booking.updated_at, step=step)
        operation = None
        if due:
            refund, reduced = Refund.reserve(
                id=RefundId(self.ids.new("refund")),
                payment=payment,
                amount=due,
                reason=reason or outcome.replace("_", " "),
                fault=FAULT_OF[outcome],
                cause=_CAUSES.get(outcome, RefundCause.CANCELLATION),
                requested_by=by,
                at=at,
            )
            self.accounting.refund_reserved(unit, payment, refund, at)
            unit.refunds.save(refund)
            operation = self.applying.plan_refund(unit, payment, refund)
            payment = reduced
        unit.payments.save(self.accounting.lesson_ended(unit, booking, payment, at))
        return operation


_CAUSES = {
    Outcome.STUDENT_NO_SHOW: RefundCause.NO_SHOW,
    Outcome.TEACHER_NO_SHOW: RefundCause.NO_SHOW,
}
