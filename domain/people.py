"""Users and their roles."""

import re
from datetime import datetime
from enum import StrEnum

from attrs import evolve, field, frozen

from domain.errors import Conflict, InvalidField
from domain.events import Event
from domain.ids import SessionId, UserId
from domain.time import instant


class Role(StrEnum):
    """What a user is here for."""

    STUDENT = "student"
    TEACHER = "teacher"
    ADMIN = "admin"


@frozen(kw_only=True)
class User:
    """Somebody who can log in.

    `gateway_customer_id` is set on first need; `fee_basis_points` overrides the platform's fee rate
    for a teacher.
    """

    id: UserId
    email: str
    name: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: datetime = instant()
    gateway_customer_id: str | None = None
    fee_basis_points: int | None = None
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.fee_basis_points is not None and not 0 <= self.fee_basis_points <= 10_000:
            raise InvalidField("fee_basis_points", "A fee is between 0 and 10000 basis points.")

    def renamed(self, name: str) -> "User":
        """Give them another name."""
        return evolve(self, name=name)

    def with_fee(self, basis_points: int | None) -> "User":
        """Override the fee rate of what this teacher earns from now on; None takes it back."""
        return evolve(self, fee_basis_points=basis_points)

    def known_to_gateway_as(self, customer_id: str) -> "User":
        """Remember the gateway's customer that stands for them."""
        return evolve(self, gateway_customer_id=customer_id)


@frozen(kw_only=True)
class Session:
    """One refresh token of a family that began with a log-in.

    `token_hash` is the SHA-256 of the token, never the token. Using a token once revokes it and
    makes the next of the family; using it twice revokes the family.
    """

    id: SessionId
    family: str
    user_id: UserId
    token_hash: str = field(repr=False)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)


class EmailTaken(Conflict):
    """Somebody has registered with this address."""

    code = "email_taken"


_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RESERVED_DOMAINS = frozenset({"test", "example", "invalid", "localhost"})
_RESERVED_SITES = frozenset({"example.com", "example.net", "example.org"})


def email_address(text: str, *, allows_reserved: bool = True) -> str:
    """Return the trimmed address, if it has the form `local@domain.tld`. Raises `InvalidField`.

    This is the form that mail systems really carry (RFC 5321 without quoted local parts and address
    literals), in ASCII; a domain in another script is written in its `xn--` form. Domains that
    RFC 2606 reserves reach nobody, so that production refuses them.
    """
    address = text.strip()
    local, _, domain = address.rpartition("@")
    labels = domain.lower().split(".")
    well_formed = (
        len(address) <= 254
        and address.isascii()  # Not only later: there is a sign whose lower case is k.
        and len(local) <= 64
        and _LOCAL_PART.fullmatch(local) is not None
        and len(labels) >= 2
        and all(_LABEL.fullmatch(label) is not None for label in labels)
        and not labels[-1].isdigit()
    )
    if not well_formed:
        raise InvalidField("email", "Give an e-mail address such as ada@school.org.")
    is_reserved = labels[-1] in _RESERVED_DOMAINS or ".".join(labels[-2:]) in _RESERVED_SITES
    if is_reserved and not allows_reserved:
        raise InvalidField("email", "No mail reaches this domain.", "reserved_domain")
    return address
