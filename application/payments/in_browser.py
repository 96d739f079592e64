"""Paying in the browser: begun here, confirmed there."""

from attrs import evolve, frozen

from application.answers import answered, bind, bound
from application.bus import handles
from application.commands import Actor, Command
from application.customers import Customers
from application.payments.charging import Begun, Charging, OpenedPayment
from application.payments.looking import may_see
from application.payments.refreshing import Refreshing
from application.ports.storage import Reader, Unit, UnitOfWork
from domain.errors import NotFound
from domain.ids import BookingId, PaymentId
from domain.people import Role


@frozen(kw_only=True)
class CreatePaymentIntent(Command[OpenedPayment]):
    """Begin a payment that the payer confirms in the browser."""

    booking_id: BookingId


@handles(CreatePaymentIntent)
@frozen
class CreatePaymentIntentHandler:
    work: UnitOfWork
    customers: Customers
    charging: Charging

    def __call__(self, command: CreatePaymentIntent, actor: Actor) -> OpenedPayment:
        actor.must_be(Role.STUDENT, Role.ADMIN)
        begun_before = bound("payment")
        if begun_before is not None:
            return self.charging.resume(begun_before, is_new=True)
        student = self.work(
            lambda unit: self.charging.payable(unit, actor, command.booking_id).student_id
        )
        customer = self.customers.customer_of(student)
        return self.charging.carry_out(
            self.work(lambda unit: self._begin(unit, actor, command.booking_id, customer))
        )

    def _begin(self, unit: Unit, actor: Actor, booking_id: BookingId, customer: str) -> Begun:
        booking = self.charging.payable(unit, actor, booking_id)
        payment = self.charging.live(unit, booking)
        if payment is not None:
            begun = Begun(
                payment_id=payment.id,
                is_new=False,
                operation=self.charging.being_sent(unit, payment),
            )
            if payment.gateway_id is not None:
                answered(unit, OpenedPayment(payment_id=payment.id, is_new=False))
                return evolve(begun, operation=None)
            if begun.operation is not None:
                return begun
        payment = unit.payments.save(payment or self.charging.open(booking))
        operation = self.charging.plan_create(unit, payment, customer, None)
        self.charging.show_pending(unit, booking, payment)
        bind(unit, "payment", operation.id)
        return Begun(payment_id=payment.id, is_new=True, operation=operation, is_ours=True)


@frozen(kw_only=True)
class ConfirmPayment(Command[PaymentId]):
    """Ask the gateway how a payment stands, and book what it says."""

    payment_id: PaymentId


@handles(ConfirmPayment)
@frozen
class ConfirmPaymentHandler:
    read: Reader
    refreshing: Refreshing

    def __call__(self, command: ConfirmPayment, actor: Actor) -> PaymentId:
        actor.must_be(Role.STUDENT, Role.ADMIN)
        payment = self.read(lambda views: views.payments.find(command.payment_id))
        if payment is None or not may_see(actor, payment):
            raise NotFound("This payment")
        self.refreshing.refresh(payment, lambda unit: answered(unit, command.payment_id))
        return command.payment_id
