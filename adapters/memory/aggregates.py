"""Repositories of the aggregates, each over its draft.

Units run one at a time, so that nothing here has to lock anything.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar, cast

from attrs import evolve

from adapters.memory.tables import Draft
from domain.bookings import Booking
from domain.cards import SavedCard
from domain.earnings import EarningLine, Payout, TeacherAccount, TeacherBalance
from domain.errors import DomainError, NotFound, StaleWrite
from domain.events import Event
from domain.gigs import Gig
from domain.ids import BookingId, CardId, GigId, PaymentId, PayoutId, RefundId, UserId
from domain.money import Currency, currency
from domain.payments import Payment
from domain.people import EmailTaken, Session, User
from domain.refunds import Refund
from domain.time import Period


class Aggregate(Protocol):
    """What every saved value has."""

    @property
    def version(self) -> int: ...
    @property
    def events(self) -> tuple[Event, ...]: ...


Collect = Callable[[Iterable[Event]], None]
"""Takes events on their way to the outbox."""

Row = TypeVar("Row", bound=Aggregate)
Id = TypeVar("Id")


class Repository(Generic[Row, Id]):
    """Aggregates of one kind, by id."""

    what = "This object"

    def __init__(self, rows: Draft[Row], collect: Collect) -> None:
        self._rows = rows
        self._collect = collect

    def get(self, id: Id) -> Row:
        """Return the value. Raises `NotFound`."""
        row = self._rows.find(id)
        if row is None:
            raise NotFound(self.what)
        return row

    def find(self, id: Id) -> Row | None:
        """Return the value, or None."""
        return self._rows.find(id)

    def save(self, value: Row) -> Row:
        """Write the value and its events. Raises `StaleWrite`."""
        stored = self._rows.stored(value)
        if value.version != (0 if stored is None else stored.version):
            raise StaleWrite(f"{self.what} was changed by another.")
        if clash := self._rows.clash(value):
            raise self._taken(clash)
        self._collect(value.events)
        saved = cast(Row, evolve(cast(Any, value), version=value.version + 1, events=()))
        self._rows.put(saved)
        return saved

    def _taken(self, group: str) -> DomainError:
        """Return what to raise when another row has what must be unique."""
        return StaleWrite(f"{self.what} has the {group} of another.")


class Users(Repository[User, UserId]):
    """People."""

    what = "This user"

    def by_email(self, email: str) -> User | None:
        """Return the user with this address, in any case of letters."""
        return self._rows.one_of("email", email.casefold())

    def by_gateway_customer(self, customer_id: str) -> User | None:
        """Return the user that a gateway's customer stands for."""
        return self._rows.one_of("customer", customer_id)

    def lock_calendars(self, people: Sequence[UserId]) -> None:
        """Do nothing: no other unit runs."""

    def _taken(self, group: str) -> DomainError:
        if group == "email":
            return EmailTaken("Somebody has registered with this address.")
        return super()._taken(group)


class Sessions(Repository[Session, str]):
    """Refresh tokens."""

    what = "This session"

    def by_token_hash(self, token_hash: str) -> Session | None:
        """Return the session of a token's hash."""
        return self._rows.one_of("token", token_hash)

    def of_family(self, family: str) -> tuple[Session, ...]:
        """Return the sessions of a family, oldest first."""
        sessions = self._rows.of("family", family)
        return tuple(sorted(sessions, key=lambda session: (session.created_at, session.id)))


class Gigs(Repository[Gig, GigId]):
    """Offers."""

    what = "This gig"


class Bookings(Repository[Booking, BookingId]):
    """Bookings."""

    what = "This booking"

    def overlapping(self, people: Sequence[UserId], period: Period) -> tuple[Booking, ...]:
        """Return bookings that hold a slot of any of these people within the period."""
        found = {
            booking.id: booking
            for person in people
            for booking in self._rows.of("calendar", person)
            if booking.period.overlaps(period)
        }
        return tuple(sorted(found.values(), key=lambda each: (each.period.start, each.id)))

    def due(self, at: datetime, limit: int) -> tuple[BookingId, ...]:
        """Return bookings whose `next_due_at` has come, the longest due first."""
        due = self._rows.ascending("due", through=at)
        return tuple(booking.id for booking in islice(due, limit))


class Payments(Repository[Payment, PaymentId]):
    """Payments."""

    what = "This payment"

    def of_booking(self, booking: BookingId) -> tuple[Payment, ...]:
        """Return a booking's payments, newest first."""
        return newest_first(self._rows.of("booking", booking))

    def by_gateway_id(self, gateway_id: str) -> Payment | None:
        """Return the payment behind a gateway's id."""
        return self._rows.one_of("gateway", gateway_id)

    def awaiting_gateway_fee(
        self, limit: int, after: PaymentId | None = None
    ) -> tuple[PaymentId, ...]:
        """Return captured payments whose gateway fee is not booked yet, the oldest first."""
        waiting = self._rows.ascending("awaits_fee") if after is None else self._beyond(after)
        return tuple(payment.id for payment in islice(waiting, limit))

    def _beyond(self, after: PaymentId) -> Iterator[Payment]:
        passed = self._rows.find(after)
        if passed is None:
            return
        a_moment_before = passed.created_at - timedelta(microseconds=1)
        for payment in self._rows.ascending("awaits_fee", after=a_moment_before):
            if (payment.created_at, payment.id) > (passed.created_at, passed.id):
                yield payment


class Refunds(Repository[Refund, RefundId]):
    """Refunds."""

    what = "This refund"

    def of_payment(self, payment: PaymentId) -> tuple[Refund, ...]:
        """Return a payment's refunds, oldest first."""
        return tuple(reversed(newest_first(self._rows.of("payment", payment))))

    def by_gateway_id(self, gateway_id: str) -> Refund | None:
        """Return the refund behind a gateway's id."""
        return self._rows.one_of("gateway", gateway_id)


class Cards(Repository[SavedCard, CardId]):
    """Cards on file."""

    what = "This card"

    def of_student(self, student: UserId) -> tuple[SavedCard, ...]:
        """Return a student's cards that are not removed, newest first."""
        cards = newest_first(self._rows.of("student", student))
        return tuple(card for card in cards if card.removed_at is None)

    def by_gateway_id(self, gateway_id: str) -> SavedCard | None:
        """Return the card behind a gateway's id; a removed one too."""
        return self._rows.one_of("gateway", gateway_id)


class Accounts(Repository[TeacherAccount, UserId]):
    """Connected accounts."""

    what = "This account"

    def by_gateway_id(self, gateway_id: str) -> TeacherAccount | None:
        """Return the account behind a gateway's id."""
        return self._rows.one_of("gateway", gateway_id)


class Payouts(Repository[Payout, PayoutId]):
    """Payouts."""

    what = "This payout"

    def by_gateway_id(self, gateway_id: str) -> Payout | None:
        """Return the payout behind a transfer's id."""
        return self._rows.one_of("gateway", gateway_id)


class Balances:
    """Teachers' stored balances."""

    def __init__(self, rows: Draft[TeacherBalance], collect: Collect) -> None:
        self._rows = rows
        self._saving = Repository[TeacherBalance, object](rows, collect)

    def get(self, teacher: UserId, currency: Currency) -> TeacherBalance:
        """Return the balance; an empty one (version 0) if there is none."""
        balance = self._rows.find((teacher, currency.code))
        return TeacherBalance.empty(teacher, currency) if balance is None else balance

    def save(self, value: TeacherBalance) -> TeacherBalance:
        """Write the balance. Raises `StaleWrite`."""
        return self._saving.save(value)

    def of_teacher(self, teacher: UserId) -> tuple[TeacherBalance, ...]:
        """Return a teacher's balances, by currency code."""
        return by_currency(self._rows.of("teacher", teacher))


class Earnings:
    """Lines of teachers' statements."""

    def __init__(self, rows: Draft[EarningLine], collect: Collect) -> None:
        self._rows = rows
        self._saving = Repository[EarningLine, object](rows, collect)

    def save_all(self, lines: Iterable[EarningLine]) -> None:
        """Insert new lines and update changed ones. Raises `StaleWrite`."""
        for line in lines:
            self._saving.save(line)

    def of_payment(self, payment: PaymentId) -> tuple[EarningLine, ...]:
        """Return a payment's lines, oldest first."""
        return oldest_lines_first(self._rows.of("payment", payment))

    def unpaid(self, teacher: UserId, currency: Currency) -> tuple[EarningLine, ...]:
        """Return the lines that no payout carries, oldest first."""
        return oldest_lines_first(self._rows.of("unpaid", (teacher, currency.code)))

    def of_payout(self, payout: PayoutId) -> tuple[EarningLine, ...]:
        """Return the lines that a payout carries, oldest first."""
        return oldest_lines_first(self._rows.of("payout", payout))

    def ready(
        self, at: datetime, limit: int, after: tuple[UserId, str] | None = None
    ) -> tuple[tuple[UserId, Currency], ...]:
        """Return teachers and currencies that have available lines without a payout, in order."""
        pairs = {
            (line.teacher_id, line.amount.currency.code)
            for line in self._rows.ascending("matures", through=at)
        }
        later = sorted(pair for pair in pairs if after is None or pair > after)
        return tuple((teacher, currency(code)) for teacher, code in later[:limit])


class Created(Protocol):
    """What has an id and an instant of creation."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


Dated = TypeVar("Dated", bound=Created)


def newest_first(rows: Iterable[Dated]) -> tuple[Dated, ...]:
    """Sort by creation, ties by id."""
    return tuple(sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True))


def oldest_lines_first(lines: Iterable[EarningLine]) -> tuple[EarningLine, ...]:
    """Sort by the instant of the line, ties by id."""
    return tuple(sorted(lines, key=lambda line: (line.at, line.id)))


def by_currency(balances: Iterable[TeacherBalance]) -> tuple[TeacherBalance, ...]:
    """Sort by currency code."""
    return tuple(sorted(balances, key=lambda balance: balance.currency.code))
