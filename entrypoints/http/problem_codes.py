"""What can go wrong: every code, its status and its meaning.

Codes of the domain and the use cases are found by walking their errors, so that none can be
forgotten; those of HTTP itself are listed here.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from attrs import frozen

from application.webhooks import WebhookRejected
from domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Refused,
    Unavailable,
)

STATUS_OF_KIND: Mapping[type[DomainError], int] = {
    WebhookRejected: 400,
    NotAuthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Refused: 422,
    RateLimited: 429,
    Unavailable: 503,
}
"""The status of each kind of error; a kind's descendants share it."""

DECLINES = frozenset({"card_declined", "authentication_required"})
"""The codes that say that the bank refused: 402, whatever kind the error is of."""


@frozen(kw_only=True)
class ProblemDescription:
    """What a code means, wherever it comes from."""

    code: str
    status: int
    meaning: str

    @property
    def title(self) -> str:
        """Return the code in words."""
        return self.code.replace("_", " ").capitalize()


OF_HTTP: Mapping[str, ProblemDescription] = {
    each.code: each
    for each in (
        ProblemDescription(
            code="malformed_body", status=400, meaning="The body is no readable JSON in UTF-8."
        ),
        ProblemDescription(
            code="bad_request", status=400, meaning="The request cannot be understood."
        ),
        ProblemDescription(
            code="invalid_idempotency_key",
            status=422,
            meaning="An idempotency key is 1 to 255 printable ASCII characters.",
        ),
        ProblemDescription(
            code="method_not_allowed", status=405, meaning="The address does not know the method."
        ),
        ProblemDescription(
            code="content_too_large", status=413, meaning="The body is larger than is taken here."
        ),
        ProblemDescription(
            code="head_too_large",
            status=431,
            meaning="The address and the headers together are longer than is taken here.",
        ),
        ProblemDescription(
            code="unsupported_media_type",
            status=415,
            meaning="Bodies are JSON: `Content-Type: application/json`.",
        ),
        ProblemDescription(
            code="internal_error",
            status=500,
            meaning="A mistake of ours; the request's id helps us to find it.",
        ),
    )
}


def status_of(error: type[DomainError]) -> int:
    """Return the status of an error's nearest kind. Raises `KeyError` for an error of no kind."""
    if error.code in DECLINES:
        return 402
    for kind in error.__mro__:
        if kind in STATUS_OF_KIND:
            return STATUS_OF_KIND[kind]
    raise KeyError(error)


def every_error() -> Iterator[type[DomainError]]:
    """Walk the kinds and errors of the domain, the use cases and this entrypoint."""
    waiting = DomainError.__subclasses__()
    while waiting:
        error = waiting.pop()
        waiting.extend(error.__subclasses__())
        if error.__module__.partition(".")[0] in {"domain", "application", "entrypoints"}:
            yield error


@cache
def descriptions() -> Mapping[str, ProblemDescription]:
    """Return what every code means, by code."""
    known = dict(OF_HTTP)
    # A base class is walked before its heirs; who shares its code is told by the base.
    for error in sorted(every_error(), key=lambda error: len(error.__mro__)):
        meaning = (error.__doc__ or "").partition("\n\n")[0].replace("\n    ", " ").strip()
        known.setdefault(
            error.code,
            ProblemDescription(code=error.code, status=status_of(error), meaning=meaning),
        )
    return dict(sorted(known.items()))
