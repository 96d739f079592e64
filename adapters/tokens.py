"""Access tokens as JSON Web Tokens, signed with HMAC-SHA-256."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from attrs import field, frozen

from application.ports.clock import WallClock
from application.ports.ids import Randomness
from application.ports.tokens import AccessToken, Claims
from domain.errors import NotAuthenticated, TokenExpired
from domain.ids import UserId
from domain.people import Role
from domain.time import EPOCH

ALGORITHM = "HS256"
ISSUER = "tuition"
AUDIENCE = "tuition-api"
LEEWAY = timedelta(seconds=5)
"""How far the clocks of two processes may be apart."""

_LONGEST_TOKEN = 2_048
_CLAIMS = ("aud", "exp", "iat", "iss", "jti", "nbf", "role", "sub")
_INVALID = "This access token is not valid. Log in again."


def key_of(secret: str) -> bytes:
    """Return the signing key of a secret; one that is shorter than the hash is stretched to it.

    Production refuses short secrets; stretching lets development use any, without a warning.
    """
    key = secret.encode()
    return key if len(key) >= 32 else hashlib.sha256(key).digest()


@frozen(kw_only=True)
class JwtTokens:
    """Issue and check tokens that this installation signs itself; nobody else's are good here."""

    key: bytes = field(repr=False)
    wall: WallClock
    randomness: Randomness
    lifetime: timedelta = timedelta(minutes=15)

    def issue(self, user_id: UserId, role: Role) -> AccessToken:
        """Return a fresh access token of a user."""
        now = _timestamp(self.wall.now())
        lifetime_seconds = int(self.lifetime.total_seconds())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "role": str(role),
            "jti": self.randomness.secret(),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
        }
        text = jwt.encode(claims, self.key, algorithm=ALGORITHM)
        return AccessToken(text=text, expires_in_seconds=lifetime_seconds)

    def read(self, text: str) -> Claims:
        """Return what a token says. Raises `TokenExpired` or `NotAuthenticated`."""
        if len(text) > _LONGEST_TOKEN or not _is_canonical(text):
            raise NotAuthenticated(_INVALID)
        try:
            claims = jwt.decode(
                text,
                self.key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # The library would read the system's clock; the instants are checked below.
                options={
                    "require": list(_CLAIMS),
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            # Deeply nested JSON in a header exhausts the stack before any signature is checked.
            raise NotAuthenticated(_INVALID) from error
        return self._checked(claims)

    def _checked(self, claims: Mapping[str, Any]) -> Claims:
        begins, issued, expires = (_instant(claims[name]) for name in ("nbf", "iat", "exp"))
        user_id, role, token_id = claims["sub"], claims["role"], claims["jti"]
        latest = self.wall.now() + LEEWAY
        is_ours = user_id and token_id and isinstance(role, str) and role in set(Role)
        if not is_ours or max(begins, issued) > latest:
            raise NotAuthenticated(_INVALID)
        if expires <= self.wall.now() - LEEWAY:
            raise TokenExpired("This access token has expired. Refresh it, or log in again.")
        return Claims(
            user_id=UserId(user_id), role=Role(role), token_id=token_id, expires_at=expires
        )


def _timestamp(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)


def _instant(seconds: object) -> datetime:
    # Booleans are integers to Python, and huge numbers no instants; no token of ours has either.
    if type(seconds) is not int or not 0 <= seconds < 2**36:
        raise NotAuthenticated(_INVALID)
    return EPOCH + timedelta(seconds=seconds)


def _is_canonical(text: str) -> bool:
    """Tell whether each of three parts is the one base64url spelling of what it says.

    The last character of a part has bits that decoders ignore, so that a token could be altered and
    still be taken for another good one.
    """
    parts = text.split(".")
    return len(parts) == 3 and all(part and _respelled(part) == part for part in parts)


def _respelled(part: str) -> str | None:
    try:
        raw = base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
