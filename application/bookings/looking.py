"""Looking bookings up, and what each outcome would give to whom."""

from attrs import frozen

from application.bookings.access import own_only, party_of
from application.bus import handles
from application.commands import Actor, Command
from application.ports.clock import Clock
from application.ports.gateway import ChargeLimits
from application.ports.storage import BookingFilter, Page, PageRequest, Reader, Views
from domain.bookings import Booking
from domain.errors import InvalidField, NotFound
from domain.ids import BookingId
from domain.payments import Stage
from domain.policies import Outcome
from domain.quotes import Quote, quote

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
    limits: ChargeLimits

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
            step = self.limits(booking.price.currency.code).step
            return quote(booking, held, outcome, self.clock.now(), step=step)

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
