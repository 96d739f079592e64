"""Storage: units of work that write, and views that read.

A unit of work is a function. `work(decide)` opens a unit, calls `decide(unit)` and commits what
it saved, or rolls back if it raises. `decide` does no I/O but through `unit`, so that the storage
may run it again after a stale write or a serialization failure. Ids and instants are taken before
`work`.

Locks are taken in one order, so that nothing deadlocks: people and their calendars, bookings,
payments, refunds, cards, accounts, balances. `get` locks until the unit ends; `find` and the
lists of a unit see its own writes but lock only where they say so.

`save` writes a value together with its new events (to the outbox) and returns it with `version +
1` and no events. Saving a value that another has changed since raises `StaleWrite`. A value of
version 0 is inserted; inserting what exists already raises `StaleWrite` too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from application.ports.records import (
    AuditEntry,
    Delivery,
    IdempotencyRecord,
    Operation,
    OutboxMessage,
)
from domain.bookings import Booking, BookingStatus, PaymentState
from domain.cards import SavedCard
from domain.earnings import EarningLine, Payout, TeacherAccount, TeacherBalance
from domain.gigs import Gig
from domain.ids import (
    BookingId,
    CardId,
    GigId,
    MessageId,
    OperationId,
    PaymentId,
    PayoutId,
    RefundId,
    UserId,
)
from domain.ledger import Entry
from domain.money import Currency
from domain.payments import Payment, PaymentStatus
from domain.people import Role, Session, User
from domain.refunds import Refund
from domain.time import Period

T = TypeVar("T")
R = TypeVar("R")
Id_contra = TypeVar("Id_contra", contravariant=True)


# --- Writing -------------------------------------------------------------------------------------


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


class Operations(Repository[Operation, OperationId], Protocol):
    """Effects on the gateway."""

    def of_subject(self, subject: str) -> tuple[Operation, ...]:
        """Return the operations about one thing, oldest first."""
        ...

    def claim_due(self, at: datetime, until: datetime, limit: int) -> tuple[Operation, ...]:
        """Claim open operations whose lease has run out: fence + 1, lease until `until`. Two
        workers never claim the same one.
        """
        ...


class Inbox(Protocol):
    """Received webhooks."""

    def receive(self, delivery: Delivery) -> bool:
        """Insert a delivery; False when its event id is there already."""
        ...

    def get(self, id: str) -> Delivery:
        """Return a delivery, locked until the unit ends. Raises `NotFound`."""
        ...

    def save(self, delivery: Delivery) -> Delivery:
        """Write a delivery. Raises `StaleWrite`."""
        ...

    def due(self, at: datetime, limit: int) -> tuple[str, ...]:
        """Return ids of deliveries in state received whose `next_try_at` has come, oldest first."""
        ...


class Outbox(Protocol):
    """Events on their way to their reactions."""

    def waiting(self, limit: int) -> tuple[OutboxMessage, ...]:
        """Return messages not handed over yet, oldest first, locked; locked ones are skipped."""
        ...

    def done(self, messages: Iterable[MessageId]) -> None:
        """Mark messages as handed over."""
        ...


class Ledger(Protocol):
    """The append-only ledger."""

    def post(self, entry: Entry) -> bool:
        """Append an entry; False, and nothing written, when its key is booked already."""
        ...

    def balance(self, account: str, currency: Currency) -> int:
        """Return the signed sum of an account, in minor units."""
        ...

    def seal(self, limit: int) -> int:
        """Chain up to `limit` committed entries that are not sealed yet; return how many.

        Each seal is the SHA-256 of the one before and of the entry's canonical text
        (`application.sealing.canonical`).
        """
        ...


class IdempotencyKeys(Protocol):
    """Requests that carry an idempotency key."""

    def insert(self, record: IdempotencyRecord) -> bool:
        """Insert a record; False when scope and key are there already."""
        ...

    def find(self, scope: str, key: str) -> IdempotencyRecord | None:
        """Return a record, locked until the unit ends."""
        ...

    def update(self, record: IdempotencyRecord) -> None:
        """Overwrite a record."""
        ...

    def drop(self, scope: str, key: str) -> None:
        """Forget a record."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget records made before an instant; return how many."""
        ...


class AuditLog(Protocol):
    """What staff did."""

    def append(self, entry: AuditEntry) -> None:
        """Add an entry."""
        ...


class Settings(Protocol):
    """Small values that belong to the installation: the generated secret, the clock's offset."""

    def get(self, name: str) -> str | None:
        """Return a value, locked until the unit ends."""
        ...

    def put(self, name: str, value: str) -> None:
        """Write a value."""
        ...


class Unit(Protocol):
    """An open unit of work: every repository, and the views as this unit sees them."""

    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def gigs(self) -> Gigs: ...
    @property
    def bookings(self) -> Bookings: ...
    @property
    def payments(self) -> Payments: ...
    @property
    def refunds(self) -> Refunds: ...
    @property
    def cards(self) -> Cards: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def balances(self) -> Balances: ...
    @property
    def earnings(self) -> Earnings: ...
    @property
    def payouts(self) -> Payouts: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def idempotency(self) -> IdempotencyKeys: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def views(self) -> "Views": ...


class UnitOfWork(Protocol):
    """Run a decision in a transaction."""

    def __call__(self, decide: Callable[[Unit], R]) -> R:
        """Open a unit, decide, commit; or roll back when it raises.

        Runs `decide` again after a stale write or a serialization failure, a bounded number of
        times. A nested unit raises `BrokenInvariant`. Raises `StorageUnavailable` when the
        database is away.
        """
        ...


# --- Reading -------------------------------------------------------------------------------------


@frozen
class Position:
    """Where a page ends: the key of its last item."""

    at: datetime
    id: str


@frozen(kw_only=True)
class PageRequest:
    """How much to read, newest first, after a position."""

    limit: int = 50
    after: Position | None = None


@frozen(kw_only=True)
class Page(Generic[T]):
    """Some items, newest first, and where the next page begins; None on the last."""

    items: tuple[T, ...]
    next: Position | None


@frozen(kw_only=True)
class Created:
    """A window on the instant of creation: `[from, to)`; None is open."""

    since: datetime | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class UserFilter:
    """Users; `q` matches id, name and e-mail as a part, in any case."""

    q: str | None = None
    role: Role | None = None
    created: Created = Created()


@frozen(kw_only=True)
class GigFilter:
    """Gigs; `q` matches title and description as a part, in any case."""

    active_only: bool = True
    teacher_id: UserId | None = None
    q: str | None = None
    currency: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class BookingFilter:
    """Bookings; `starts` is a window on the start of the lesson."""

    student_id: UserId | None = None
    teacher_id: UserId | None = None
    status: BookingStatus | None = None
    payment_status: PaymentState | None = None
    starts: Created = Created()
    created: Created = Created()


@frozen(kw_only=True)
class PaymentFilter:
    """Payments; `q` matches ours and the gateway's ids exactly, or a person's e-mail as a part."""

    student_id: UserId | None = None
    teacher_id: UserId | None = None
    booking_id: BookingId | None = None
    status: PaymentStatus | None = None
    currency: str | None = None
    method_type: str | None = None
    q: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class RefundFilter:
    """Refunds; `teacher_id` selects those of payments that the teacher shares."""

    student_id: UserId | None = None
    teacher_id: UserId | None = None
    payment_id: PaymentId | None = None
    status: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class PayoutFilter:
    """Payouts."""

    teacher_id: UserId | None = None
    status: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class EarningFilter:
    """Lines of one teacher's statement."""

    teacher_id: UserId
    currency: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class AuditFilter:
    """Entries of the audit log."""

    actor_id: UserId | None = None
    subject: str | None = None
    action: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class DeliveryFilter:
    """Received webhooks."""

    state: str | None = None
    type: str | None = None
    created: Created = Created()


F_contra = TypeVar("F_contra", contravariant=True)


class View(Protocol[T, F_contra]):
    """Aggregates of one kind, to read. They are frozen: nothing can be changed by accident."""

    def find(self, id: str) -> T | None:
        """Return one value, or None."""
        ...

    def list(self, where: F_contra, page: PageRequest) -> Page[T]:
        """Return a page, newest first, by keyset: as fast on the last page as on the first."""
        ...


@frozen(kw_only=True)
class Health:
    """What an operator watches: figures over the whole database, cheap to get."""

    payments_by_status: Mapping[str, int]
    open_operations: int
    oldest_open_operation_at: datetime | None
    waiting_deliveries: int
    oldest_waiting_delivery_at: datetime | None
    waiting_messages: int
    suspense_by_currency: Mapping[str, int]
    """As the ledger signs it: money that waits there is negative. Those of nothing are left out."""
    unsealed_entries: int


@frozen(kw_only=True)
class SealedEntry:
    """An entry as it lies in the ledger, with its place in the hash chain if it is sealed."""

    entry: Entry
    position: int | None
    seal: str | None


class Books(Protocol):
    """The ledger, to read and to prove."""

    def entries(self) -> Iterator[SealedEntry]:
        """Stream every entry in the order of the chain, unsealed ones last, in bounded memory."""
        ...

    def balances(self) -> Iterator[tuple[str, str, int]]:
        """Stream every account's sum that is not zero: account, currency code, signed amount."""
        ...

    def of_account(self, account: str) -> Iterator[Entry]:
        """Stream the entries that touch an account, oldest first."""
        ...

    def entry(self, key: str) -> Entry | None:
        """Return the entry that books a fact."""
        ...


class Everything(Protocol):
    """Streams over whole tables in bounded memory, for verification."""

    def payments(self) -> Iterator[Payment]: ...
    def refunds(self) -> Iterator[Refund]: ...
    def payouts(self) -> Iterator[Payout]: ...
    def balances(self) -> Iterator[TeacherBalance]: ...
    def bookings(self) -> Iterator[Booking]: ...
    def operations(self) -> Iterator[Operation]: ...


class Views(Protocol):
    """The read side."""

    @property
    def users(self) -> View[User, UserFilter]: ...
    @property
    def gigs(self) -> View[Gig, GigFilter]: ...
    @property
    def bookings(self) -> View[Booking, BookingFilter]: ...
    @property
    def payments(self) -> View[Payment, PaymentFilter]: ...
    @property
    def refunds(self) -> View[Refund, RefundFilter]: ...
    @property
    def payouts(self) -> View[Payout, PayoutFilter]: ...
    @property
    def earnings(self) -> View[EarningLine, EarningFilter]: ...
    @property
    def audit(self) -> View[AuditEntry, AuditFilter]: ...
    @property
    def deliveries(self) -> View[Delivery, DeliveryFilter]: ...
    @property
    def books(self) -> Books: ...
    @property
    def everything(self) -> Everything: ...
    @property
    def people(self) -> "PeopleViews": ...
    @property
    def due(self) -> "DueViews": ...


class PeopleViews(Protocol):
    """What belongs to people, to read."""

    def emails(self, users: Iterable[UserId]) -> Mapping[UserId, str]:
        """Return the addresses of these users."""
        ...

    def cards(self, student: UserId) -> tuple[SavedCard, ...]:
        """Return a student's listed cards, newest first."""
        ...

    def card(self, id: CardId) -> SavedCard | None:
        """Return a card, a removed one too."""
        ...

    def account(self, teacher: UserId) -> TeacherAccount | None:
        """Return a teacher's connected account."""
        ...

    def balances(self, teacher: UserId) -> tuple[TeacherBalance, ...]:
        """Return a teacher's balances, by currency code."""
        ...

    def unpaid_lines(self, teacher: UserId, currency: Currency) -> tuple[EarningLine, ...]:
        """Return the teacher's lines that no payout carries, oldest first."""
        ...


class DueViews(Protocol):
    """What waits to be done, and since when."""

    def next_at(self, after: datetime) -> datetime | None:
        """Return the earliest instant of business time after `after` at which something is due: a
        booking's deadline, a statement line that becomes available, or the next daily payout of
        a teacher who has lines without a payout that were available at `after`.
        """
        ...

    def health(self) -> Health:
        """Return what an operator watches."""
        ...

    def lines_of_payout(self, payout: PayoutId) -> tuple[EarningLine, ...]:
        """Return the lines that a payout carries, oldest first."""
        ...

    def payment_of_booking(self, booking: BookingId) -> Payment | None:
        """Return the booking's newest payment."""
        ...


class Reader(Protocol):
    """Run a query against committed state, without locks."""

    def __call__(self, query: Callable[[Views], R]) -> R:
        """Return what the query returns. Raises `StorageUnavailable`."""
        ...


class RateLimits(Protocol):
    """Count tries in fixed windows of real time, shared by all processes."""

    def hit(self, bucket: str, *, limit: int, window_seconds: int, at: datetime) -> int | None:
        """Count one try; return None, or after how many seconds the next one may be made."""
        ...


@frozen(kw_only=True)
class Storage:
    """A storage whole."""

    work: UnitOfWork
    read: Reader
    rate_limits: RateLimits
    ping: Callable[[], None]
    """Raise `StorageUnavailable` when the database cannot be reached."""
    close: Callable[[], None]
