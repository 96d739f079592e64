"""Bookings, payments and refunds."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.migrations.parts import check, one_of, partial_index, reference
from adapters.sql.types import Instant, Structure

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to this revision."""
    _bookings()
    _booking_teachers()
    _payments()
    _payment_teachers()
    _refunds()
    _refund_teachers()


def _bookings() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("gig_id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("teachers", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("funding", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("payment_status", sa.Text(), nullable=False),
        sa.Column("notice_from", Instant(), nullable=False),
        sa.Column("answer_due_at", Instant()),
        sa.Column("payment_due_at", Instant()),
        sa.Column("payment_is_processing", sa.Boolean(), nullable=False),
        sa.Column("completes_at", Instant(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("settles_at", Instant()),
        sa.Column("cancel_reason", sa.Text()),
        sa.Column("reschedule", Structure),
        sa.Column("next_due_at", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bookings"),
        reference("bookings", "gig_id", "gigs"),
        reference("bookings", "student_id", "users"),
        one_of("bookings", "funding", "card", "free", "hours"),
        one_of(
            "bookings",
            "outcome",
            "cancelled_by_platform",
            "cancelled_by_student",
            "cancelled_by_teacher",
            "completed",
            "declined",
            "expired",
            "student_no_show",
            "teacher_no_show",
        ),
        one_of(
            "bookings",
            "payment_status",
            "failed",
            "paid",
            "partially_refunded",
            "pending",
            "refunded",
            "unpaid",
        ),
        check("bookings", "period", "starts_at < ends_at"),
        check("bookings", "price", "price >= 0"),
        one_of(
            "bookings",
            "status",
            "cancelled",
            "completed",
            "confirmed",
            "declined",
            "expired",
            "no_show",
            "requested",
            "teacher_no_show",
        ),
    )
    partial_index("ix_bookings_due", "bookings", ["next_due_at", "id"], "next_due_at IS NOT NULL")
    op.create_index("ix_bookings_page", "bookings", ["created_at", "id"])
    op.create_index(
        "ix_bookings_payment_status", "bookings", ["payment_status", "created_at", "id"]
    )
    op.create_index("ix_bookings_status", "bookings", ["status", "created_at", "id"])
    op.create_index("ix_bookings_student", "bookings", ["student_id", "created_at", "id"])
    op.create_index("ix_bookings_student_calendar", "bookings", ["student_id", "ends_at"])


def _booking_teachers() -> None:
    op.create_table(
        "booking_teachers",
        sa.Column("booking_id", sa.Text(), nullable=False),
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("booking_id", "teacher_id", name="pk_booking_teachers"),
        reference("booking_teachers", "booking_id", "bookings"),
        reference("booking_teachers", "teacher_id", "users"),
    )
    op.create_index("ix_booking_teachers_calendar", "booking_teachers", ["teacher_id", "ends_at"])
    op.create_index(
        "ix_booking_teachers_page", "booking_teachers", ["teacher_id", "created_at", "booking_id"]
    )


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text()),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("list_amount", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("fee_reversed", sa.BigInteger(), nullable=False),
        sa.Column("shares", Structure, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("read_at", Instant()),
        sa.Column("gateway_id", sa.Text()),
        sa.Column("client_secret", sa.Text()),
        sa.Column("charge_id", sa.Text()),
        sa.Column("receipt_url", sa.Text()),
        sa.Column("method_type", sa.Text()),
        sa.Column("brand", sa.Text()),
        sa.Column("last4", sa.Text()),
        sa.Column("failure", Structure),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("unwound", sa.BigInteger(), nullable=False),
        sa.Column("is_disputed", sa.Boolean(), nullable=False),
        sa.Column("gateway_fee_booked", sa.Boolean(), nullable=False),
        sa.Column("funds_available_at", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("paid_at", Instant()),
        sa.Column("refunded_at", Instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        reference("payments", "booking_id", "bookings"),
        reference("payments", "student_id", "users"),
        sa.UniqueConstraint("gateway_id", name="uq_payments_gateway_id"),
        check("payments", "counted", "refunded >= 0 AND reserved >= 0 AND lost >= 0"),
        check("payments", "fee", "fee_reversed BETWEEN 0 AND fee"),
        one_of("payments", "stage", "earned", "pending", "suspense", "unfunded"),
        one_of(
            "payments",
            "status",
            "canceled",
            "canceling",
            "failed",
            "partially_refunded",
            "pending",
            "processing",
            "refunded",
            "requires_action",
            "succeeded",
        ),
        check(
            "payments", "within", "refunded + reserved + lost <= captured AND captured <= amount"
        ),
    )
    partial_index(
        "ix_payments_awaiting_gateway_fee",
        "payments",
        ["created_at", "id"],
        "captured > 0 AND NOT gateway_fee_booked",
    )
    op.create_index("ix_payments_booking", "payments", ["booking_id", "created_at", "id"])
    op.create_index("ix_payments_charge", "payments", ["charge_id"])
    op.create_index("ix_payments_page", "payments", ["created_at", "id"])
    op.create_index("ix_payments_status", "payments", ["status", "created_at", "id"])
    op.create_index("ix_payments_student", "payments", ["student_id", "created_at", "id"])


def _payment_teachers() -> None:
    op.create_table(
        "payment_teachers",
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "teacher_id", name="pk_payment_teachers"),
        reference("payment_teachers", "payment_id", "payments"),
        reference("payment_teachers", "teacher_id", "users"),
    )
    op.create_index(
        "ix_payment_teachers_page", "payment_teachers", ["teacher_id", "created_at", "payment_id"]
    )


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Text()),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("teacher_keeps", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("legs", Structure, nullable=False),
        sa.Column("promotion", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text()),
        sa.Column("failure_reason", sa.Text()),
        sa.Column("has_succeeded", sa.Boolean(), nullable=False),
        sa.Column("is_owed", sa.Boolean(), nullable=False),
        sa.Column("settles", sa.Text()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
        reference("refunds", "booking_id", "bookings"),
        reference("refunds", "payment_id", "payments"),
        reference("refunds", "requested_by", "users"),
        reference("refunds", "settles", "refunds"),
        reference("refunds", "student_id", "users"),
        sa.UniqueConstraint("gateway_id", name="uq_refunds_gateway_id"),
        check("refunds", "amount", "amount > 0"),
        one_of("refunds", "cause", "cancellation", "late_payment", "manual", "no_show", "owed"),
        one_of("refunds", "fault", "none", "platform", "student", "teacher"),
        one_of(
            "refunds",
            "status",
            "approved",
            "failed",
            "pending",
            "requested",
            "reserved",
            "succeeded",
        ),
    )
    op.create_index("ix_refunds_page", "refunds", ["created_at", "id"])
    op.create_index("ix_refunds_payment", "refunds", ["payment_id", "created_at", "id"])
    op.create_index("ix_refunds_status", "refunds", ["status", "created_at", "id"])
    op.create_index("ix_refunds_student", "refunds", ["student_id", "created_at", "id"])


def _refund_teachers() -> None:
    op.create_table(
        "refund_teachers",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("refund_id", "teacher_id", name="pk_refund_teachers"),
        reference("refund_teachers", "refund_id", "refunds"),
        reference("refund_teachers", "teacher_id", "users"),
    )
    op.create_index(
        "ix_refund_teachers_page", "refund_teachers", ["teacher_id", "created_at", "refund_id"]
    )
