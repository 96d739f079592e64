"""Problem documents: one table from kinds of errors to statuses, and one shape for all.

Every code is documented at `/problems/<code>`. Nothing internal leaks: what is no `DomainError` and
no answer of the framework's becomes a 500 that names only the request id.
"""

from collections.abc import Iterable, Mapping

import msgspec
from attrs import field, frozen
from litestar.exceptions import HTTPException

from application.effects import OperationUnderWay
from application.idempotency import KeyInUse
from application.ports.gateway import GatewayError
from application.ports.records import Answer
from domain.errors import (
    DomainError,
    InvalidField,
    RateLimited,
    StaleWrite,
)
from entrypoints.http.problem_codes import descriptions, status_of

MEDIA_TYPE = "application/problem+json"
PASSING: tuple[type[DomainError], ...] = (KeyInUse, OperationUnderWay, StaleWrite)
"""Refusals that another try a moment later will not meet."""


class FieldProblem(msgspec.Struct, frozen=True):
    """What is wrong with one field."""

    field: str
    code: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not carried out (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: tuple[FieldProblem, ...] = ()


class DeclineProblem(Problem, frozen=True, kw_only=True, omit_defaults=True):
    """Why a payment or a card was declined, and what its owner can do."""

    decline_code: str | None = None
    advice: str | None = None
    payment_id: str | None = None


class HttpProblem(Exception):
    """Something that is wrong with the request as such, before any command."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Iterable[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


_CODE_OF_FRAMEWORK_STATUS = {
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "content_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
}


@frozen(kw_only=True)
class Refusal:
    """An error on its way out: document, headers, and whether a repeat is answered the same."""

    problem: Problem
    headers: Mapping[str, str] = field(factory=dict)
    is_by_rule: bool = False

    @property
    def answer(self) -> Answer:
        """Return it as bytes."""
        return Answer(
            status=self.problem.status,
            body=msgspec.json.encode(self.problem),
            content_type=MEDIA_TYPE,
        )


def refusal_of(error: BaseException, instance: str) -> Refusal | None:
    """Put an error into a document, or return None for one that nobody outside may see."""
    if isinstance(error, DomainError):
        return _of_domain(error, instance)
    if isinstance(error, HttpProblem):
        problem = _problem(error.code, error.detail, instance, error.errors)
        return Refusal(problem=problem, headers=error.headers)
    if isinstance(error, GatewayError):
        detail = "The payment gateway did not take the request. Try again soon."
        return Refusal(
            problem=_problem("gateway_unavailable", detail, instance),
            headers={"Retry-After": "5"},
        )
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _of_framework(error, instance)
    return None


def internal_error(instance: str) -> Refusal:
    """Return the document for a bug."""
    return Refusal(
        problem=_problem("internal_error", "Something went wrong on our side.", instance)
    )


def _of_domain(error: DomainError, instance: str) -> Refusal:
    status = status_of(type(error))
    passing = isinstance(error, PASSING)
    return Refusal(
        problem=_domain_problem(error, status, instance),
        headers=_headers(error, status, passing=passing),
        is_by_rule=status in {402, 404, 409, 422} and not passing,
    )


def _domain_problem(error: DomainError, status: int, instance: str) -> Problem:
    if isinstance(error, InvalidField):
        entry = FieldProblem(field=error.field, code=error.field_code, message=error.detail)
        return _problem(error.code, error.detail, instance, (entry,), status)
    if status == 402:
        return _decline(error, instance)
    return _problem(error.code, error.detail, instance, (), status)


def _decline(error: DomainError, instance: str) -> Problem:
    plain = _problem(error.code, error.detail, instance, (), 402)
    return DeclineProblem(
        type=plain.type,
        title=plain.title,
        status=plain.status,
        detail=plain.detail,
        code=plain.code,
        instance=plain.instance,
        decline_code=_text(error.extra.get("decline_code")),
        advice=_text(error.extra.get("advice")),
        payment_id=_text(error.extra.get("payment_id")),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _headers(error: DomainError, status: int, *, passing: bool) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"Retry-After": str(error.retry_after_seconds)}
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if status == 503:
        return {"Retry-After": "5"}
    return {"Retry-After": "1"} if passing else {}


def _of_framework(error: HTTPException, instance: str) -> Refusal:
    code = _CODE_OF_FRAMEWORK_STATUS.get(error.status_code, "bad_request")
    allow = {
        name.title(): value
        for name, value in (error.headers or {}).items()
        if name.lower() == "allow"
    }
    absent = "Nothing is at this address."
    detail = absent if error.status_code == 404 else descriptions()[code].meaning
    return Refusal(problem=_problem(code, detail, instance), headers=allow)


def _problem(
    code: str,
    detail: str,
    instance: str,
    errors: tuple[FieldProblem, ...] = (),
    status: int | None = None,
) -> Problem:
    described = descriptions().get(code)
    if status is None:
        status = described.status if described else 422
    return Problem(
        type=f"/problems/{code}",
        title=described.title if described else code,
        status=status,
        detail=detail,
        code=code,
        instance=instance,
        errors=errors,
    )
