"""Moving a lesson: one side proposes, the other answers."""

from datetime import datetime

from attrs import frozen

from application.answers import answered
from application.bookings.access import locked, party_of
from application.bookings.deciding import Deciding
from application.bus import handles
from application.commands import Actor, Command
from application.ports.storage import Unit
from domain.bookings import must_be_free
from domain.ids import BookingId


@frozen(kw_only=True)
class ProposeReschedule(Command[BookingId]):
    """Ask the other side to move the lesson."""

    booking_id: BookingId
    starts_at: datetime


@handles(ProposeReschedule)
@frozen
class ProposeRescheduleHandler(Deciding):
    def __call__(self, command: ProposeReschedule, actor: Actor) -> BookingId:
        actor.must_be_known()
        now = self.clock.now()

        def decide(unit: Unit) -> BookingId:
            booking, party = locked(unit, actor, command.booking_id)
            moved = booking.propose_reschedule(command.starts_at, by=party, at=now)
            unit.bookings.save(moved)
            return answered(unit, booking.id)

        return self.work(decide)


@frozen(kw_only=True)
class AcceptReschedule(Command[BookingId]):
    """Agree to move the lesson; the slot moves now, if it is free."""

    booking_id: BookingId


@handles(AcceptReschedule)
@frozen
class AcceptRescheduleHandler(Deciding):
    def __call__(self, command: AcceptReschedule, actor: Actor) -> BookingId:
        actor.must_be_known()
        now = self.clock.now()

        def decide(unit: Unit) -> BookingId:
            found = unit.bookings.find(command.booking_id)
            party_of(actor, found)
            if found is not None:
                unit.users.lock_calendars(found.people)
            booking, party = locked(unit, actor, command.booking_id)
            moved = booking.accept_reschedule(by=party, at=now)
            gig = unit.gigs.find(moved.gig_id)
            others = unit.bookings.overlapping(moved.people, moved.period)
            must_be_free(moved, gig.capacity if gig else 1, others)
            moved = unit.bookings.save(moved)
            self.audit(unit, actor, booking, moved)
            return answered(unit, booking.id)

        return self.work(decide)


@frozen(kw_only=True)
class DeclineReschedule(Command[BookingId]):
    """Turn a proposal down, or take one's own back."""

    booking_id: BookingId


@handles(DeclineReschedule)
@frozen
class DeclineRescheduleHandler(Deciding):
    def __call__(self, command: DeclineReschedule, actor: Actor) -> BookingId:
        actor.must_be_known()
        now = self.clock.now()

        def decide(unit: Unit) -> BookingId:
            booking, _ = locked(unit, actor, command.booking_id)
            unit.bookings.save(booking.decline_reschedule(at=now))
            return answered(unit, booking.id)

        return self.work(decide)
