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

from application.ports.storage.filters import (
    AuditFilter,
    BookingFilter,
    Created,
    DeliveryFilter,
    EarningFilter,
    GigFilter,
    Page,
    PageRequest,
    PaymentFilter,
    PayoutFilter,
    Position,
    RefundFilter,
    UserFilter,
)
from application.ports.storage.proving import (
    BETWEEN_WORDS,
    Belongings,
    ChainHead,
    Corners,
    Credited,
    Done,
    Everything,
    SealedEntry,
    Slot,
    StoredText,
    UnderWay,
    Unpaid,
    Unreadable,
)
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
    Repository,
    Sessions,
    Users,
)
from application.ports.storage.unit import Unit, UnitOfWork
from application.ports.storage.views import (
    Books,
    DueViews,
    Health,
    PeopleViews,
    Reader,
    View,
    Views,
)
from application.ports.storage.whole import RateLimits, Storage

__all__ = [
    "BETWEEN_WORDS",
    "Accounts",
    "AuditFilter",
    "AuditLog",
    "Balances",
    "Belongings",
    "BookingFilter",
    "Bookings",
    "Books",
    "Cards",
    "ChainHead",
    "Corners",
    "Created",
    "Credited",
    "DeliveryFilter",
    "Done",
    "DueViews",
    "EarningFilter",
    "Earnings",
    "Everything",
    "GigFilter",
    "Gigs",
    "Health",
    "IdempotencyKeys",
    "Inbox",
    "Ledger",
    "Operations",
    "Outbox",
    "Page",
    "PageRequest",
    "PaymentFilter",
    "Payments",
    "PayoutFilter",
    "Payouts",
    "PeopleViews",
    "Position",
    "RateLimits",
    "Reader",
    "RefundFilter",
    "Refunds",
    "Repository",
    "SealedEntry",
    "Sessions",
    "Settings",
    "Slot",
    "Storage",
    "StoredText",
    "UnderWay",
    "Unit",
    "UnitOfWork",
    "Unpaid",
    "Unreadable",
    "UserFilter",
    "Users",
    "View",
    "Views",
]
