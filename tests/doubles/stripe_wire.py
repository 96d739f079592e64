"""A double of Stripe at the level of HTTP: what a `StripeClient` sends is checked and answered.

Every request is checked against the SDK's own parameter types, every answer against its resource
classes. Idempotency is Stripe's: an answer is kept once its endpoint began to run, errors and 500s
included; another request under the same key is refused; one at the same moment is told to wait.
"""

import copy
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import stripe
from attrs import define, field, frozen

from tests.doubles import stripe_routes_connect, stripe_routes_customers
from tests.doubles.stripe_params import check, decode, operation_of
from tests.doubles.stripe_routes import ENDPOINTS, Form
from tests.doubles.stripe_shapes import Json, must_fit
from tests.doubles.stripe_store import API_VERSION, DAY_SECONDS, Refused, StripeStore

_REGISTERED = (stripe_routes_connect, stripe_routes_customers)
"""Modules that add their endpoints by being imported."""

SECRET_KEY = "sk_test_wire"
RESTRICTED_KEY = "rk_test_wire"
"""A key that may do nothing."""


class Fault(StrEnum):
    """What goes wrong with one request."""

    LOST_REQUEST = "lost_request"
    LOST_ANSWER = "lost_answer"
    BROKEN_NEVER = "broken_never"
    """Answers 500, kept under the key; nothing ever happens."""
    BROKEN_AFTER = "broken_after"
    """Answers 500, kept under the key, though it happened."""
    BROKEN_BEFORE = "broken_before"
    """Answers 500, kept under the key; it happens when the double catches up."""
    LOCKED = "locked"
    LIMITED = "limited"


class ConnectionLost(Exception):
    """The caller gets no answer."""


@frozen(kw_only=True)
class Request:
    """One request as it arrived."""

    verb: str
    path: str
    form: str
    headers: Mapping[str, str]

    @property
    def params(self) -> Json:
        """Return the parameters, nested, as strings."""
        return decode(self.form)

    @property
    def key(self) -> str | None:
        """Return the idempotency key; only what changes something has one."""
        return self.headers.get("idempotency-key") if self.verb == "post" else None


@frozen(kw_only=True)
class Answer:
    """A status, a body as bytes on the wire, and headers."""

    status: int
    body: str
    headers: Mapping[str, str] = field(factory=dict)


@frozen
class _Kept:
    of: tuple[str, str]
    answer: Answer
    at: int


@define
class StripeWire:
    """Stripe, reached by one account."""

    store: StripeStore = field(factory=StripeStore)
    requests: list[Request] = field(factory=list)
    _faults: list[tuple[str, str, Fault]] = field(factory=list)
    _kept: dict[str, _Kept] = field(factory=dict)
    _running: set[str] = field(factory=set)
    _late: list[Callable[[], object]] = field(factory=list)
    _lock: threading.RLock = field(factory=threading.RLock)

    def fail_next(self, verb: str, template: str, fault: Fault) -> None:
        """Let the next request to an endpoint go wrong."""
        self._faults.append((verb, template, fault))

    def catch_up(self) -> None:
        """Let happen what was answered with 500 before it happened."""
        late, self._late = self._late, []
        for effect in late:
            effect()

    @contextmanager
    def running(self, key: str) -> Iterator[None]:
        """Hold a key as a request does while it runs."""
        self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)

    def handle(self, request: Request) -> Answer:
        """Answer a request.

        Raises `ConnectionLost` as a fault, and `BadParams` for what the current API does not take.
        """
        with self._lock:
            self.requests.append(request)
            operation = operation_of(request.verb, request.path)
            fault = self._fault(request.verb, operation.template)
            if fault is Fault.LOST_REQUEST:
                raise ConnectionLost
            if refusal := self._turned_away(request, fault):
                return refusal
            check(request.verb, request.path, request.params, wire=True)
            answer = self._kept_answer(request) or self._run(request, operation.template, fault)
            if fault is Fault.LOST_ANSWER:
                raise ConnectionLost
            return answer

    def _fault(self, verb: str, template: str) -> Fault | None:
        for planned in self._faults:
            if planned[:2] == (verb, template):
                self._faults.remove(planned)
                return planned[2]
        return None

    def _turned_away(self, request: Request, fault: Fault | None) -> Answer | None:
        """Answer what never reaches an endpoint; nothing of it is kept."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if given == RESTRICTED_KEY:
            return _refusal(403, "The provided key 'rk_test_*wire' lacks permissions.")
        if given != SECRET_KEY:
            return _refusal(401, f"Invalid API Key provided: {given[:8]}****")
        if request.headers.get("stripe-version") != API_VERSION:
            return _refusal(400, "The version of the API is not pinned.")
        if fault is Fault.LIMITED:
            return _refusal(429, "Too many requests.", code="rate_limit")
        if fault is Fault.LOCKED or request.key in self._running:
            return _refusal(
                409, "There is currently another in-progress request using this Idempotent Key.",
                code="idempotency_key_in_use",
            )  # fmt: skip
        return None

    def _kept_answer(self, request: Request) -> Answer | None:
        kept = self._kept.get(request.key or "")
        if kept is None or kept.at + DAY_SECONDS < self.store.now():
            return None
        if kept.of != (request.path, request.form):
            return _refusal(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were "
                "first used with.",
                type="idempotency_error",
            )
        replayed = {**kept.answer.headers, "idempotent-replayed": "true"}
        return Answer(status=kept.answer.status, body=kept.answer.body, headers=replayed)

    def _run(self, request: Request, template: str, fault: Fault | None) -> Answer:
        answer = _refusal(500, "An unknown error occurred.", type="api_error")
        if fault is Fault.BROKEN_BEFORE:
            self._late.append(lambda: self._execute(request, template))
        elif fault is not Fault.BROKEN_NEVER:
            executed = self._execute(request, template)
            answer = answer if fault is Fault.BROKEN_AFTER else executed
        if request.key is not None:
            self._kept[request.key] = _Kept((request.path, request.form), answer, self.store.now())
        return answer

    def _execute(self, request: Request, template: str) -> Answer:
        names = zip(template.split("/"), request.path.split("/"), strict=True)
        ids = [part for name, part in names if name.startswith("{")]
        try:
            thing = ENDPOINTS[request.verb, template](self.store, Form(request.params), *ids)
            body = self._expanded(thing, request.params.get("expand", {}).values())
        except Refused as refused:
            return _refused(refused)
        for each in body["data"] if body["object"] == "list" else [body]:
            must_fit(each)
        return Answer(status=200, body=json.dumps(body), headers={"request-id": "req_wire"})

    def _expanded(self, thing: Json, paths: Any) -> Json:
        body = copy.deepcopy(thing)
        for path in paths:
            self._expand(body, path.split("."), path)
        return body

    def _expand(self, node: Any, path: list[str], whole: str) -> None:
        if not path or node is None:
            return
        if isinstance(node, list):
            for each in node:
                self._expand(each, path, whole)
            return
        name, *rest = path
        if name not in node:
            raise Refused(400, f"This property cannot be expanded ({whole}).", param="expand")
        if isinstance(node[name], str):
            node[name] = copy.deepcopy(self.store.things[node[name]])
        self._expand(node[name], rest, whole)


def _refusal(status: int, message: str, **members: Any) -> Answer:
    return _refused(Refused(status, message, **members))


def _refused(refused: Refused) -> Answer:
    return Answer(
        status=refused.status,
        body=json.dumps({"error": refused.error}),
        headers={"request-id": "req_wire"},
    )


class InProcess(stripe.HTTPClient):
    """The client's way to the double without a network."""

    name = "in-process"

    def __init__(self, wire: StripeWire) -> None:
        super().__init__()
        self._wire = wire

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Hand a request over and return body, status and headers."""
        parts = urlsplit(url)
        request = Request(
            verb=method,
            path=parts.path,
            form=post_data if isinstance(post_data, str) else parts.query,
            headers={name.lower(): value for name, value in (headers or {}).items()},
        )
        try:
            answer = self._wire.handle(request)
        except ConnectionLost as error:
            lost = "The connection was lost."
            raise stripe.APIConnectionError(lost, should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.body, answer.status, answer.headers

    def close(self) -> None:
        """Hold nothing open."""
