"""Somebody who uses the platform: what they can see, and how they ask."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import define, field, frozen

from application.commands import Actor
from domain.bookings import Booking, BookingStatus
from domain.gigs import Gig
from domain.ids import UserId
from domain.payments import Payment
from domain.refunds import Refund
from entrypoints.http.endpoints import Endpoint
from entrypoints.simulation.client import Asked, Body
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.platform import Platform, Reply

T = TypeVar("T")

STUDENTS, TEACHERS, STAFF = "students", "teachers", "staff"


@define(eq=False)
class Person:
    """Somebody with an account; they see what was committed, and act on it."""

    name: str
    actor: Actor
    platform: Platform
    market: Marketplace = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.market = self.platform.market

    @property
    def id(self) -> UserId:
        """Return their id."""
        return self.actor.must_be_known()

    # --- Asking ----------------------------------------------------------------------------

    def request(self, endpoint: Endpoint, body: Body | None = None, /, **path: str) -> Asked:
        """Return a request with a key of its own."""
        key = self.market.ids.new("message") if endpoint.takes_key else None
        return Asked(actor=self.actor, endpoint=endpoint, body=body or {}, path=path, key=key)

    def ask(self, endpoint: Endpoint, body: Body | None = None, /, **path: str) -> Reply | None:
        """Ask for something until there is an answer; None when patience ran out."""
        return self.platform.ask(self.request(endpoint, body, **path))

    def happens(self, probability: float) -> bool:
        """Tell whether they do something this time."""
        return self.market.happens(probability)

    def some_time_from_now(self) -> datetime:
        """Return a full half hour within the next four days: soon enough for slots to clash."""
        hours = self.market.chance.choice((1, 2, 3, 5, 8, 13, 20, 26, 30, 49, 50, 74, 96))
        now = self.market.clock.now().replace(minute=0, second=0, microsecond=0)
        return now + timedelta(hours=hours, minutes=self.market.chance.choice((0, 0, 30)))

    # --- Seeing ----------------------------------------------------------------------------

    def gigs(self) -> list[Gig]:
        """Return the gigs that can be booked."""
        return [gig for gig in self.market.witness.mirror.all("gigs") if gig.is_active]

    def bookings(self, *statuses: BookingStatus) -> list[Booking]:
        """Return their own bookings, as a student or a teacher, in these statuses."""
        return [
            booking
            for booking in self.market.witness.mirror.all("bookings")
            if self.id in booking.people and (not statuses or booking.status in statuses)
        ]

    def unpaid(self) -> list[Booking]:
        """Return their bookings that wait for money."""
        return [
            booking
            for booking in self.bookings(BookingStatus.CONFIRMED)
            if booking.awaits_payment and booking.student_id == self.id
        ]

    def payments(self) -> list[Payment]:
        """Return every payment: staff sees all, and others are refused."""
        return self.market.witness.mirror.all("payments")

    def refunds(self) -> list[Refund]:
        """Return every refund."""
        return self.market.witness.mirror.all("refunds")


Do = Callable[[Person], None]


@frozen
class Habit:
    """Something that people of a kind do, and how often compared with their other habits."""

    whose: str
    do: Do
    weight: int

    @property
    def name(self) -> str:
        """Return it in words."""
        return self.do.__name__.replace("_", " ")


HABITS: list[Habit] = []


def habit(whose: str, *, weight: int) -> Callable[[Do], Do]:
    """Register a function as a habit of students, teachers or staff."""

    def register(do: Do) -> Do:
        HABITS.append(Habit(whose, do, weight))
        return do

    return register
