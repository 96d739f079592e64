"""What verification reads: whole tables as streams, and what belongs to many things at once.

Streams are in bounded memory. One that meets a row that cannot be read raises `Unreadable` for it,
and goes on with the next one when it is asked again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from application.ports.records import IdempotencyRecord, Operation
from domain.bookings import Booking
from domain.earnings import Payout, TeacherBalance
from domain.ledger import Account, Entry, Line, Written
from domain.money import Money, currency
from domain.payments import Payment
from domain.refunds import Refund
from domain.time import instant


class Unreadable(Exception):
    """A row does not hold what it should be; `subject` is its id."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}: {reason}")
        self.subject = subject
        self.reason = reason


@frozen(kw_only=True)
class SealedEntry:
    """An entry as it lies in the ledger, with its place in the hash chain if it is sealed.

    `written` are its lines, whatever they say: proving reads those. `entry` is the value that they
    make, and raises where they make none.
    """

    key: str
    kind: str
    at: datetime = instant()
    written: Written
    position: int | None = None
    seal: str | None = None

    @property
    def entry(self) -> Entry:
        """Return the entry. Raises `BrokenInvariant` when it does not balance."""
        lines = tuple(
            Line(Account.parse(account), Money(amount, currency(code)))
            for account, code, amount in self.written
        )
        return Entry(key=self.key, kind=self.kind, at=self.at, lines=lines)


@frozen
class ChainHead:
    """Where the hash chain ends, as whoever sealed last has noted it."""

    position: int
    seal: str


@frozen(kw_only=True)
class Slot:
    """A time that a booking holds in somebody's calendar."""

    person: str
    booking: str
    gig: str
    student: str
    starts_at: datetime
    ends_at: datetime
    listed_until: datetime
    """When the calendar's index says that it ends."""
    capacity: int | None
    """How many seats its gig has; None when the gig was changed since."""


@frozen
class Credited:
    """What the statement of a teacher has of a payment, lesson ahead or ended, summed up."""

    payment: str
    teacher: str
    currency: str
    is_ahead: bool
    amount: int


@frozen
class Unpaid:
    """What a teacher's statement has that no payout carries, summed up."""

    teacher: str
    currency: str
    is_ahead: bool
    amount: int


@frozen
class Done:
    """An effect on the gateway that is done, and what it made there."""

    operation: str
    subject: str
    kind: str
    result: str | None


BETWEEN_WORDS = "\n----\n"
"""Keeps digits of one text from reading on in the next."""


@frozen
class StoredText:
    """Words that people or the gateway wrote, and where they are stored."""

    place: str
    text: str = field(repr=False)


class Everything(Protocol):
    """Whole tables, in the order of ids."""

    def payments(self) -> Iterator[Payment]: ...
    def refunds(self) -> Iterator[Refund]: ...
    def payouts(self) -> Iterator[Payout]: ...
    def balances(self) -> Iterator[TeacherBalance]: ...
    def bookings(self) -> Iterator[Booking]: ...
    def operations(self) -> Iterator[Operation]: ...
    def sizes(self) -> Mapping[str, int]:
        """Return how many ledger entries, bookings and payouts there are, for showing progress."""
        ...


class Belongings(Protocol):
    """What belongs to many things at once, with a statement or a few for all of them."""

    def payments_of(self, bookings: Sequence[str]) -> Iterator[Payment]:
        """Return the payments of bookings, a booking's newest first."""
        ...

    def refunds_of(self, payments: Sequence[str]) -> Iterator[Refund]:
        """Return the refunds of payments."""
        ...

    def credited(self, payments: Sequence[str]) -> Iterator[Credited]:
        """Return what teachers' statements have of payments."""
        ...

    def carried(self, payouts: Sequence[str]) -> Mapping[str, int]:
        """Return the sums of the lines that payouts carry; those of none are left out."""
        ...

    def done(self, subjects: Sequence[str]) -> Iterator[Done]:
        """Return the effects that are done for payments, refunds or payouts."""
        ...

    def known(self, ids: Sequence[str]) -> set[str]:
        """Return which of these ids, ours or the gateway's, payments, refunds or payouts have."""
        ...

    def missing(self, operations: Sequence[str]) -> set[str]:
        """Return which of these are no operation's id."""
        ...


class UnderWay(Protocol):
    """What is not finished: as much as is open, not as ever was."""

    def payments(self) -> Iterator[Payment]:
        """Return payments that may still be paid, or whose charge is not settled in our books."""
        ...

    def refunds(self) -> Iterator[Refund]:
        """Return refunds that are reserved or pending."""
        ...

    def payouts(self) -> Iterator[Payout]:
        """Return payouts that are pending or in transit."""
        ...

    def operations(self) -> Iterator[Operation]:
        """Return effects on the gateway that are not finished."""
        ...


class Corners(Protocol):
    """What no walk from booking to booking comes by."""

    def stray_payments(self) -> Iterator[Payment]:
        """Return payments of no booking, or of one that does not exist."""
        ...

    def stray_refunds(self) -> Iterator[Refund]:
        """Return refunds of payments that do not exist."""
        ...

    def unpaid(self) -> Iterator[Unpaid]:
        """Return the sums of lines that no payout carries."""
        ...

    def slots(self) -> Iterator[Slot]:
        """Return what fills calendars: all of a person together, the earliest end first.

        Students' calendars come after teachers'.
        """
        ...

    def answers(self) -> Iterator[IdempotencyRecord]:
        """Return requests with an idempotency key."""
        ...

    def texts(self) -> Iterator[StoredText]:
        """Return all that people, or the gateway, have written."""
        ...
