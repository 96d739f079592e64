"""People, their sessions, cards, and what they offer."""

import sqlalchemy as sa
from alembic import op

from adapters.sql.migrations.parts import check, one_of, partial_index, reference
from adapters.sql.types import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go on to this revision."""
    _users()
    _sessions()
    _cards()
    _gigs()
    _gig_teachers()


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("gateway_customer_id", sa.Text()),
        sa.Column("fee_basis_points", sa.Integer()),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        sa.UniqueConstraint("gateway_customer_id", name="uq_users_gateway_customer_id"),
        check("users", "fee_basis_points", "fee_basis_points BETWEEN 0 AND 10000"),
        one_of("users", "role", "admin", "student", "teacher"),
    )
    op.create_index("ix_users_page", "users", ["created_at", "id"])
    op.create_index("ix_users_role", "users", ["role", "created_at", "id"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant()),
        sa.Column("revoked_at", Instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        reference("sessions", "user_id", "users"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
    )
    op.create_index("ix_sessions_family", "sessions", ["family"])


def _cards() -> None:
    op.create_table(
        "cards",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("student_id", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("exp_month", sa.Integer(), nullable=False),
        sa.Column("exp_year", sa.Integer(), nullable=False),
        sa.Column("country", sa.Text()),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cards"),
        reference("cards", "student_id", "users"),
        sa.UniqueConstraint("gateway_id", name="uq_cards_gateway_id"),
    )
    partial_index(
        "ix_cards_student", "cards", ["student_id", "created_at", "id"], "removed_at IS NULL"
    )


def _gigs() -> None:
    op.create_table(
        "gigs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("teachers", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("hourly_rate", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("confirmation", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("minimum_minutes", sa.Integer(), nullable=False),
        sa.Column("maximum_minutes", sa.Integer(), nullable=False),
        sa.Column("accepts_hours", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gigs"),
        check("gigs", "capacity", "capacity BETWEEN 1 AND 10"),
        one_of("gigs", "confirmation", "instant", "teacher"),
        check("gigs", "hourly_rate", "hourly_rate >= 0"),
    )
    op.create_index("ix_gigs_active", "gigs", ["is_active", "created_at", "id"])
    op.create_index("ix_gigs_page", "gigs", ["created_at", "id"])


def _gig_teachers() -> None:
    op.create_table(
        "gig_teachers",
        sa.Column("gig_id", sa.Text(), nullable=False),
        sa.Column("teacher_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("gig_id", "teacher_id", name="pk_gig_teachers"),
        reference("gig_teachers", "gig_id", "gigs"),
        reference("gig_teachers", "teacher_id", "users"),
    )
    op.create_index("ix_gig_teachers_page", "gig_teachers", ["teacher_id", "created_at", "gig_id"])
