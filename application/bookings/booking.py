"""Booking a lesson, where its people's calendars are free."""

from datetime import datetime

from attrs import frozen

from application.answers import answered
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock
from application.ports.gateway import ChargeLimits
from application.ports.ids import Ids
from application.ports.storage import Unit, UnitOfWork
from application.rules import PlatformRules
from domain.bookings import Booking, Funding, must_be_free
from domain.errors import InvalidField, NotFound, Refused
from domain.gigs import Gig
from domain.ids import BookingId, GigId, UserId
from domain.people import Role


class NotEnoughHours(Refused):
    """The student's prepaid hours do not cover the lesson."""

    code = "not_enough_hours"


@frozen(kw_only=True)
class BookGig(Command[BookingId]):
    """Book a gig for a time. `student_id` is for staff who book for somebody."""

    gig_id: GigId
    starts_at: datetime
    minutes: int
    funding: Funding | None = None
    student_id: UserId | None = None


@frozen
class Seating:
    """Make a booking in an open unit, where its people's calendars are free."""

    clock: Clock
    rules: PlatformRules
    limits: ChargeLimits

    def book(self, unit: Unit, command: BookGig, student: UserId, id: BookingId) -> Booking:
        """Insert the booking. Raises `SlotTaken` and all that `Booking.request` raises."""
        gig = unit.gigs.find(command.gig_id)
        if gig is None or not gig.is_active:
            raise NotFound("This gig")
        self._must_be_by_card(command)
        booking = Booking.request(
            id=id,
            gig=gig,
            student_id=student,
            starts_at=command.starts_at,
            minutes=command.minutes,
            fees=self.rules.fees_for(gig.hourly_rate.currency, self._fee_of(unit, gig)),
            fee_on_refund=self.rules.fee_on_refund,
            rules=self.rules.bookings,
            price_step=self.limits(gig.hourly_rate.currency.code).step,
            at=self.clock.now(),
        )
        unit.users.lock_calendars(booking.people)
        must_be_free(
            booking, gig.capacity, unit.bookings.overlapping(booking.people, booking.period)
        )
        return unit.bookings.save(booking)

    @staticmethod
    def _fee_of(unit: Unit, gig: Gig) -> int | None:
        """Return the rate of the first teacher, who is the gig's owner, where it is their own."""
        owner = unit.users.find(gig.teachers[0].teacher_id)
        return owner.fee_basis_points if owner else None

    @staticmethod
    def _must_be_by_card(command: BookGig) -> None:
        """Refuse hours, which nobody has, and what is free only by its price."""
        if command.funding is Funding.HOURS:
            raise NotEnoughHours(
                f"{command.minutes} minutes are needed, and 0 are there.",
                needed_minutes=command.minutes,
                remaining_minutes=0,
            )
        if command.funding is Funding.FREE:
            raise InvalidField("funding", "Use card or hours; what costs nothing is free.")


def student_of(unit: Unit, actor: Actor, student_id: UserId | None) -> UserId:
    """Return whom a command is for: the student who gives it, or whom staff names."""
    actor.must_be(Role.STUDENT, Role.ADMIN)
    if actor.role is Role.STUDENT and student_id not in {None, actor.user_id}:
        raise NotFound("This student")
    chosen = student_id or actor.user_id
    user = unit.users.find(chosen) if chosen else None
    if user is None or user.role is not Role.STUDENT:
        raise InvalidField("student_id", "Name the student whom it is for.", "required")
    return user.id


@handles(BookGig)
@frozen
class BookGigHandler:
    work: UnitOfWork
    ids: Ids
    seating: Seating

    def __call__(self, command: BookGig, actor: Actor) -> BookingId:
        actor.must_be(Role.STUDENT, Role.ADMIN)
        new_id = BookingId(self.ids.new("booking"))

        def decide(unit: Unit) -> BookingId:
            student = student_of(unit, actor, command.student_id)
            booking = self.seating.book(unit, command, student, new_id)
            return answered(unit, booking.id)

        return self.work(decide)
