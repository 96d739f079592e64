"""The aggregates that a unit of work reads and writes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from domain.bookings import Booking
from domain.cards import SavedCard
from domain.earnings import EarningLine, Payout, TeacherAccount, TeacherBalance
from domain.gigs import Gig
from domain.ids import BookingId, CardId, GigId, PaymentId, PayoutId, RefundId, UserId
from domain.money import Currency
from domain.payments import Payment
from domain.people import Session, User
from domain.refunds import Refund
from domain.time import Period

T = TypeVar("T")
Id_contra = TypeVar("Id_contra", contravariant=True)


class Repository(Protocol[T, Id_contra]):
    """Aggregates of one kind, by id."""

    def get(self, id: Id_contra) -> T:
        """Return the value, locked until the unit ends. Raises `NotFound`."""
        ...

    def find(self, id: Id_contra) -> T | None:
        """Return the value without locking it, or None."""
        ...

    def save(self, value: T) -> T:
        """Write the value and its events. Raises `StaleWrite`."""
        ...


class Users(Repository[User, UserId], Protocol):
    """People. E-mail addresses are unique without regard to case; a second raises `EmailTaken`."""

    def by_email(self, email: str) -> User | None:
        """Return the user with this address, in any case of letters."""
        ...

    def by_gateway_customer(self, customer_id: str) -> User | None:
        """Return the user that a gateway's customer stands for."""
        ...

    def lock_calendars(self, people: Sequence[UserId]) -> None:
        """Lock these people's calendars until the unit ends, in a fixed order."""
        ...


class Sessions(Repository[Session, str], Protocol):
    """Refresh tokens."""

    def by_token_hash(self, token_hash: str) -> Session | None:
        """Return the session of a token's hash, locked until the unit ends."""
        ...

    def of_family(self, family: str) -> tuple[Session, ...]:
        """Return the sessions of a family, locked until the unit ends."""
        ...


class Gigs(Repository[Gig, GigId], Protocol):
    """Offers."""


class Bookings(Repository[Booking, BookingId], Protocol):
    """Bookings."""

    def overlapping(self, people: Sequence[UserId], period: Period) -> tuple[Booking, ...]:
        """Return bookings that hold a slot of any of these people, as student or teacher, within
        the period. Lock the calendars first.
        """
        ...

    def due(self, at: datetime, limit: int) -> tuple[BookingId, ...]:
        """Return bookings whose `next_due_at` has come, the longest due first."""
        ...


class Payments(Repository[Payment, PaymentId], Protocol):
    """Payments."""

    def of_booking(self, booking: BookingId) -> tuple[Payment, ...]:
        """Return a booking's payments, newest first, locked until the unit ends."""
        ...

    def by_gateway_id(self, gateway_id: str) -> Payment | None:
        """Return the payment behind a gateway's id, locked until the unit ends."""
        ...

    def awaiting_gateway_fee(
        self, limit: int, after: PaymentId | None = None
    ) -> tuple[PaymentId, ...]:
        """Return captured payments whose gateway fee is not booked yet, the oldest first.

        Those that come after the payment `after`, whether that one still waits or not, and none
        if it is unknown; so that a worker passes by all of them, page by page, whichever are never
        settled.
        """
        ...


class Refunds(Repository[Refund, RefundId], Protocol):
    """Refunds."""

    def of_payment(self, payment: PaymentId) -> tuple[Refund, ...]:
        """Return a payment's refunds, oldest first, locked until the unit ends."""
        ...

    def by_gateway_id(self, gateway_id: str) -> Refund | None:
        """Return the refund behind a gateway's id, without locking it."""
        ...


class Cards(Repository[SavedCard, CardId], Protocol):
    """Cards on file."""

    def of_student(self, student: UserId) -> tuple[SavedCard, ...]:
        """Return a student's cards but removed ones, with unlisted ones, newest first; locked."""
        ...

    def by_gateway_id(self, gateway_id: str) -> SavedCard | None:
        """Return the card behind a gateway's id, without locking it; a removed one too."""
        ...


class Accounts(Repository[TeacherAccount, UserId], Protocol):
    """Connected accounts, one a teacher at most."""

    def by_gateway_id(self, gateway_id: str) -> TeacherAccount | None:
        """Return the account behind a gateway's id, locked until the unit ends."""
        ...


class Balances(Protocol):
    """Teachers' stored balances."""

    def get(self, teacher: UserId, currency: Currency) -> TeacherBalance:
        """Return the balance, locked until the unit ends; an empty one (version 0) if none is."""
        ...

    def save(self, value: TeacherBalance) -> TeacherBalance:
        """Write the balance. Raises `StaleWrite`."""
        ...

    def of_teacher(self, teacher: UserId) -> tuple[TeacherBalance, ...]:
        """Return a teacher's balances without locking, by currency code."""
        ...


class Earnings(Protocol):
    """Lines of teachers' statements."""

    def save_all(self, lines: Iterable[EarningLine]) -> None:
        """Insert new lines (version 0) and update changed ones. Raises `StaleWrite`."""
        ...

    def of_payment(self, payment: PaymentId) -> tuple[EarningLine, ...]:
        """Return a payment's lines, oldest first."""
        ...

    def unpaid(self, teacher: UserId, currency: Currency) -> tuple[EarningLine, ...]:
        """Return the lines that no payout carries, oldest first."""
        ...

    def of_payout(self, payout: PayoutId) -> tuple[EarningLine, ...]:
        """Return the lines that a payout carries, oldest first."""
        ...

    def ready(
        self, at: datetime, limit: int, after: tuple[UserId, str] | None = None
    ) -> tuple[tuple[UserId, Currency], ...]:
        """Return teachers and currencies that have lines without a payout which are available.

        In the order of teacher and currency code, those after `after`; so that a worker passes by
        all of them, page by page, whoever cannot be paid.
        """
        ...


class Payouts(Repository[Payout, PayoutId], Protocol):
    """Payouts."""

    def by_gateway_id(self, gateway_id: str) -> Payout | None:
        """Return the payout behind a transfer's id, without locking it."""
        ...
