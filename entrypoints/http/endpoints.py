"""A route, declared once: who may call it, what goes in, what comes out, what can go wrong.

The signature of the decorated function says what goes in: `body` and `query` are structs, `raw` the
bytes as they came, `call` the request's surroundings, and other names are parameters of the path.
The docstring is the documentation. The function does nothing itself: it returns what to `Do`, or a
`Reply`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypedDict, TypeVar, Unpack

import msgspec
from attrs import field, frozen, validators

from application.commands import Actor, Command
from application.ports.storage import Views
from domain.errors import DomainError
from entrypoints.http.limits import RateLimit
from entrypoints.http.policies import Policy
from entrypoints.http.services import Services

R = TypeVar("R")

BASE = "/api/v1"
JSON_LIMIT_BYTES = 1024 * 1024


class NoFields(msgspec.Struct, forbid_unknown_fields=True):
    """A body without fields; it may be left out."""


@frozen
class Raw:
    """A body that is no JSON of ours."""

    content_type: str
    content: bytes = b""


@frozen
class Reply:
    """What to answer: a struct as JSON, bytes of some type, or nothing."""

    status: int
    value: msgspec.Struct | Raw | None = None
    headers: Mapping[str, str] = field(factory=dict)


Show = Callable[[Views, R], Reply]


@frozen
class Do(Generic[R]):
    """A command to carry out, and how to show its result.

    `show` may read through the views: those of the unit that commits the result, where the command
    writes, so that the answer tells the state that was committed.
    """

    command: Command[R]
    show: Show[R]


@frozen(kw_only=True)
class Call:
    """The surroundings of one request."""

    services: Services
    actor: Actor
    request_id: str
    header: Callable[[str], str | None]


Handler = Callable[..., Do[Any] | Reply]


@frozen(kw_only=True)
class Endpoint:
    """One method of one path, with everything that is promised about it."""

    method: str
    path: str
    tag: str
    who: Policy = field(validator=validators.instance_of(Policy))
    handler: Handler
    answers: Mapping[int, type[msgspec.Struct] | Raw | None]
    refuses: tuple[type[DomainError], ...] = ()
    problems: tuple[str, ...] = ()
    """Codes of further problems that are no `DomainError`."""
    limits: tuple[RateLimit, ...] = ()
    takes_key: bool = False
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    takes_raw: bool = False
    limit_bytes: int = JSON_LIMIT_BYTES
    may_hold_card_number: frozenset[str] = frozenset()
    example: Mapping[str, object] | None = None
    """A body to show, where one made up from the fields would make no sense."""
    path_parameters: tuple[str, ...] = ()
    takes_call: bool = False

    @property
    def name(self) -> str:
        """Return its name, unique among all: that of the handler."""
        return self.handler.__name__

    @property
    def has_etag(self) -> bool:
        """Tell whether it shows a single resource, to be fetched again only when it has changed."""
        return self.method == "GET" and bool(self.path_parameters) and "?" not in self.path


class Promises(TypedDict, total=False):
    """What a route promises besides its signature; see `Endpoint`."""

    who: Policy
    answers: Mapping[int, type[msgspec.Struct] | Raw | None]
    refuses: tuple[type[DomainError], ...]
    problems: tuple[str, ...]
    limits: tuple[RateLimit, ...]
    takes_key: bool
    limit_bytes: int
    may_hold_card_number: frozenset[str]
    example: Mapping[str, object]


Decorator = Callable[[Handler], Endpoint]


@frozen
class Resource:
    """A family of routes below one path, under one heading of the documentation."""

    path: str
    tag: str
    base: str = BASE

    def get(self, path: str = "", **promises: Unpack[Promises]) -> Decorator:
        """Declare how something is read."""
        return self._route("GET", path, promises)

    def post(
        self, path: str = "", *, keyed: bool = True, **promises: Unpack[Promises]
    ) -> Decorator:
        """Declare how something is made or done; `keyed` ones take an Idempotency-Key."""
        promises["takes_key"] = keyed
        return self._route("POST", path, promises)

    def patch(self, path: str = "", **promises: Unpack[Promises]) -> Decorator:
        """Declare how something is changed."""
        return self._route("PATCH", path, promises)

    def put(self, path: str = "", **promises: Unpack[Promises]) -> Decorator:
        """Declare how something is set."""
        return self._route("PUT", path, promises)

    def delete(self, path: str = "", **promises: Unpack[Promises]) -> Decorator:
        """Declare how something is removed."""
        return self._route("DELETE", path, promises)

    def _route(self, method: str, path: str, promises: Promises) -> Decorator:
        def declare(handler: Handler) -> Endpoint:
            hints = inspect.get_annotations(handler, eval_str=True)
            special = {"body", "query", "raw", "call", "return"}
            takes_raw = "raw" in hints
            has_body = method in {"POST", "PUT", "PATCH"} and not takes_raw
            return Endpoint(
                method=method,
                path=f"{self.base}{self.path}{path}",
                tag=self.tag,
                handler=handler,
                body=hints.get("body", NoFields if has_body else None),
                query=hints.get("query"),
                takes_raw=takes_raw,
                takes_call="call" in hints,
                path_parameters=tuple(name for name in hints if name not in special),
                **promises,
            )

        return declare


def shown_as(status: int, show: Callable[[Any], msgspec.Struct]) -> Show[Any]:
    """Show a result with a status, without looking anything else up."""
    return lambda _, result: Reply(status, show(result))


def nothing(_: Views, __: object) -> Reply:
    """Answer 204."""
    return Reply(204)


def every(modules: Sequence[Any]) -> tuple[Endpoint, ...]:
    """Collect the endpoints that modules declare, in the order of their declaration."""
    return tuple(
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Endpoint)
    )
