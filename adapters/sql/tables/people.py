"""People, their sessions, cards, and what they offer."""

from sqlalchemy import CheckConstraint, Index, Table, text

from adapters.sql.tables.parts import (
    amount,
    flag,
    instant,
    key,
    metadata,
    number,
    one_of,
    reference,
    version,
)
from adapters.sql.tables.parts import text as words
from domain.gigs import Confirmation
from domain.people import Role

users = Table(
    "users",
    metadata,
    key(),
    words("email"),
    # What two addresses that differ in the case of letters have in common.
    words("email_key", unique=True),
    words("name"),
    words("role"),
    words("password_hash"),
    words("gateway_customer_id", null=True, unique=True),
    number("fee_basis_points", null=True),
    # What a search looks through, case folded: the databases disagree on the case of most letters.
    words("search"),
    instant("created_at"),
    version(),
    one_of("role", Role),
    CheckConstraint("fee_basis_points BETWEEN 0 AND 10000", name="fee_basis_points"),
    Index("ix_users_page", "created_at", "id"),
    Index("ix_users_role", "role", "created_at", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    key(),
    words("family"),
    reference("user_id", "users"),
    words("token_hash", unique=True),
    instant("created_at"),
    instant("expires_at"),
    instant("used_at", null=True),
    instant("revoked_at", null=True),
    version(),
    Index("ix_sessions_family", "family"),
)

cards = Table(
    "cards",
    metadata,
    key(),
    reference("student_id", "users"),
    words("gateway_id", unique=True),
    words("brand"),
    words("last4"),
    number("exp_month"),
    number("exp_year"),
    words("country", null=True),
    flag("is_default"),
    flag("is_listed"),
    instant("created_at"),
    instant("removed_at", null=True),
    version(),
    Index(
        "ix_cards_student",
        "student_id",
        "created_at",
        "id",
        postgresql_where=text("removed_at IS NULL"),
        sqlite_where=text("removed_at IS NULL"),
    ),
)

gigs = Table(
    "gigs",
    metadata,
    key(),
    words("teachers"),
    words("title"),
    words("description"),
    words("currency"),
    amount("hourly_rate"),
    number("capacity"),
    words("confirmation"),
    words("policy"),
    number("minimum_minutes"),
    number("maximum_minutes"),
    flag("accepts_hours"),
    flag("is_active"),
    words("search"),
    instant("created_at"),
    instant("updated_at"),
    version(),
    one_of("confirmation", Confirmation),
    CheckConstraint("capacity BETWEEN 1 AND 10", name="capacity"),
    CheckConstraint("hourly_rate >= 0", name="hourly_rate"),
    Index("ix_gigs_page", "created_at", "id"),
    Index("ix_gigs_active", "is_active", "created_at", "id"),
)

gig_teachers = Table(
    "gig_teachers",
    metadata,
    reference("gig_id", "gigs", primary_key=True),
    reference("teacher_id", "users", primary_key=True),
    instant("created_at"),
    Index("ix_gig_teachers_page", "teacher_id", "created_at", "gig_id"),
)
"""Finds the gigs of a teacher; what the gig says of its teachers lies with it."""
