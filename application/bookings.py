"""Booking a lesson, agreeing to it, moving it, and how it ends."""

from datetime import datetime
from typing import TypeVar

from attrs import evolve, frozen

from application.answers import answered, bind, bound
from application.bus import handles
from application.commands import Actor, Command
from application.effects import Effects
from application.ending import Ending
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.records import Operation, OperationState
from application.ports.storage import (
    BookingFilter,
    Page,
    PageRequest,
    PaymentFilter,
    Reader,
    RefundFilter,
    Unit,
    UnitOfWork,
    Views,
)
from application.rules import PlatformRules
from application.staff import audited
from domain.bookings import (
    Booking,
    Funding,
    Party,
    must_be_free,
    outcome_of_cancelling,
)
from domain.errors import BrokenInvariant, InvalidField, NotFound, Refused
from domain.gigs import Gig
from domain.ids import BookingId, GigId, RefundId, UserId
from domain.payments import Payment, Stage
from domain.people import Role
from domain.policies import Outcome
from domain.quotes import Quote, executed, quote

F = TypeVar("F", BookingFilter, PaymentFilter, RefundFilter)


class NotEnoughHours(Refused):
    """The student's prepaid hours do not cover the lesson."""

    code = "not_enough_hours"


def party_of(actor: Actor, booking: Booking | None) -> Party:
    """Return the side that an actor takes; a stranger learns nothing, not even that it exists."""
    party = Party.PLATFORM if actor.sees_everything else None
    if booking is not None and party is None:
        party = booking.party_of(actor.user_id)
    if booking is None or party is None:
        raise NotFound("This booking")
    return party


def locked(unit: Unit, actor: Actor, id: BookingId) -> tuple[Booking, Party]:
    """Return a booking, locked, and the side that the actor takes in it."""
    party = party_of(actor, unit.bookings.find(id))
    return unit.bookings.get(id), party


# --- Booking ------------------------------------------------------------------------------------


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
    ids: Ids
    rules: PlatformRules

    def book(self, unit: Unit, command: BookGig, student: UserId, id: BookingId) -> Booking:
        """Insert the booking. Raises `SlotTaken` and all that `Booking.request` raises."""
        gig = unit.gigs.find(command.gig_id)
        if gig is None or not gig.is_active:
            raise NotFound("This gig")
        self._must_have_hours(command)
        booking = Booking.request(
            id=id,
            gig=gig,
            student_id=student,
            starts_at=command.starts_at,
            minutes=command.minutes,
            fees=self.rules.fees_for(gig.hourly_rate.currency, self._fee_of(unit, gig)),
            fee_on_refund=self.rules.fee_on_refund,
            rules=self.rules.bookings,
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
    def _must_have_hours(command: BookGig) -> None:
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


# --- Agreeing -----------------------------------------------------------------------------------


@frozen(kw_only=True)
class ConfirmBooking(Command[BookingId]):
    """Agree to a request."""

    booking_id: BookingId


@frozen(kw_only=True)
class DeclineBooking(Command[BookingId]):
    """Turn a request down."""

    booking_id: BookingId


@frozen
class Deciding:
    """What the handlers that change one booking have in common."""

    work: UnitOfWork
    clock: Clock
    ids: Ids
    rules: PlatformRules
    ending: Ending

    def audit(self, unit: Unit, actor: Actor, before: Booking, after: Booking) -> None:
        """Record what staff did to a booking."""
        if not actor.is_admin:
            return
        audited(
            unit,
            self.ids,
            actor,
            action=f"booking.{after.status}",
            subject=before.id,
            before={"status": before.status, "starts_at": before.period.start.isoformat()},
            after={"status": after.status, "starts_at": after.period.start.isoformat()},
            at=self.clock.now(),
        )


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


# --- Ending -------------------------------------------------------------------------------------


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
                booking, captured_payment(unit, booking.id), outcome_of_cancelling(party), now
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
            self.audit(unit, actor, booking, reported)
            return answered(unit, booking.id)

        return self.work(decide)


# --- Moving -------------------------------------------------------------------------------------


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


# --- Due ----------------------------------------------------------------------------------------


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


# --- Looking ------------------------------------------------------------------------------------

_QUOTABLE = {
    "completed": Outcome.COMPLETED,
    "cancel": Outcome.CANCELLED_BY_STUDENT,
    "no_show": Outcome.STUDENT_NO_SHOW,
    "teacher_cancel": Outcome.CANCELLED_BY_TEACHER,
}


@frozen(kw_only=True)
class QuoteBooking(Command[Quote]):
    """Ask who would get what; `outcome` is completed, cancel, no_show or teacher_cancel."""

    booking_id: BookingId
    outcome: str


@handles(QuoteBooking)
@frozen
class QuoteBookingHandler:
    read: Reader
    clock: Clock

    def __call__(self, command: QuoteBooking, actor: Actor) -> Quote:
        actor.must_be_known()
        outcome = _QUOTABLE.get(command.outcome)
        if outcome is None:
            raise InvalidField("outcome", f"Use one of {', '.join(_QUOTABLE)}.", "unknown_outcome")

        def query(views: Views) -> Quote:
            booking = views.bookings.find(command.booking_id)
            party_of(actor, booking)
            if booking is None:
                raise NotFound("This booking")
            payment = views.due.payment_of_booking(booking.id)
            held = payment if payment is not None and payment.stage is Stage.PENDING else None
            return quote(booking, held, outcome, self.clock.now())

        return self.read(query)


@frozen(kw_only=True)
class GetBooking(Command[Booking]):
    """Look one booking up."""

    booking_id: BookingId


@handles(GetBooking)
@frozen
class GetBookingHandler:
    read: Reader

    def __call__(self, command: GetBooking, actor: Actor) -> Booking:
        actor.must_be_known()
        booking = self.read(lambda views: views.bookings.find(command.booking_id))
        party_of(actor, booking)
        if booking is None:
            raise NotFound("This booking")
        return booking


@frozen(kw_only=True)
class ListBookings(Command[Page[Booking]]):
    """Look through bookings: one's own, or all for staff."""

    where: BookingFilter
    page: PageRequest


@handles(ListBookings)
@frozen
class ListBookingsHandler:
    read: Reader

    def __call__(self, command: ListBookings, actor: Actor) -> Page[Booking]:
        where = own_only(command.where, actor)
        return self.read(lambda views: views.bookings.list(where, command.page))


def own_only(where: F, actor: Actor) -> F:
    """Narrow a filter that has `student_id` and `teacher_id` to what the actor may see."""
    user = actor.must_be_known()
    if actor.role is Role.STUDENT:
        return evolve(where, student_id=user)
    if actor.role is Role.TEACHER:
        return evolve(where, teacher_id=user)
    return where


def captured_payment(unit: Unit, booking: BookingId) -> Payment | None:
    """Return the payment that funds a booking whose lesson lies ahead, locked."""
    for payment in unit.payments.of_booking(booking):
        if payment.stage is Stage.PENDING:
            return payment
    return None
