"""How a lesson ends: it took place, was called off, or somebody did not come."""

from attrs import frozen

from application.answers import answered, bind, bound
from application.bookings.access import locked
from application.bookings.deciding import Deciding
from application.bus import handles
from application.commands import Actor, Command
from application.effects import Effects
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit
from domain.bookings import Party, outcome_of_cancelling
from domain.errors import BrokenInvariant, InvalidField
from domain.ids import BookingId, RefundId
from domain.payments import Payment, Stage
from domain.people import Role
from domain.quotes import Quote, executed, quote


@frozen(kw_only=True)
class CompleteBooking(Command[BookingId]):
    """Say that the lesson took place. `actual_minutes` is for lessons paid from hours."""

    booking_id: BookingId
    actual_minutes: int | None = None


@handles(CompleteBooking)
@frozen
class CompleteBookingHandler(Deciding):
    def __call__(self, command: CompleteBooking, actor: Actor) -> BookingId:
        actor.must_be(Role.TEACHER, Role.ADMIN)
        now = self.clock.now()

        def decide(unit: Unit) -> BookingId:
            booking, _ = locked(unit, actor, command.booking_id)
            booked = booking.period.minutes
            if command.actual_minutes is not None and not 1 <= command.actual_minutes <= booked:
                raise InvalidField(
                    "actual_minutes", "Give one minute to as many as were booked.", "out_of_range"
                )
            completed = unit.bookings.save(booking.complete(at=now))
            self.ending.carry_out(unit, completed, by=actor.user_id, reason="")
            self.audit(unit, actor, booking, completed)
            return answered(unit, booking.id)

        return self.work(decide)


@frozen(kw_only=True)
class Cancelled:
    """A booking that was called off, and who got what."""

    booking_id: BookingId
    quote: Quote


@frozen(kw_only=True)
class CancelBooking(Command[Cancelled]):
    """Call a booking off; what its policy gives back is refunded."""

    booking_id: BookingId
    reason: str


@handles(CancelBooking)
@frozen
class CancelBookingHandler(Deciding):
    effects: Effects

    def __call__(self, command: CancelBooking, actor: Actor) -> Cancelled:
        actor.must_be_known()
        begun = bound("refund")
        if begun is not None:
            return self._carry_on(self.effects.join(begun))
        now = self.clock.now()

        def decide(unit: Unit) -> tuple[Cancelled, Operation | None]:
            booking, party = locked(unit, actor, command.booking_id)
            shown = quote(
                booking,
                captured_payment(unit, booking.id),
                outcome_of_cancelling(party),
                now,
                step=self.ending.step_of(booking),
            )
            cancelled = booking.cancel(by=party, reason=command.reason, at=now)
            cancelled = unit.bookings.save(cancelled)
            operation = self.ending.carry_out(
                unit, cancelled, by=actor.user_id, reason=command.reason
            )
            self.audit(unit, actor, booking, cancelled)
            result = Cancelled(booking_id=booking.id, quote=shown)
            if operation is None:
                return answered(unit, result), None
            bind(unit, "refund", operation.id)
            return result, operation

        result, operation = self.work(decide)
        if operation is None:
            return result
        done = self.effects.patiently(operation, then=lambda unit, _: answered(unit, result))
        if done.state is OperationState.REFUSED:
            # The booking is cancelled all the same; staff were told of the failed refund.
            self.work(lambda unit: answered(unit, result))
        return result

    def _carry_on(self, operation: Operation) -> Cancelled:
        def decide(unit: Unit) -> Cancelled:
            refund = unit.refunds.find(RefundId(operation.subject))
            booking = (
                unit.bookings.find(refund.booking_id) if refund and refund.booking_id else None
            )
            payment = unit.payments.find(refund.payment_id) if refund else None
            if refund is None or booking is None or payment is None:
                raise BrokenInvariant(f"{operation.id} sends a refund of nothing")
            result = Cancelled(booking_id=booking.id, quote=executed(booking, payment, refund))
            return answered(unit, result)

        return self.work(decide)


@frozen(kw_only=True)
class ReportNoShow(Command[BookingId]):
    """Say that one side did not come."""

    booking_id: BookingId
    absent: Party


@handles(ReportNoShow)
@frozen
class ReportNoShowHandler(Deciding):
    def __call__(self, command: ReportNoShow, actor: Actor) -> BookingId:
        actor.must_be_known()
        now = self.clock.now()

        def decide(unit: Unit) -> BookingId:
            booking, party = locked(unit, actor, command.booking_id)
            if party is command.absent:
                raise InvalidField("who", "Report the other side.", "own_side")
            reported = booking.report_no_show(command.absent, by=party, at=now)
            reported = unit.bookings.save(reported)
            self.ending.call_off_what_is_open(unit, reported)
            self.audit(unit, actor, booking, reported)
            return answered(unit, booking.id)

        return self.work(decide)


@frozen(kw_only=True)
class AdvanceBooking(Command[bool]):
    """Do what is due for a booking: lapse, expire, complete, or settle a no-show."""

    booking_id: BookingId


@handles(AdvanceBooking)
@frozen
class AdvanceBookingHandler(Deciding):
    effects: Effects

    def __call__(self, command: AdvanceBooking, actor: Actor) -> bool:
        now = self.clock.now()

        def decide(unit: Unit) -> tuple[bool, Operation | None]:
            booking, _ = locked(unit, actor, command.booking_id)
            due = booking.next_due_at
            if due is None or due > now:
                return False, None
            moved = booking.on_deadline(at=now)
            if moved.settles_at is not None:
                moved = moved.settled()
            moved = unit.bookings.save(moved)
            return True, self.ending.carry_out(unit, moved, by=None, reason="")

        moved, operation = self.work(decide)
        if operation is not None:
            self.effects.patiently(operation)
        return moved


def captured_payment(unit: Unit, booking: BookingId) -> Payment | None:
    """Return the payment that funds a booking whose lesson lies ahead, locked."""
    for payment in unit.payments.of_booking(booking):
        if payment.stage is Stage.PENDING:
            return payment
    return None
