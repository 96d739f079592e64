"""What can be wrong, as values with a stable code.

Every error of the domain and of the use cases derives from one of the kinds below. A kind says
what sort of answer it is (absent, forbidden, in conflict with a state, refused by a rule …); an
entrypoint maps kinds to its own language. Nothing here knows of HTTP.
"""

from typing import ClassVar


class DomainError(Exception):
    """State one fact that keeps a command from being carried out.

    `code` is stable and meant for programs; `str(error)` is one sentence for people. `extra` holds
    further members that a client may use, by name.
    """

    code: ClassVar[str] = "error"

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class NotFound(DomainError):
    """The thing is absent, or belongs to another; the two are never told apart."""

    code = "not_found"

    def __init__(self, what: str = "This object") -> None:
        super().__init__(f"{what} does not exist.")


class NotAuthenticated(DomainError):
    """Who is asking is not known."""

    code = "not_authenticated"


class TokenExpired(NotAuthenticated):
    """The token was good once."""

    code = "token_expired"


class Forbidden(DomainError):
    """The role of who is asking does not allow this."""

    code = "forbidden"

    def __init__(self, detail: str = "Your role does not allow this.") -> None:
        super().__init__(detail)


class Conflict(DomainError):
    """The state of things does not allow this now."""

    code = "conflict"


class Refused(DomainError):
    """The request is well formed, but a rule refuses it."""

    code = "refused"


class InvalidField(Refused):
    """One field has a value that cannot be."""

    code = "validation_failed"

    def __init__(self, field: str, detail: str, field_code: str = "invalid") -> None:
        super().__init__(detail)
        self.field = field
        self.field_code = field_code


class RateLimited(DomainError):
    """Too many tries; `retry_after_seconds` tells when the next may succeed."""

    code = "rate_limited"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after_seconds} seconds.")
        self.retry_after_seconds = retry_after_seconds


class Unavailable(DomainError):
    """Something outside is away; nothing was done, and the same request may succeed later."""

    code = "unavailable"


class GatewayUnavailable(Unavailable):
    """The payment gateway did not take the request, and nothing was sent or executed."""

    code = "gateway_unavailable"


class StorageUnavailable(Unavailable):
    """The database is away or full."""

    code = "storage_unavailable"


class StaleWrite(Conflict):
    """The value was changed by another since it was read. The bus runs the command again."""

    code = "stale_write"


class CurrencyMismatch(Refused):
    """Amounts of different currencies were about to be added, compared or netted."""

    code = "currency_mismatch"


class BrokenInvariant(Exception):
    """Our own books or states contradict themselves: a bug, never a client's fault.

    Raised instead of writing something false. Not a `DomainError`: nobody outside can mend it.
    """
