"""Paying for a booking: in the browser, or from the server with a saved card."""

from collections.abc import Callable
from datetime import datetime

from attrs import evolve, frozen

from application.answers import answered, bind, bound
from application.applying import Applying
from application.bookings import BookGig, Seating, own_only, party_of
from application.bus import handles
from application.commands import Actor, Command
from application.customers import Customers, declined, failure_in, was_declined
from application.effects import Effects, GatewayDeclined, Plans
from application.ports.clock import Clock
from application.ports.gateway import (
    ChargeLimits,
    Confirmation,
    Gateway,
    GatewayBusy,
    GatewayPayment,
    GatewayRefused,
    NewPayment,
    OutcomeUnknown,
)
from application.ports.ids import Ids
from application.ports.records import Operation, OperationState
from application.ports.storage import Page, PageRequest, PaymentFilter, Reader, Unit, UnitOfWork
from application.rules import PlatformRules
from domain.bookings import Booking, BookingNotConfirmed, Party
from domain.cards import SavedCard
from domain.errors import Conflict, GatewayUnavailable, InvalidField, NotFound
from domain.gigs import Confirmation as Agreement
from domain.ids import BookingId, GigId, OperationId, PaymentId, UserId
from domain.money import Money
from domain.payments import AmountTooLarge, AmountTooSmall, Payment, PaymentStatus
from domain.people import Role


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
        return self.plans.plan(unit, "payment.create", payment.id, request)

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


@frozen
class Refreshing:
    """Read a payment at the gateway and apply what it says."""

    work: UnitOfWork
    clock: Clock
    gateway: Gateway
    applying: Applying

    def read(self, gateway_id: str) -> GatewayPayment:
        """Ask the gateway. Raises `GatewayUnavailable`, or `NotFound` for what it does not know."""
        try:
            return self.gateway.payments.payment(gateway_id)
        except GatewayRefused as refused:
            raise NotFound("This payment") from refused
        except (GatewayBusy, OutcomeUnknown) as error:
            raise GatewayUnavailable("The payment gateway did not answer.") from error

    def refresh(self, payment: Payment, then: Callable[[Unit], object]) -> None:
        """Apply what the gateway holds now; `then` runs in the same unit."""
        if payment.gateway_id is None:
            self.work(then)
            return
        read_at = self.clock.now()
        seen = self.read(payment.gateway_id)

        def decide(unit: Unit) -> None:
            self.applying.payment(unit, payment.id, seen, read_at=read_at)
            then(unit)

        self.work(decide)


# --- In the browser ------------------------------------------------------------------------------


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
    work: UnitOfWork
    read: Reader
    charging: Charging
    refreshing: Refreshing

    def __call__(self, command: ConfirmPayment, actor: Actor) -> PaymentId:
        actor.must_be(Role.STUDENT, Role.ADMIN)
        payment = self.read(lambda views: views.payments.find(command.payment_id))
        if payment is None or not may_see(actor, payment):
            raise NotFound("This payment")
        self.refreshing.refresh(payment, lambda unit: answered(unit, command.payment_id))
        return command.payment_id


# --- From the server -----------------------------------------------------------------------------


@frozen(kw_only=True)
class ProcessPayment(Command[OpenedPayment]):
    """Charge a card on file for a booking, or book an instant gig and pay in one call.

    `payment_method_id` is a card of ours, or a fresh `pm_…`; without it the default is charged.
    """

    booking_id: BookingId | None = None
    gig_id: GigId | None = None
    starts_at: datetime | None = None
    minutes: int | None = None
    payment_method_id: str | None = None


@handles(ProcessPayment)
@frozen
class ProcessPaymentHandler:
    work: UnitOfWork
    read: Reader
    ids: Ids
    clock: Clock
    customers: Customers
    charging: Charging
    seating: Seating
    plans: Plans
    refreshing: Refreshing

    def __call__(self, command: ProcessPayment, actor: Actor) -> OpenedPayment:
        student = actor.must_be(Role.STUDENT)
        begun_before = bound("payment")
        if begun_before is not None:
            return self.charging.resume(begun_before, is_new=True)
        wanted = _wanted(command)
        new_booking = BookingId(self.ids.new("booking"))
        self.work(lambda unit: self._rehearse(unit, actor, command, wanted))
        customer = self.customers.customer_of(student)
        card = self.customers.card_for(student, command.payment_method_id)

        def decide(unit: Unit) -> Begun:
            booking = self._booking(unit, actor, command, wanted, new_booking)
            return self._begin(unit, booking, customer, card)

        begun = self.work(decide)
        try:
            return self.charging.carry_out(begun)
        except GatewayDeclined:
            return self._as_it_stands(begun)

    def _rehearse(
        self,
        unit: Unit,
        actor: Actor,
        command: ProcessPayment,
        wanted: BookGig | None,
    ) -> None:
        """Refuse what cannot be paid before a card is touched."""
        if wanted is None:
            self.charging.payable(unit, actor, BookingId(command.booking_id or ""))
            return
        gig = unit.gigs.find(wanted.gig_id)
        if gig is None or not gig.is_active:
            raise NotFound("This gig")
        if gig.confirmation is not Agreement.INSTANT:
            raise BookingNotConfirmed("This gig's teacher confirms first: book it, then pay.")

    def _booking(
        self,
        unit: Unit,
        actor: Actor,
        command: ProcessPayment,
        wanted: BookGig | None,
        new_booking: BookingId,
    ) -> Booking:
        if wanted is None:
            return self.charging.payable(unit, actor, BookingId(command.booking_id or ""))
        booked = self.seating.book(unit, wanted, UserId(actor.user_id or ""), new_booking)
        return self.charging.payable(unit, actor, booked.id)

    def _begin(self, unit: Unit, booking: Booking, customer: str, card: SavedCard) -> Begun:
        now = self.clock.now()
        payment = self.charging.live(unit, booking)
        if payment is not None:
            sending = self.charging.being_sent(unit, payment)
            if sending is not None:
                return Begun(payment_id=payment.id, is_new=False, operation=sending)
            if payment.status is PaymentStatus.PROCESSING:
                raise PaymentInProgress("The gateway is still working on this payment.")
        is_new = payment is None
        payment = (payment or self.charging.open(booking)).tried_again(at=now)
        payment = unit.payments.save(payment)
        if payment.gateway_id is None:
            operation = self.charging.plan_create(unit, payment, customer, card)
        else:
            request = Confirmation(
                operation="", payment=payment.gateway_id, payment_method=card.gateway_id
            )
            operation = self.plans.plan(unit, "payment.confirm", payment.id, request)
        self.charging.show_pending(unit, booking, payment)
        if not card.is_listed:
            unit.cards.save(card.removed(at=now))
        bind(unit, "payment", operation.id)
        return Begun(payment_id=payment.id, is_new=is_new, operation=operation, is_ours=True)

    def _as_it_stands(self, begun: Begun) -> OpenedPayment:
        """Look once more when the gateway refused a try: the browser may have been faster."""
        payment = self.read(lambda views: views.payments.find(begun.payment_id))
        opened = OpenedPayment(payment_id=begun.payment_id, is_new=begun.is_new)
        if payment is None or payment.gateway_id is None:
            raise GatewayDeclined("The payment gateway refused this payment.")

        def then(unit: Unit) -> None:
            known = unit.payments.get(begun.payment_id)
            if not known.status.has_succeeded:
                raise GatewayDeclined("The payment gateway refused this payment.")
            answered(unit, opened)

        self.refreshing.refresh(payment, then)
        return opened


def _wanted(command: ProcessPayment) -> BookGig | None:
    """Return the booking that a payment is to make; exactly one of booking and gig is named."""
    if (command.booking_id is None) == (command.gig_id is None):
        raise InvalidField("booking_id", "Name a booking, or a gig with a time.", "required")
    if command.gig_id is None:
        return None
    if command.starts_at is None or command.minutes is None:
        missing = "starts_at" if command.starts_at is None else "duration_minutes"
        raise InvalidField(missing, "Say when, and for how long.", "required")
    return BookGig(gig_id=command.gig_id, starts_at=command.starts_at, minutes=command.minutes)


# --- Looking -------------------------------------------------------------------------------------


def may_see(actor: Actor, payment: Payment) -> bool:
    """Tell whether a payment exists for the actor: payer, receiving teacher, or staff."""
    return (
        actor.sees_everything
        or payment.student_id == actor.user_id
        or payment.is_received_by(actor.user_id)
    )


@frozen(kw_only=True)
class GetPayment(Command[Payment]):
    """Look one payment up."""

    payment_id: PaymentId


@handles(GetPayment)
@frozen
class GetPaymentHandler:
    read: Reader

    def __call__(self, command: GetPayment, actor: Actor) -> Payment:
        actor.must_be_known()
        payment = self.read(lambda views: views.payments.find(command.payment_id))
        if payment is None or not may_see(actor, payment):
            raise NotFound("This payment")
        return payment


@frozen(kw_only=True)
class ListPayments(Command[Page[Payment]]):
    """Look through payments: those one made or received, or all for staff."""

    where: PaymentFilter
    page: PageRequest


@handles(ListPayments)
@frozen
class ListPaymentsHandler:
    read: Reader

    def __call__(self, command: ListPayments, actor: Actor) -> Page[Payment]:
        where = own_only(command.where, actor)
        return self.read(lambda views: views.payments.list(where, command.page))
