"""The Idempotency-Key of a request, and where it counts."""

import hashlib

from attrs import frozen

from application.commands import Actor
from entrypoints.http.problems import HttpProblem

HEADER = "Idempotency-Key"
LONGEST = 255


@frozen(kw_only=True)
class RequestKey:
    """A key, bound to who sent it, to which path, with which body."""

    scope: str
    key: str
    body_sha256: str


def request_key(
    header: str | None, *, actor: Actor, method: str, path: str, body: bytes
) -> RequestKey | None:
    """Return the key of a request that carries one. Raises `HttpProblem` for an unusable one.

    A key may hold anything, even what must not be stored: only its hash is kept, and the path's.
    """
    if header is None:
        return None
    if not 1 <= len(header) <= LONGEST or not (header.isascii() and header.isprintable()):
        raise HttpProblem(
            "invalid_idempotency_key",
            f"An idempotency key is 1 to {LONGEST} printable ASCII characters.",
        )
    who = actor.user_id or f"address {actor.address}"
    return RequestKey(
        scope=f"{who} {method} {path.rstrip('/')}"[:500],
        key=hashlib.sha256(header.encode()).hexdigest(),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )
