"""A client that sends requests as the HTTP layer carries them out, without sockets.

The same `Runner` as in the application: idempotency key, answer slot, bus, presenter, problem
documents. What it leaves out is reading the request and its token.
"""

from typing import Any

import msgspec
from attrs import field, frozen

from application.commands import Actor
from application.idempotency import KeyInUse
from application.ports.records import Answer
from domain.errors import DomainError
from entrypoints.composition import Installation
from entrypoints.http.endpoints import Call, Endpoint, NoFields
from entrypoints.http.keys import RequestKey, request_key
from entrypoints.http.problems import refusal_of
from entrypoints.http.running import Runner, TwinUnderWay
from entrypoints.http.services import Services

Body = dict[str, Any]

REQUEST_ID = "req_simulated"


@frozen(kw_only=True)
class Asked:
    """One request, as its sender could send it again."""

    actor: Actor
    endpoint: Endpoint
    body: Body = field(factory=dict)
    path: dict[str, str] = field(factory=dict)
    key: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Return the path with its parameters filled in."""
        return self.endpoint.path.format(**self.path)

    def request_key(self) -> RequestKey | None:
        """Return the key as the HTTP layer keeps it."""
        return request_key(
            self.key,
            actor=self.actor,
            method=self.endpoint.method,
            path=self.url,
            body=msgspec.json.encode(self.body, order="deterministic"),
        )


@frozen
class Client:
    """Somebody who sends requests to one process."""

    services: Services

    def send(self, asked: Asked) -> Answer:
        """Send a request once; every refusal is an answer, a bug or a kill is raised."""
        runner = Runner(endpoint=asked.endpoint, services=self.services)
        call = Call(
            services=self.services,
            actor=asked.actor,
            request_id=REQUEST_ID,
            header=lambda _: None,
        )
        arguments: dict[str, Any] = dict(asked.path)
        if asked.endpoint.body not in {None, NoFields}:
            arguments["body"] = msgspec.convert(asked.body, type=asked.endpoint.body)
        try:
            response = runner.carry_out(call, arguments, asked.request_key(), asked.url)
        except TwinUnderWay as twin:
            return _refused(twin.error, asked)
        except DomainError as error:
            return _refused(error, asked)
        return response.answer


def _refused(error: DomainError, asked: Asked) -> Answer:
    refusal = refusal_of(error, asked.url)
    if refusal is None:
        raise error
    return refusal.answer


def client_of(installation: Installation) -> Client:
    """Return a client of an installation."""
    return Client(installation.services())


PASSING_CODES = frozenset(
    {
        *(KeyInUse.code, "operation_under_way", "stale_write"),
        *("gateway_unavailable", "storage_unavailable"),
    }
)
"""What a sensible client tries again after a while."""


def code_of(answer: Answer) -> str:
    """Return the code of a problem document, or an empty string for a success."""
    if answer.status < 400:
        return ""
    code: str = msgspec.json.decode(answer.body)["code"]
    return code
