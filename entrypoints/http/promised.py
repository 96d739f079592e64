"""What an endpoint can answer with besides success, by what it takes and who may call it."""

from collections.abc import Iterable

from domain.errors import DomainError
from entrypoints.http.endpoints import Endpoint, NoFields
from entrypoints.http.problem_codes import status_of

_OF_BODIES = frozenset(
    {"malformed_body", "content_too_large", "unsupported_media_type", "validation_failed"}
)
_OF_KEYS = frozenset(
    {"idempotency_key_in_use", "idempotency_key_reused", "invalid_idempotency_key"}
)


def codes_of(endpoint: Endpoint) -> frozenset[str]:
    """Return the codes of every problem that an endpoint can answer with."""
    takes_values = endpoint.body not in (None, NoFields) or endpoint.query is not None
    reasons: tuple[tuple[object, Iterable[str]], ...] = (
        (True, ("internal_error", "storage_unavailable", *endpoint.problems)),
        (True, (error.code for error in _with_heirs(endpoint.refuses))),
        (endpoint.who.heeds_tokens, ("not_authenticated", "token_expired")),
        (endpoint.who.roles, ("forbidden",)),
        (endpoint.body, _OF_BODIES),
        (endpoint.takes_raw, ("content_too_large",)),
        (takes_values or endpoint.path_parameters, ("card_number_not_allowed",)),
        (endpoint.query, ("validation_failed",)),
        (endpoint.path_parameters, ("not_found",)),
        (endpoint.limits, ("rate_limited",)),
        (endpoint.takes_key, _OF_KEYS),
        (endpoint.method != "GET", ("stale_write",)),
    )
    return frozenset(code for applies, codes in reasons if applies for code in codes)


def _with_heirs(errors: Iterable[type[DomainError]]) -> Iterable[type[DomainError]]:
    for error in errors:
        status_of(error)
        yield error
        yield from _with_heirs(error.__subclasses__())
