"""Charging a card from the server, and booking in the same call."""

from datetime import datetime

from attrs import frozen

from application.answers import answered, bind, bound
from application.bookings import BookGig, Seating
from application.bus import handles
from application.commands import Actor, Command
from application.customers import Customers
from application.effects import EffectKind, GatewayDeclined, Plans
from application.payments.charging import Begun, Charging, OpenedPayment, PaymentInProgress
from application.payments.refreshing import Refreshing
from application.ports.clock import Clock
from application.ports.gateway import Confirmation
from application.ports.ids import Ids
from application.ports.storage import Reader, Unit, UnitOfWork
from domain.bookings import BOOKING_HORIZON, Booking, BookingNotConfirmed
from domain.cards import SavedCard
from domain.errors import InvalidField, NotFound
from domain.gigs import Confirmation as Agreement
from domain.ids import BookingId, GigId, UserId
from domain.payments import PaymentStatus
from domain.people import Role
from domain.time import period_of


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
        if begun.operation is not None and not begun.is_ours and not _tries(begun, card):
            # What is under way will not charge this card: it has to be over before we can.
            self.charging.wait_for(begun.operation)
            begun = self.work(decide)
        try:
            return self.charging.carry_out(begun)
        except GatewayDeclined:
            return self._as_it_stands(begun)

    def _rehearse(
        self, unit: Unit, actor: Actor, command: ProcessPayment, wanted: BookGig | None
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
        student = UserId(actor.user_id or "")
        booked = self._booked_before(unit, wanted, student) or self.seating.book(
            unit, wanted, student, new_booking
        )
        return self.charging.payable(unit, actor, booked.id)

    def _booked_before(self, unit: Unit, wanted: BookGig, student: UserId) -> Booking | None:
        """Return the student's own unpaid booking of this very lesson: a try before made it."""
        if wanted.starts_at > self.clock.now() + BOOKING_HORIZON:
            return None  # no booking is that far ahead, and no period may end beyond all time
        period = period_of(wanted.starts_at, wanted.minutes)
        for booking in unit.bookings.overlapping((student,), period):
            is_the_same = booking.gig_id == wanted.gig_id and booking.period == period
            if is_the_same and booking.student_id == student and booking.awaits_payment:
                return booking
        return None

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
            operation = self.plans.plan(unit, EffectKind.CONFIRM_PAYMENT, payment.id, request)
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


def _tries(begun: Begun, card: SavedCard) -> bool:
    """Tell whether the operation of another request tries this very card: then it is shared."""
    operation = begun.operation
    return operation is not None and operation.params.get("payment_method") == card.gateway_id


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
