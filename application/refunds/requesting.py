"""Giving some of a payment back, on request."""

from attrs import frozen

from application.accounting import Accounting
from application.answers import bind
from application.applying import Applying
from application.bus import handles
from application.commands import Actor, Command
from application.payments import may_see
from application.ports.clock import Clock
from application.ports.gateway import ChargeLimits
from application.ports.ids import Ids
from application.ports.records import Operation
from application.ports.storage import Unit, UnitOfWork
from application.refunds.sending import Sending
from application.staff import audited
from domain.bookings import Booking, Party
from domain.errors import Forbidden, InvalidField, NotFound
from domain.ids import PaymentId, RefundId
from domain.money import Money
from domain.payments import Payment, RefundExceedsRefundable
from domain.people import Role
from domain.policies import Fault, Outcome
from domain.quotes import due_back
from domain.refunds import Refund, RefundCause


@frozen(kw_only=True)
class RefundPayment(Command[RefundId]):
    """Give back `amount` (a decimal string) of a payment, or all that may be given back now.

    `fault` and `teacher_keeps` are for staff; a teacher may take the fault.
    """

    payment_id: PaymentId
    amount: str | None = None
    reason: str = ""
    fault: Fault | None = None
    teacher_keeps: bool | None = None


@handles(RefundPayment)
@frozen
class RefundPaymentHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    applying: Applying
    accounting: Accounting
    limits: ChargeLimits
    sending: Sending

    def __call__(self, command: RefundPayment, actor: Actor) -> RefundId:
        actor.must_be_known()
        _must_judge(actor, command)
        # A student's refund calls the lesson off: it must happen then, sooner or later.
        return self.sending.resume() or self.sending.send(
            self.work(lambda unit: self._reserve(unit, actor, command)),
            is_ours=True,
            is_patient=actor.role is Role.STUDENT,
        )

    def _reserve(self, unit: Unit, actor: Actor, command: RefundPayment) -> Operation:
        now = self.clock.now()
        found = unit.payments.find(command.payment_id)
        if found is None or not may_see(actor, found):
            raise NotFound("This payment")
        booking = unit.bookings.get(found.booking_id) if found.booking_id else None
        payment = unit.payments.get(command.payment_id)
        refund, reduced = Refund.reserve(
            id=RefundId(self.ids.new("refund")),
            payment=payment,
            amount=self._amount(unit, actor, command, payment, booking),
            reason=command.reason,
            fault=command.fault or (Fault.STUDENT if actor.role is Role.STUDENT else Fault.NONE),
            cause=RefundCause.MANUAL,
            requested_by=actor.user_id,
            teacher_keeps=bool(command.teacher_keeps),
            at=now,
        )
        self.accounting.refund_reserved(unit, payment, refund, now)
        if actor.role is Role.STUDENT and booking is not None and not booking.status.is_final:
            reduced = self._call_off(unit, booking, reduced, command.reason)
        unit.payments.save(reduced)
        unit.refunds.save(refund)
        operation = self.applying.plan_refund(unit, payment, refund)
        bind(unit, "refund", operation.id)
        if actor.is_admin:
            audited(
                unit,
                self.ids,
                actor,
                action="payment.refund",
                subject=payment.id,
                before={"refundable_amount": str(payment.refundable)},
                after={"refundable_amount": str(reduced.refundable), "refund_id": refund.id},
                at=now,
            )
        return operation

    def _call_off(self, unit: Unit, booking: Booking, payment: Payment, reason: str) -> Payment:
        """End the booking: what the policy gives back is given for calling it off.

        A student who took the money back and kept the lesson would have it for nothing.
        """
        now = self.clock.now()
        cancelled = unit.bookings.save(booking.cancel(by=Party.STUDENT, reason=reason, at=now))
        return self.accounting.lesson_ended(unit, cancelled, payment, now)

    def _amount(
        self,
        unit: Unit,
        actor: Actor,
        command: RefundPayment,
        payment: Payment,
        booking: Booking | None,
    ) -> Money:
        most = payment.refundable
        if actor.role is Role.STUDENT and booking is not None:
            most = self._most_for_student(unit, booking, payment)
        amount = most
        if command.amount is not None:
            amount = Money.parse(command.amount, payment.amount.currency)
            payment.must_be_refundable(amount)
            self._must_be_sendable(amount)
        if amount > most or (payment.refundable and not most):
            raise RefundExceedsRefundable(
                f"The policy gives back {most} {most.currency} now; ask for more with a request.",
                refundable_amount=str(most),
            )
        return amount

    def _must_be_sendable(self, amount: Money) -> None:
        step = self.limits(amount.currency.code).step
        if amount.minor % step:
            least = Money(step, amount.currency)
            raise InvalidField("amount", f"Use multiples of {least} {amount.currency}.")

    def _most_for_student(self, unit: Unit, booking: Booking, payment: Payment) -> Money:
        """Return what the policy's quote gives; once the lesson is over, nothing.

        Whoever called the booking off by asking for a part may have the rest of what the quote
        gave at that instant, until the lesson would have ended: before any of it is paid out.
        """
        at = self.clock.now()
        if at >= booking.period.end:
            return Money.zero(payment.amount.currency)
        if booking.status.is_final:
            asked = [
                refund.created_at
                for refund in unit.refunds.of_payment(payment.id)
                if refund.requested_by == booking.student_id
            ]
            if booking.outcome is not Outcome.CANCELLED_BY_STUDENT or not asked:
                return Money.zero(payment.amount.currency)
            at = min(asked)
        step = self.limits(payment.amount.currency.code).step
        return due_back(booking, payment, Outcome.CANCELLED_BY_STUDENT, at, step=step)


def _must_judge(actor: Actor, command: RefundPayment) -> None:
    """Refuse to let a side of the lesson say that the other one, or the platform, bears it."""
    if actor.is_admin or (command.fault is None and command.teacher_keeps is None):
        return
    is_own_fault = actor.role is Role.TEACHER and command.fault is Fault.TEACHER
    if not is_own_fault or command.teacher_keeps is not None:
        raise Forbidden("Only staff decide whose fault a refund is.")
