"""The read side over drafts: a unit's own, or empty ones for a reader of committed state."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Generic, TypeVar

from adapters.memory import filters
from adapters.memory.aggregates import by_currency, newest_first, oldest_lines_first
from adapters.memory.books import LedgerDraft
from adapters.memory.database import Database
from adapters.memory.proving import Belongings, Corners, Everything, UnderWay
from adapters.memory.tables import Drafts, Table
from application.ports.records import (
    AuditEntry,
    Delivery,
)
from application.ports.storage import (
    AuditFilter,
    BookingFilter,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    Health,
    Page,
    PageRequest,
    PaymentFilter,
    PayoutFilter,
    Position,
    RefundFilter,
    UserFilter,
)
from domain.bookings import Booking
from domain.cards import SavedCard
from domain.earnings import (
    PAYOUT_EVERY,
    EarningLine,
    Payout,
    TeacherAccount,
    TeacherBalance,
    matured,
)
from domain.gigs import Gig
from domain.ids import BookingId, CardId, PayoutId, UserId
from domain.ledger import SUSPENSE
from domain.money import Currency
from domain.payments import Payment
from domain.people import User
from domain.refunds import Refund

Row = TypeVar("Row")
Where = TypeVar("Where")


class View(Generic[Row, Where]):
    """Rows of one table, newest first."""

    def __init__(
        self,
        drafts: Drafts,
        database: Database,
        table: Table[Row],
        matching: Callable[[Drafts, Database, Where], Callable[[Row], bool]],
    ) -> None:
        self._drafts = drafts
        self._database = database
        self._table = table
        self._matching = matching

    def find(self, id: str) -> Row | None:
        """Return one value, or None."""
        return self._drafts.of(self._table).find(id)

    def list(self, where: Where, page: PageRequest) -> Page[Row]:
        """Return a page, newest first."""
        before = None if page.after is None else (page.after.at, page.after.id)
        rows = self._drafts.of(self._table).descending("created", before)
        matching = filter(self._matching(self._drafts, self._database, where), rows)
        found = tuple(islice(matching, page.limit + 1))
        if len(found) <= page.limit:
            return Page(items=found, next=None)
        items = found[: page.limit]
        place = self._table.place_in["created"](items[-1]) if items else None
        return Page(items=items, next=None if place is None else Position(*place))


class Views:
    """The read side."""

    def __init__(self, drafts: Drafts, ledger: LedgerDraft, database: Database) -> None:
        self._drafts = drafts
        self._database = database
        self.books = ledger

    @cached_property
    def users(self) -> View[User, UserFilter]:
        return View(self._drafts, self._database, self._database.users, filters.users)

    @cached_property
    def gigs(self) -> View[Gig, GigFilter]:
        return View(self._drafts, self._database, self._database.gigs, filters.gigs)

    @cached_property
    def bookings(self) -> View[Booking, BookingFilter]:
        return View(self._drafts, self._database, self._database.bookings, filters.bookings)

    @cached_property
    def payments(self) -> View[Payment, PaymentFilter]:
        return View(self._drafts, self._database, self._database.payments, filters.payments)

    @cached_property
    def refunds(self) -> View[Refund, RefundFilter]:
        return View(self._drafts, self._database, self._database.refunds, filters.refunds)

    @cached_property
    def payouts(self) -> View[Payout, PayoutFilter]:
        return View(self._drafts, self._database, self._database.payouts, filters.payouts)

    @cached_property
    def earnings(self) -> View[EarningLine, EarningFilter]:
        return View(self._drafts, self._database, self._database.earnings, filters.earnings)

    @cached_property
    def audit(self) -> View[AuditEntry, AuditFilter]:
        return View(self._drafts, self._database, self._database.audit, filters.audit)

    @cached_property
    def deliveries(self) -> View[Delivery, DeliveryFilter]:
        return View(self._drafts, self._database, self._database.inbox, filters.deliveries)

    @cached_property
    def everything(self) -> Everything:
        return Everything(self._drafts, self._database)

    @cached_property
    def belongings(self) -> Belongings:
        return Belongings(self._drafts, self._database)

    @cached_property
    def under_way(self) -> UnderWay:
        return UnderWay(self._drafts, self._database)

    @cached_property
    def corners(self) -> Corners:
        return Corners(self._drafts, self._database)

    @cached_property
    def people(self) -> "PeopleViews":
        return PeopleViews(self._drafts, self._database)

    @cached_property
    def due(self) -> "DueViews":
        return DueViews(self._drafts, self.books, self._database)


class PeopleViews:
    """What belongs to people, to read."""

    def __init__(self, drafts: Drafts, database: Database) -> None:
        self._drafts = drafts
        self._database = database

    def emails(self, users: Iterable[UserId]) -> Mapping[UserId, str]:
        """Return the addresses of these users."""
        people = self._drafts.of(self._database.users)
        found = (people.find(user_id) for user_id in users)
        return {user.id: user.email for user in found if user is not None}

    def cards(self, student: UserId) -> tuple[SavedCard, ...]:
        """Return a student's listed cards, newest first."""
        cards = newest_first(self._drafts.of(self._database.cards).of("student", student))
        return tuple(card for card in cards if card.is_listed and card.removed_at is None)

    def card(self, id: CardId) -> SavedCard | None:
        """Return a card, a removed one too."""
        return self._drafts.of(self._database.cards).find(id)

    def account(self, teacher: UserId) -> TeacherAccount | None:
        """Return a teacher's connected account."""
        return self._drafts.of(self._database.accounts).find(teacher)

    def balances(self, teacher: UserId) -> tuple[TeacherBalance, ...]:
        """Return a teacher's balances, by currency code."""
        return by_currency(self._drafts.of(self._database.balances).of("teacher", teacher))

    def unpaid_lines(self, teacher: UserId, currency: Currency) -> tuple[EarningLine, ...]:
        """Return the teacher's lines that no payout carries, oldest first."""
        lines = self._drafts.of(self._database.earnings)
        return oldest_lines_first(lines.of("unpaid", (teacher, currency.code)))


class DueViews:
    """What waits to be done, and since when."""

    def __init__(self, drafts: Drafts, ledger: LedgerDraft, database: Database) -> None:
        self._drafts = drafts
        self._ledger = ledger
        self._database = database

    def next_at(self, after: datetime) -> datetime | None:
        """Return the earliest instant after `after` at which something is due."""
        booking = next(self._drafts.of(self._database.bookings).ascending("due", after=after), None)
        line = next(
            self._drafts.of(self._database.earnings).ascending("matures", after=after), None
        )
        instants = (
            None if booking is None else booking.next_due_at,
            None if line is None else line.available_at,
            self._next_payout_at(after),
        )
        return min((at for at in instants if at is not None), default=None)

    def _next_payout_at(self, after: datetime) -> datetime | None:
        paid = self._drafts.of(self._database.balances).ascending(
            "paid_out", after=after - PAYOUT_EVERY
        )
        unpaid = self._drafts.of(self._database.earnings)
        return next(
            (
                balance.next_payout_at
                for balance in paid
                if matured(unpaid.of("unpaid", (balance.teacher_id, balance.currency.code)), after)
            ),
            None,
        )

    def health(self) -> Health:
        """Count over the whole database."""
        payments = Counter(
            str(payment.status) for payment in self._drafts.of(self._database.payments).rows()
        )
        opened = [
            operation.created_at
            for operation in self._drafts.of(self._database.operations).ascending("lease")
        ]
        received = [
            delivery.received_at
            for delivery in self._drafts.of(self._database.inbox).ascending("waiting")
        ]
        messages = list(self._drafts.of(self._database.outbox).rows())
        return Health(
            payments_by_status=dict(payments),
            open_operations=len(opened),
            oldest_open_operation_at=min(opened, default=None),
            waiting_deliveries=len(received),
            oldest_waiting_delivery_at=min(received, default=None),
            waiting_messages=len(messages),
            oldest_waiting_message_at=min((each.event.at for each in messages), default=None),
            suspense_by_currency={
                code: minor
                for account, code, minor in self._ledger.balances()
                if account == str(SUSPENSE)
            },
            unsealed_entries=self._ledger.unsealed,
        )

    def lines_of_payout(self, payout: PayoutId) -> tuple[EarningLine, ...]:
        """Return the lines that a payout carries, oldest first."""
        return oldest_lines_first(self._drafts.of(self._database.earnings).of("payout", payout))

    def payment_of_booking(self, booking: BookingId) -> Payment | None:
        """Return the booking's newest payment."""
        payments = newest_first(self._drafts.of(self._database.payments).of("booking", booking))
        return payments[0] if payments else None
