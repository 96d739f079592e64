"""Giving money back: full or in part, by staff, teachers and students."""

from datetime import datetime

from attrs import frozen

from application.accounting import Accounting, post
from application.answers import answered, bind, bound
from application.applying import Applying
from application.bookings import own_only
from application.bus import handles
from application.commands import Actor, Command
from application.effects import Effects, GatewayDeclined
from application.payments import may_see
from application.ports.clock import Clock
from application.ports.gateway import ChargeLimits
from application.ports.ids import Ids
from application.ports.records import Operation, OperationState
from application.ports.storage import Page, PageRequest, Reader, RefundFilter, Unit, UnitOfWork
from application.staff import audited
from domain import ledger
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


@frozen
class Sending:
    """Carry a reserved refund out."""

    work: UnitOfWork
    effects: Effects

    def send(self, operation: Operation, *, is_ours: bool, is_patient: bool = False) -> RefundId:
        """Perform the operation and answer. Raises `GatewayDeclined` when it was refused.

        With `is_patient` a busy gateway leaves it to the worker.
        """
        refund = RefundId(operation.subject)

        def then(unit: Unit, _: Operation) -> RefundId:
            return answered(unit, refund)

        if is_ours and is_patient:
            done = self.effects.patiently(operation, then=then)
        elif is_ours:
            done = self.effects.perform(operation, then=then)
        else:
            done = self.effects.join(operation.id, then=then)
        if done.state is OperationState.REFUSED:
            raise GatewayDeclined(
                "The payment gateway refused this refund; nothing was given back.",
                refund_id=refund,
            )
        return refund

    def resume(self) -> RefundId | None:
        """Carry on what an earlier run of this same request began."""
        begun = bound("refund")
        if begun is None:
            return None
        return self.send(self.work(lambda unit: unit.operations.get(begun)), is_ours=False)


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


# --- What a bank sent back ---------------------------------------------------------------------


@frozen(kw_only=True)
class RetryOwedRefund(Command[RefundId]):
    """Send what a bank returned once more; the new refund's id is answered."""

    refund_id: RefundId


@handles(RetryOwedRefund)
@frozen
class RetryOwedRefundHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids
    applying: Applying
    accounting: Accounting
    sending: Sending

    def __call__(self, command: RetryOwedRefund, actor: Actor) -> RefundId:
        actor.must_be(Role.ADMIN)
        return self.sending.resume() or self.sending.send(
            self.work(lambda unit: self._reserve(unit, actor, command)), is_ours=True
        )

    def _reserve(self, unit: Unit, actor: Actor, command: RetryOwedRefund) -> Operation:
        now = self.clock.now()
        payment, owed = _owed(unit, command.refund_id)
        again = owed.settling(
            id=RefundId(self.ids.new("refund")), requested_by=actor.user_id, at=now
        )
        self.accounting.refund_reserved(unit, payment, again, now)
        unit.refunds.save(owed.settled(at=now))
        unit.refunds.save(again)
        operation = self.applying.plan_refund(unit, payment, again)
        bind(unit, "refund", operation.id)
        _audit_owed(unit, self.ids, actor, owed, after={"refund_id": again.id}, at=now)
        return operation


@frozen(kw_only=True)
class MarkOwedPaid(Command[RefundId]):
    """Record that what a bank returned was paid by hand, with a reference."""

    refund_id: RefundId
    reference: str


@handles(MarkOwedPaid)
@frozen
class MarkOwedPaidHandler:
    work: UnitOfWork
    clock: Clock
    ids: Ids

    def __call__(self, command: MarkOwedPaid, actor: Actor) -> RefundId:
        actor.must_be(Role.ADMIN)
        now = self.clock.now()

        def decide(unit: Unit) -> RefundId:
            _, owed = _owed(unit, command.refund_id)
            unit.refunds.save(owed.settled(at=now))
            post(unit, ledger.owed_paid_by_hand(owed, now))
            _audit_owed(unit, self.ids, actor, owed, after={"reference": command.reference}, at=now)
            return answered(unit, owed.id)

        return self.work(decide)


def _owed(unit: Unit, id: RefundId) -> tuple[Payment, Refund]:
    found = unit.refunds.find(id)
    if found is None:
        raise NotFound("This refund")
    return unit.payments.get(found.payment_id), unit.refunds.get(id)


def _audit_owed(
    unit: Unit, ids: Ids, actor: Actor, owed: Refund, *, after: dict[str, str], at: datetime
) -> None:
    audited(
        unit,
        ids,
        actor,
        action="refund.settle",
        subject=owed.id,
        before={"owed_amount": str(owed.amount)},
        after=after,
        at=at,
    )


# --- Looking -------------------------------------------------------------------------------------


@frozen(kw_only=True)
class GetRefund(Command[Refund]):
    """Look one refund up."""

    refund_id: RefundId


@handles(GetRefund)
@frozen
class GetRefundHandler:
    read: Reader

    def __call__(self, command: GetRefund, actor: Actor) -> Refund:
        actor.must_be_known()
        refund = self.read(lambda views: views.refunds.find(command.refund_id))
        if refund is not None:
            payment = self.read(lambda views: views.payments.find(refund.payment_id))
            if payment is not None and may_see(actor, payment):
                return refund
        raise NotFound("This refund")


@frozen(kw_only=True)
class ListRefunds(Command[Page[Refund]]):
    """Look through refunds: of one's own payments, or all for staff."""

    where: RefundFilter
    page: PageRequest


@handles(ListRefunds)
@frozen
class ListRefundsHandler:
    read: Reader

    def __call__(self, command: ListRefunds, actor: Actor) -> Page[Refund]:
        where = own_only(command.where, actor)
        return self.read(lambda views: views.refunds.list(where, command.page))
