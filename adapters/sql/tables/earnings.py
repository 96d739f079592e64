"""What teachers earn, and the ledger."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, text

from adapters.sql.tables.parts import (
    amount,
    flag,
    instant,
    key,
    metadata,
    one_of,
    reference,
    version,
)
from adapters.sql.tables.parts import text as words
from adapters.sql.types import Serial
from domain.earnings import EarningKind, PayoutMethod, PayoutStatus

teacher_accounts = Table(
    "teacher_accounts",
    metadata,
    reference("teacher_id", "users", primary_key=True),
    words("gateway_id", null=True, unique=True),
    flag("charges_enabled"),
    flag("payouts_enabled"),
    flag("transfers_enabled"),
    flag("details_submitted"),
    instant("created_at"),
    instant("updated_at"),
    version(),
)

teacher_balances = Table(
    "teacher_balances",
    metadata,
    reference("teacher_id", "users", primary_key=True),
    key("currency"),
    amount("payable"),
    amount("held"),
    amount("receivable"),
    amount("in_flight"),
    amount("paid"),
    instant("last_payout_at", null=True),
    version(),
    CheckConstraint(
        "payable >= 0 AND held >= 0 AND receivable >= 0 AND in_flight >= 0 AND paid >= 0",
        name="not_negative",
    ),
    CheckConstraint("payable = 0 OR receivable = 0", name="netted"),
    Index("ix_teacher_balances_last_payout", "last_payout_at"),
)

payouts = Table(
    "payouts",
    metadata,
    key(),
    reference("teacher_id", "users"),
    words("currency"),
    amount("amount"),
    amount("reversed"),
    words("method"),
    words("status"),
    words("gateway_id", null=True, unique=True),
    words("reference", null=True),
    words("failure_reason", null=True),
    instant("created_at"),
    instant("updated_at"),
    instant("paid_at", null=True),
    version(),
    one_of("method", PayoutMethod),
    one_of("status", PayoutStatus),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_payouts_page", "created_at", "id"),
    Index("ix_payouts_teacher", "teacher_id", "created_at", "id"),
    Index("ix_payouts_status", "status", "created_at", "id"),
)

earning_lines = Table(
    "earning_lines",
    metadata,
    key(),
    reference("teacher_id", "users"),
    words("kind"),
    words("currency"),
    amount("amount"),
    reference("booking_id", "bookings", null=True),
    reference("payment_id", "payments", null=True),
    words("reason"),
    instant("at"),
    instant("available_at", null=True),
    reference("payout_id", "payouts", null=True),
    version(),
    one_of("kind", EarningKind),
    Index("ix_earning_lines_page", "teacher_id", "at", "id"),
    Index("ix_earning_lines_payment", "payment_id"),
    Index("ix_earning_lines_payout", "payout_id"),
    Index(
        "ix_earning_lines_unpaid",
        "teacher_id",
        "currency",
        "at",
        "id",
        postgresql_where=text("payout_id IS NULL"),
        sqlite_where=text("payout_id IS NULL"),
    ),
    Index(
        "ix_earning_lines_available",
        "available_at",
        "teacher_id",
        "currency",
        postgresql_where=text("payout_id IS NULL AND available_at IS NOT NULL"),
        sqlite_where=text("payout_id IS NULL AND available_at IS NOT NULL"),
    ),
)

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("seq", Serial, primary_key=True),
    words("key", unique=True),
    words("kind"),
    instant("at"),
    # The place in the hash chain, given when the entry is sealed.
    Column("position", BigInteger, unique=True),
    words("seal", null=True),
    CheckConstraint("(position IS NULL) = (seal IS NULL)", name="sealed"),
    Index(
        "ix_ledger_entries_unsealed",
        "seq",
        postgresql_where=text("position IS NULL"),
        sqlite_where=text("position IS NULL"),
    ),
)

ledger_lines = Table(
    "ledger_lines",
    metadata,
    Column("entry_seq", BigInteger, ForeignKey("ledger_entries.seq"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    words("account"),
    words("currency"),
    amount("amount"),
    CheckConstraint("amount <> 0", name="amount"),
    # Holds all that a sum needs, so that an account is summed without touching the table.
    Index("ix_ledger_lines_account", "account", "currency", "entry_seq", "amount"),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    words("seal"),
    CheckConstraint("id = 1", name="only_one"),
)
"""Where the hash chain ends; one row, locked by whoever seals and by nobody else."""
