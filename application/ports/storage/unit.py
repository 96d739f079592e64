"""A unit of work, and what runs a decision in one."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from application.ports.storage.records import (
    AuditLog,
    IdempotencyKeys,
    Inbox,
    Ledger,
    Operations,
    Outbox,
    Settings,
)
from application.ports.storage.repositories import (
    Accounts,
    Balances,
    Bookings,
    Cards,
    Earnings,
    Gigs,
    Payments,
    Payouts,
    Refunds,
    Sessions,
    Users,
)
from application.ports.storage.views import Views

R = TypeVar("R")


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
    def views(self) -> Views: ...


class UnitOfWork(Protocol):
    """Run a decision in a transaction."""

    def __call__(self, decide: Callable[[Unit], R]) -> R:
        """Open a unit, decide, commit; or roll back when it raises.

        Runs `decide` again after a stale write or a serialization failure, a bounded number of
        times. A nested unit raises `BrokenInvariant`. Raises `StorageUnavailable` when the
        database is away.
        """
        ...
