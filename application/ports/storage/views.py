"""The read side: committed state, by id, by page and as streams."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from attrs import frozen

from application.ports.records import AuditEntry, Delivery
from application.ports.storage.filters import (
    AuditFilter,
    BookingFilter,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    Page,
    PageRequest,
    PaymentFilter,
    PayoutFilter,
    RefundFilter,
    UserFilter,
)
from application.ports.storage.proving import (
    Belongings,
    ChainHead,
    Corners,
    Everything,
    SealedEntry,
    UnderWay,
)
from domain.bookings import Booking
from domain.cards import SavedCard
from domain.earnings import EarningLine, Payout, TeacherAccount, TeacherBalance
from domain.gigs import Gig
from domain.ids import BookingId, CardId, PayoutId, UserId
from domain.ledger import Entry, Written
from domain.money import Currency
from domain.payments import Payment
from domain.people import User
from domain.refunds import Refund

T = TypeVar("T")
R = TypeVar("R")
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
    oldest_waiting_message_at: datetime | None = None
    """In business time, as events are dated."""


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

    def written(self, keys: Sequence[str]) -> Mapping[str, Written]:
        """Return the lines of the entries that book facts; what is not booked is left out."""
        ...

    def sums(self, account: str) -> Mapping[str, int]:
        """Return an account's sums that are not zero, by currency code."""
        ...

    def head(self) -> ChainHead | None:
        """Return where the hash chain ends, as noted beside it; None before the first seal."""
        ...


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
    def belongings(self) -> Belongings: ...
    @property
    def under_way(self) -> UnderWay: ...
    @property
    def corners(self) -> Corners: ...
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
