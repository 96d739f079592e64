"""Users, sessions and cards."""

from typing import Any

from adapters.sql.mapper import Row, mapper
from adapters.sql.tables import cards, sessions, users
from domain.cards import SavedCard
from domain.ids import CardId, SessionId, UserId
from domain.people import Role, Session, User

BETWEEN_PARTS = "\x1f"
"""Keeps a search from matching across two texts; nobody types it."""


def email_key(email: str) -> str:
    """Return what two addresses that differ in the case of letters have in common."""
    return email.casefold()


def user_to_row(user: User) -> dict[str, Any]:
    """Write a user."""
    return {
        "id": user.id,
        "email": user.email,
        "email_key": email_key(user.email),
        "name": user.name,
        "role": user.role,
        "password_hash": user.password_hash,
        "gateway_customer_id": user.gateway_customer_id,
        "fee_basis_points": user.fee_basis_points,
        "search": BETWEEN_PARTS.join((user.id, user.name, user.email)).casefold(),
        "created_at": user.created_at,
        "version": user.version,
    }


def user_from_row(row: Row) -> User:
    """Read a user."""
    return User(
        id=UserId(row.id),
        email=row.email,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        gateway_customer_id=row.gateway_customer_id,
        fee_basis_points=row.fee_basis_points,
        created_at=row.created_at,
        version=row.version,
    )


def session_to_row(session: Session) -> dict[str, Any]:
    """Write a session."""
    return {
        "id": session.id,
        "family": session.family,
        "user_id": session.user_id,
        "token_hash": session.token_hash,
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "used_at": session.used_at,
        "revoked_at": session.revoked_at,
        "version": session.version,
    }


def session_from_row(row: Row) -> Session:
    """Read a session."""
    return Session(
        id=SessionId(row.id),
        family=row.family,
        user_id=UserId(row.user_id),
        token_hash=row.token_hash,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
        version=row.version,
    )


def card_to_row(card: SavedCard) -> dict[str, Any]:
    """Write a card."""
    return {
        "id": card.id,
        "student_id": card.student_id,
        "gateway_id": card.gateway_id,
        "brand": card.brand,
        "last4": card.last4,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "country": card.country,
        "is_default": card.is_default,
        "is_listed": card.is_listed,
        "created_at": card.created_at,
        "removed_at": card.removed_at,
        "version": card.version,
    }


def card_from_row(row: Row) -> SavedCard:
    """Read a card."""
    return SavedCard(
        id=CardId(row.id),
        student_id=UserId(row.student_id),
        gateway_id=row.gateway_id,
        brand=row.brand,
        last4=row.last4,
        exp_month=row.exp_month,
        exp_year=row.exp_year,
        country=row.country,
        is_default=row.is_default,
        is_listed=row.is_listed,
        created_at=row.created_at,
        removed_at=row.removed_at,
        version=row.version,
    )


USERS = mapper("This user", users, user_to_row, user_from_row)
SESSIONS = mapper("This session", sessions, session_to_row, session_from_row)
CARDS = mapper("This card", cards, card_to_row, card_from_row)
