"""What teachers earn, and the ledger."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.migrations.parts import check, one_of, partial_index, reference
from adapters.sql.types import Instant, Serial

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to this revision."""
    _teacher_accounts()
    _teacher_balances()
    _payouts()
    _earning_lines()
    _ledger_entries()
    _ledger_lines()
    _ledger_head()


def _teacher_accounts() -> None:
    op.create_table(
        "teacher_accounts",
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text()),
        sa.Column("charges_enabled", sa.Boolean(), nullable=False),
        sa.Column("payouts_enabled", sa.Boolean(), nullable=False),
        sa.Column("transfers_enabled", sa.Boolean(), nullable=False),
        sa.Column("details_submitted", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("teacher_id", name="pk_teacher_accounts"),
        reference("teacher_accounts", "teacher_id", "users"),
        sa.UniqueConstraint("gateway_id", name="uq_teacher_accounts_gateway_id"),
    )


def _teacher_balances() -> None:
    op.create_table(
        "teacher_balances",
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("payable", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("receivable", sa.BigInteger(), nullable=False),
        sa.Column("in_flight", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("last_payout_at", Instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("teacher_id", "currency", name="pk_teacher_balances"),
        reference("teacher_balances", "teacher_id", "users"),
        check("teacher_balances", "netted", "payable = 0 OR receivable = 0"),
        check(
            "teacher_balances",
            "not_negative",
            "payable >= 0 AND held >= 0 AND receivable >= 0 AND in_flight >= 0 AND paid >= 0",
        ),
    )


def _payouts() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reversed", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("failure_reason", sa.Text()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("paid_at", Instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payouts"),
        reference("payouts", "teacher_id", "users"),
        sa.UniqueConstraint("gateway_id", name="uq_payouts_gateway_id"),
        check("payouts", "amount", "amount > 0"),
        one_of("payouts", "method", "manual", "stripe"),
        one_of("payouts", "status", "failed", "in_transit", "paid", "pending"),
    )
    op.create_index("ix_payouts_page", "payouts", ["created_at", "id"])
    op.create_index("ix_payouts_status", "payouts", ["status", "created_at", "id"])
    op.create_index("ix_payouts_teacher", "payouts", ["teacher_id", "created_at", "id"])


def _earning_lines() -> None:
    op.create_table(
        "earning_lines",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.Text()),
        sa.Column("payment_id", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("available_at", Instant()),
        sa.Column("payout_id", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_earning_lines"),
        reference("earning_lines", "booking_id", "bookings"),
        reference("earning_lines", "payment_id", "payments"),
        reference("earning_lines", "payout_id", "payouts"),
        reference("earning_lines", "teacher_id", "users"),
        one_of(
            "earning_lines",
            "kind",
            "carried",
            "lesson",
            "refund",
            "refund_failed",
            "transfer_reversed",
        ),
    )
    partial_index(
        "ix_earning_lines_available",
        "earning_lines",
        ["available_at", "teacher_id", "currency"],
        "payout_id IS NULL AND available_at IS NOT NULL",
    )
    op.create_index("ix_earning_lines_page", "earning_lines", ["teacher_id", "at", "id"])
    op.create_index("ix_earning_lines_payment", "earning_lines", ["payment_id"])
    op.create_index("ix_earning_lines_payout", "earning_lines", ["payout_id"])
    partial_index(
        "ix_earning_lines_unpaid",
        "earning_lines",
        ["teacher_id", "currency", "at", "id"],
        "payout_id IS NULL",
    )


def _ledger_entries() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("seq", Serial, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("position", sa.BigInteger()),
        sa.Column("seal", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_entries"),
        sa.UniqueConstraint("key", name="uq_ledger_entries_key"),
        sa.UniqueConstraint("position", name="uq_ledger_entries_position"),
        check("ledger_entries", "sealed", "(position IS NULL) = (seal IS NULL)"),
    )
    partial_index("ix_ledger_entries_unsealed", "ledger_entries", ["seq"], "position IS NULL")


def _ledger_lines() -> None:
    op.create_table(
        "ledger_lines",
        sa.Column("entry_seq", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry_seq", "line", name="pk_ledger_lines"),
        sa.ForeignKeyConstraint(
            ["entry_seq"], ["ledger_entries.seq"], name="fk_ledger_lines_entry_seq"
        ),
        check("ledger_lines", "amount", "amount <> 0"),
    )
    op.create_index(
        "ix_ledger_lines_account", "ledger_lines", ["account", "currency", "entry_seq", "amount"]
    )


def _ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_head"),
        check("ledger_head", "only_one", "id = 1"),
    )
