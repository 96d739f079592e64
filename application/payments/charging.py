"""Begin payments in an open unit, and carry them out after it."""

from attrs import frozen

from application.answers import answered
from application.bookings import party_of
from application.commands import Actor
from application.customers import declined, failure_in, was_declined
from application.effects import (
    EffectKind,
    Effects,
    GatewayDeclined,
    OperationUnderWay,
    Plans,
)
from application.ports.clock import Clock
from application.ports.gateway import ChargeLimits, NewPayment
from application.ports.ids import Ids
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit, UnitOfWork
from application.rules import PlatformRules
from domain.bookings import Booking, Party
from domain.cards import SavedCard
from domain.errors import Conflict, NotFound
from domain.ids import BookingId, OperationId, PaymentId
from domain.money import Money
from domain.payments import AmountTooLarge, AmountTooSmall, Payment, PaymentStatus


class PaymentInProgress(Conflict):
    """The gateway is still working on this payment."""

    code = "payment_in_progress"


@frozen(kw_only=True)
class OpenedPayment:
    """A payment that was begun, or the live one that was there.

    `is_unknown` tells that the gateway's answer was lost: the worker will find out.
    """

    payment_id: PaymentId
    is_new: bool
    is_unknown: bool = False


@frozen(kw_only=True)
class Begun:
    """What the first unit decided: whose operation is to be carried out, if any."""

    payment_id: PaymentId
    is_new: bool
    operation: Operation | None = None
    is_ours: bool = False


@frozen
class Charging:
    """Begin payments in an open unit, and carry them out after it."""

    work: UnitOfWork
    clock: Clock
    ids: Ids
    rules: PlatformRules
    limits: ChargeLimits
    plans: Plans
    effects: Effects

    def payable(self, unit: Unit, actor: Actor, id: BookingId) -> Booking:
        """Return the booking, locked, if the actor may pay for it and it can be paid."""
        party = party_of(actor, unit.bookings.find(id))
        if party is Party.TEACHER:
            raise NotFound("This booking")
        booking = unit.bookings.get(id)
        booking.must_be_payable()
        self._must_be_chargeable(booking.price)
        return booking

    def _must_be_chargeable(self, amount: Money) -> None:
        smallest = Money(self.limits(amount.currency.code).minimum, amount.currency)
        largest = self.rules.largest_payment(amount.currency)
        if amount < smallest:
            raise AmountTooSmall(f"A card payment is at least {smallest} {amount.currency}.")
        if amount > largest:
            raise AmountTooLarge(f"A payment is at most {largest} {amount.currency}.")

    @staticmethod
    def live(unit: Unit, booking: Booking) -> Payment | None:
        """Return the booking's live payment, locked."""
        for payment in unit.payments.of_booking(booking.id):
            if payment.status.is_live:
                return payment
        return None

    @staticmethod
    def being_sent(unit: Unit, payment: Payment) -> Operation | None:
        """Return the operation on this payment that has not ended yet."""
        for operation in unit.operations.of_subject(payment.id):
            if operation.state.is_open:
                return operation
        return None

    def open(self, booking: Booking) -> Payment:
        """Begin a payment of the booking's price."""
        price = booking.price
        return Payment.open(
            id=PaymentId(self.ids.new("payment")),
            booking_id=booking.id,
            student_id=booking.student_id,
            amount=price,
            discount=Money.zero(price.currency),
            terms=booking.terms,
            teachers=booking.teachers,
            at=self.clock.now(),
        )

    def plan_create(
        self, unit: Unit, payment: Payment, customer: str, card: SavedCard | None
    ) -> Operation:
        """Record the intent to make the payment at the gateway, and to try it with a card."""
        request = NewPayment(
            operation="",
            amount=payment.amount.minor,
            currency=payment.amount.currency.code,
            customer=customer,
            description=f"Booking {payment.booking_id}",
            transfer_group=payment.booking_id or payment.id,
            metadata={"payment_id": payment.id, "booking_id": payment.booking_id or ""},
            payment_method=card.gateway_id if card else None,
        )
        return self.plans.plan(unit, EffectKind.CREATE_PAYMENT, payment.id, request)

    def carry_out(self, begun: Begun) -> OpenedPayment:
        """Perform the operation that was begun, or wait for who performs it.

        Raises `CardDeclined` when the bank said no, `GatewayDeclined` when the gateway did, and
        `GatewayUnavailable` when nothing was sent.
        """
        if begun.operation is None:
            return OpenedPayment(payment_id=begun.payment_id, is_new=begun.is_new)

        def then(unit: Unit, operation: Operation) -> OpenedPayment:
            return answered(unit, _opened(begun, operation))

        if begun.is_ours:
            done = self.effects.perform(begun.operation, then=then)
        else:
            done = self.effects.join(begun.operation.id, then=then)
        if done.state is OperationState.REFUSED:
            if was_declined(done):
                raise declined(failure_in(done), begun.payment_id)
            raise GatewayDeclined("The payment gateway refused this payment.")
        return _opened(begun, done)

    def wait_for(self, operation: Operation) -> None:
        """Wait until an operation of another request is over, however it ends.

        Raises `OperationUnderWay` when that takes too long, or nobody knows how it ended.
        """
        ended = self.effects.join(operation.id)
        if ended.state.is_open:
            raise OperationUnderWay("Another request is under way for this. Try again soon.")

    def resume(self, id: OperationId, *, is_new: bool) -> OpenedPayment:
        """Carry on what an earlier run of this same request began."""
        operation = self.work(lambda unit: unit.operations.get(id))
        payment = PaymentId(operation.subject)
        return self.carry_out(Begun(payment_id=payment, is_new=is_new, operation=operation))

    def show_pending(self, unit: Unit, booking: Booking, payment: Payment) -> None:
        """Show the payment on its booking."""
        unit.bookings.save(
            booking.paid_as(
                payment.booking_state,
                is_processing=payment.status is PaymentStatus.PROCESSING,
                at=self.clock.now(),
            )
        )


def _opened(begun: Begun, operation: Operation) -> OpenedPayment:
    return OpenedPayment(
        payment_id=begun.payment_id, is_new=begun.is_new, is_unknown=operation.state.is_open
    )
