"""Units of work in memory, one at a time, and readers of what they committed."""

from collections.abc import Callable, Iterable
from functools import cached_property
from threading import Lock, RLock
from typing import TypeVar

from adapters.memory import aggregates, records
from adapters.memory.books import LedgerDraft
from adapters.memory.database import Database
from adapters.memory.rate_limits import RateLimits
from adapters.memory.tables import Drafts
from adapters.memory.views import Views
from application.ports.ids import Ids
from application.ports.open_units import inside_a_unit
from application.ports.records import OutboxMessage
from application.ports.storage import Storage, Unit
from application.ports.storage import Views as ViewsPort
from domain.errors import StaleWrite
from domain.events import Event
from domain.ids import MessageId

R = TypeVar("R")

TRIES = 5
"""How often a decision is made before a stale write is given up."""


def memory_storage(ids: Ids) -> Storage:
    """Begin an empty storage that lasts as long as this process."""
    database = Database()
    committing = RLock()
    return Storage(
        work=_UnitOfWork(database, committing, ids),
        read=_Reader(database, committing),
        rate_limits=RateLimits(),
        ping=lambda: None,
        close=lambda: None,
    )


class _UnitOfWork:
    """Run decisions one at a time; `committing` is held only while drafts go in."""

    def __init__(self, database: Database, committing: RLock, ids: Ids) -> None:
        self._database = database
        self._committing = committing
        self._ids = ids
        self._deciding = Lock()

    def __call__(self, decide: Callable[[Unit], R]) -> R:
        """Open a unit, decide, commit; or roll back when it raises."""
        with inside_a_unit(), self._deciding:
            for _ in range(TRIES - 1):
                try:
                    return self._try(decide)
                except StaleWrite:
                    continue
            return self._try(decide)

    def _try(self, decide: Callable[[Unit], R]) -> R:
        unit = _Unit(self._database, self._ids)
        result = decide(unit)
        with self._committing:
            unit.commit()
        return result


class _Reader:
    """Run queries against committed state, which stands still meanwhile."""

    def __init__(self, database: Database, committing: RLock) -> None:
        self._database = database
        self._committing = committing

    def __call__(self, query: Callable[[ViewsPort], R]) -> R:
        """Return what the query returns."""
        with self._committing:
            ledger = LedgerDraft(self._database.ledger)
            return query(Views(Drafts(), ledger, self._database))


class _Unit:
    """An open unit of work. Repositories are made when they are first needed."""

    def __init__(self, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids
        self._drafts = Drafts()
        self.ledger = LedgerDraft(database.ledger)

    def commit(self) -> None:
        self._drafts.commit()
        self.ledger.commit()

    def _collect(self, events: Iterable[Event]) -> None:
        for event in events:
            message = OutboxMessage(id=MessageId(self._ids.new("message")), event=event)
            self._drafts.of(self._database.outbox).put(message)

    @cached_property
    def users(self) -> aggregates.Users:
        return aggregates.Users(self._drafts.of(self._database.users), self._collect)

    @cached_property
    def sessions(self) -> aggregates.Sessions:
        return aggregates.Sessions(self._drafts.of(self._database.sessions), self._collect)

    @cached_property
    def gigs(self) -> aggregates.Gigs:
        return aggregates.Gigs(self._drafts.of(self._database.gigs), self._collect)

    @cached_property
    def bookings(self) -> aggregates.Bookings:
        return aggregates.Bookings(self._drafts.of(self._database.bookings), self._collect)

    @cached_property
    def payments(self) -> aggregates.Payments:
        return aggregates.Payments(self._drafts.of(self._database.payments), self._collect)

    @cached_property
    def refunds(self) -> aggregates.Refunds:
        return aggregates.Refunds(self._drafts.of(self._database.refunds), self._collect)

    @cached_property
    def cards(self) -> aggregates.Cards:
        return aggregates.Cards(self._drafts.of(self._database.cards), self._collect)

    @cached_property
    def accounts(self) -> aggregates.Accounts:
        return aggregates.Accounts(self._drafts.of(self._database.accounts), self._collect)

    @cached_property
    def balances(self) -> aggregates.Balances:
        return aggregates.Balances(self._drafts.of(self._database.balances), self._collect)

    @cached_property
    def earnings(self) -> aggregates.Earnings:
        return aggregates.Earnings(self._drafts.of(self._database.earnings), self._collect)

    @cached_property
    def payouts(self) -> aggregates.Payouts:
        return aggregates.Payouts(self._drafts.of(self._database.payouts), self._collect)

    @cached_property
    def operations(self) -> records.Operations:
        return records.Operations(self._drafts.of(self._database.operations), self._collect)

    @cached_property
    def inbox(self) -> records.Inbox:
        return records.Inbox(self._drafts.of(self._database.inbox), self._collect)

    @cached_property
    def outbox(self) -> records.Outbox:
        return records.Outbox(self._drafts.of(self._database.outbox))

    @cached_property
    def idempotency(self) -> records.IdempotencyKeys:
        return records.IdempotencyKeys(self._drafts.of(self._database.idempotency))

    @cached_property
    def audit(self) -> records.AuditLog:
        return records.AuditLog(self._drafts.of(self._database.audit))

    @cached_property
    def settings(self) -> records.Settings:
        return records.Settings(self._drafts.of(self._database.settings))

    @cached_property
    def views(self) -> Views:
        return Views(self._drafts, self.ledger, self._database)
