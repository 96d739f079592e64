"""The schema, as the statements see it; `migrations` is how a database gets there."""

from adapters.sql.tables.earnings import (
    earning_lines,
    ledger_entries,
    ledger_head,
    ledger_lines,
    payouts,
    teacher_accounts,
    teacher_balances,
)
from adapters.sql.tables.lessons import (
    booking_teachers,
    bookings,
    payment_teachers,
    payments,
    refund_teachers,
    refunds,
)
from adapters.sql.tables.parts import metadata
from adapters.sql.tables.people import cards, gig_teachers, gigs, sessions, users
from adapters.sql.tables.records import (
    audit_log,
    deliveries,
    idempotency_keys,
    operations,
    outbox,
    rate_limits,
    settings,
)

__all__ = [
    "audit_log",
    "booking_teachers",
    "bookings",
    "cards",
    "deliveries",
    "earning_lines",
    "gig_teachers",
    "gigs",
    "idempotency_keys",
    "ledger_entries",
    "ledger_head",
    "ledger_lines",
    "metadata",
    "operations",
    "outbox",
    "payment_teachers",
    "payments",
    "payouts",
    "rate_limits",
    "refund_teachers",
    "refunds",
    "sessions",
    "settings",
    "teacher_accounts",
    "teacher_balances",
    "users",
]
