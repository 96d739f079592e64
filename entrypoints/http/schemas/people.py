"""People and their sessions."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from domain.people import Role
from entrypoints.http.schemas.common import (
    Amount,
    CurrencyCode,
    Email,
    Id,
    Input,
    Instant,
    ListQuery,
    Output,
)

Token = Annotated[str, Meta(min_length=1, max_length=4096)]
Name = Annotated[str, Meta(min_length=1, max_length=150, examples=["Ada Lovelace"])]


class OpenRole(StrEnum):
    """What somebody can register as."""

    STUDENT = "student"
    TEACHER = "teacher"


class NewUser(Input, frozen=True, kw_only=True):
    """Somebody who registers."""

    email: Email
    password: Annotated[str, Meta(min_length=10, max_length=200, examples=["a long sentence"])]
    name: Name
    role: OpenRole


class Credentials(Input, frozen=True, kw_only=True):
    """Who logs in."""

    email: Email
    password: Annotated[str, Meta(max_length=200)]


class RefreshToken(Input, frozen=True, kw_only=True):
    """The token that `log_in` or the last refresh answered."""

    refresh_token: Token


class NewName(Input, frozen=True, kw_only=True):
    """What one may change of oneself."""

    name: Name


class FeeRate(Input, frozen=True, kw_only=True):
    """The platform's fee for one teacher; null takes the override back."""

    fee_basis_points: Annotated[int, Meta(ge=0, le=10_000)] | None


class User(Output, frozen=True, kw_only=True):
    """Somebody who can log in."""

    id: Id
    email: str
    name: str
    role: Role
    created_at: Instant


class TokenPair(Output, frozen=True, kw_only=True):
    """A session: the access token authenticates, the refresh token makes the next pair."""

    access_token: str
    refresh_token: str
    token_type: str
    expires_in: Annotated[int, Meta(description="Seconds that the access token is good for.")]
    user: User


class UserQuery(ListQuery, frozen=True, kw_only=True):
    """Which users to list."""

    q: Annotated[str, Meta(max_length=200, description="A part of id, name or e-mail.")] | None = (
        None
    )
    role: Role | None = None


class ListedUser(User, frozen=True, kw_only=True):
    """A user, as staff sees them in a list."""

    stripe_customer_id: str | None
    fee_basis_points: int | None


class PaymentTotals(Output, frozen=True, kw_only=True):
    """What a student paid in one currency, or what was paid for a teacher's lessons."""

    currency: CurrencyCode
    count: int
    paid: Amount
    refunded: Amount


class UserDetails(ListedUser, frozen=True, kw_only=True):
    """A user, as staff sees them."""

    payment_totals: tuple[PaymentTotals, ...]
