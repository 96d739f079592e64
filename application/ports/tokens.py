"""Proof of who somebody is: access tokens and passwords."""

from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from domain.ids import UserId
from domain.people import Role


@frozen(kw_only=True)
class AccessToken:
    """A short-lived proof that its bearer logged in; `text` goes into the Authorization header."""

    text: str = field(repr=False)
    expires_in_seconds: int


@frozen(kw_only=True)
class Claims:
    """What a good access token says of its bearer."""

    user_id: UserId
    role: Role
    token_id: str
    expires_at: datetime


class Tokens(Protocol):
    """Issue and check access tokens, on the wall clock: no test mode makes them last or lapse."""

    def issue(self, user_id: UserId, role: Role) -> AccessToken:
        """Return a fresh access token of a user."""
        ...

    def read(self, text: str) -> Claims:
        """Return what a token says. Raises `TokenExpired` for one that was good once, and
        `NotAuthenticated` for anything else.
        """
        ...


class Passwords(Protocol):
    """Hash passwords, slowly on purpose: never inside a unit of work, which would hold locks."""

    def hash(self, password: str) -> str:
        """Return a salted hash."""
        ...

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether the password is the hashed one.

        None stands for somebody unknown: it takes as long as a real check, and is never right.
        """
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether the hash was made with weaker parameters than today's."""
        ...
