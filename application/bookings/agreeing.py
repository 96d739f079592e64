"""Agreeing to a request, or turning it down."""

from attrs import frozen

from application.answers import answered
from application.bookings.access import locked
from application.bookings.deciding import Deciding
from application.bus import handles
from application.commands import Actor, Command
from application.ports.storage import Unit
from domain.ids import BookingId
from domain.people import Role


@frozen(kw_only=True)
class ConfirmBooking(Command[BookingId]):
    """Agree to a request."""

    booking_id: BookingId


@frozen(kw_only=True)
class DeclineBooking(Command[BookingId]):
    """Turn a request down."""

    booking_id: BookingId


@handles(ConfirmBooking)
@frozen
class ConfirmBookingHandler(Deciding):
    def __call__(self, command: ConfirmBooking, actor: Actor) -> BookingId:
        actor.must_be(Role.TEACHER, Role.ADMIN)
        now = self.clock.now()

        def decide(unit: Unit) -> BookingId:
            booking, _ = locked(unit, actor, command.booking_id)
            confirmed = unit.bookings.save(booking.confirm(rules=self.rules.bookings, at=now))
            self.audit(unit, actor, booking, confirmed)
            return answered(unit, booking.id)

        return self.work(decide)


@handles(DeclineBooking)
@frozen
class DeclineBookingHandler(Deciding):
    def __call__(self, command: DeclineBooking, actor: Actor) -> BookingId:
        actor.must_be(Role.TEACHER, Role.ADMIN)
        now = self.clock.now()

        def decide(unit: Unit) -> BookingId:
            booking, _ = locked(unit, actor, command.booking_id)
            declined = unit.bookings.save(booking.decline(at=now))
            self.audit(unit, actor, booking, declined)
            return answered(unit, booking.id)

        return self.work(decide)
