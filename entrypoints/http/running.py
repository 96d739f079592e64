"""From a request to its answer: the checks in the order of the contract, then the command.

Order: 401, 403, what cannot be read (413, 415, 400), what is wrong with the values (422), too many
tries (429), and then whatever the command itself finds. Commands run in the executor, in a copy of
the request's context, so that what is logged there carries the request's id.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import Any, TypeVar

import msgspec
from attrs import evolve, field, frozen
from litestar.connection import Request

from application.answers import Slot, answering
from application.commands import Actor
from application.idempotency import KeyInUse
from application.ports.records import Answer, IdempotencyRecord
from application.ports.storage import Views
from domain.errors import DomainError, NotFound
from entrypoints.http.card_numbers import refuse_card_numbers, without_card_numbers
from entrypoints.http.endpoints import Call, Endpoint, NoFields, Raw, Reply, Show
from entrypoints.http.keys import HEADER, RequestKey, request_key
from entrypoints.http.problems import HttpProblem, refusal_of
from entrypoints.http.reading import body_as, needs_a_body, query_as
from entrypoints.http.services import Services

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5


@frozen(kw_only=True)
class Response:
    """An answer on its way out, with its headers."""

    answer: Answer
    headers: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class Runner:
    """Answer the requests of one endpoint."""

    endpoint: Endpoint
    services: Services

    async def __call__(self, request: Request[Any, Any, Any], request_id: str) -> Response:
        """Answer a request; raises what becomes a problem document."""
        actor = self.endpoint.who.admit(request, self.services.tokens)
        actor = evolve(actor, request_id=request_id)
        request.scope["state"]["actor_id"] = actor.user_id
        raw = await self._body(request)
        arguments = self._arguments(request, raw)
        call = Call(
            services=self.services,
            actor=actor,
            request_id=request_id,
            header=request.headers.get,
        )
        key = self._key(request, actor, raw)
        if self.services.settings.rate_limits and self.endpoint.limits:
            await in_thread(self.services, lambda: self._count(actor, arguments.get("body")))
        instance = instance_of(request.scope["path"], request_id)
        response = await self._without_a_twin(
            lambda: self.carry_out(call, arguments, key, instance)
        )
        return self._with_etag(request, response)

    # --- What goes in ----------------------------------------------------------------------

    async def _body(self, request: Request[Any, Any, Any]) -> bytes:
        endpoint = self.endpoint
        if endpoint.body is None and not endpoint.takes_raw:
            return b""
        raw = await request.body()
        if raw and endpoint.body is not None:
            media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json":
                raise HttpProblem(
                    "unsupported_media_type", "Send JSON, as Content-Type: application/json."
                )
        return raw

    def _arguments(self, request: Request[Any, Any, Any], raw: bytes) -> dict[str, Any]:
        endpoint = self.endpoint
        arguments: dict[str, Any] = {}
        if endpoint.body is not None:
            if not raw and needs_a_body(endpoint.body):
                raise HttpProblem("malformed_body", "A JSON body is required.")
            body = body_as(raw, endpoint.body, exempt=endpoint.may_hold_card_number)
            if endpoint.body is not NoFields:
                arguments["body"] = body
        elif endpoint.takes_raw:
            arguments["raw"] = raw
        if endpoint.query is not None:
            arguments["query"] = query_as(request.scope.get("query_string", b""), endpoint.query)
        parameters = request.path_params
        refuse_card_numbers(parameters)
        if any("\0" in value for value in parameters.values()):
            raise NotFound
        return {**arguments, **{name: parameters[name] for name in endpoint.path_parameters}}

    def _key(self, request: Request[Any, Any, Any], actor: Actor, raw: bytes) -> RequestKey | None:
        if not self.endpoint.takes_key:
            return None
        return request_key(
            request.headers.get(HEADER),
            actor=actor,
            method=self.endpoint.method,
            path=request.scope["path"],
            body=raw,
        )

    def _count(self, actor: Actor, body: object) -> None:
        for limit in self.endpoint.limits:
            limit.check(self.services, actor, body)

    # --- Carrying it out -------------------------------------------------------------------

    async def _without_a_twin(self, carry_out: Callable[[], Response]) -> Response:
        """Carry the request out; while a twin with the same key is under way, wait for that."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.services.settings.twin_wait_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await in_thread(self.services, carry_out)
            except TwinUnderWay as twin:
                if loop.time() >= deadline:
                    raise twin.error from twin
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def carry_out(
        self,
        call: Call,
        arguments: dict[str, Any],
        key: RequestKey | None,
        instance: str,
    ) -> Response:
        """Carry out a request that was read already. Raises `TwinUnderWay`, or what refuses it."""
        if key is None:
            return self._perform(call, arguments, None)
        try:
            record = self.services.idempotency.begin(key.scope, key.key, key.body_sha256)
        except KeyInUse as error:
            raise TwinUnderWay(error) from error
        if record.answer is not None:
            return Response(answer=record.answer, headers={"Idempotent-Replayed": "true"})
        return self._remembered(record, call, arguments, instance)

    def _remembered(
        self, record: IdempotencyRecord, call: Call, arguments: dict[str, Any], instance: str
    ) -> Response:
        """Carry it out under a key: keep what was answered, or forget the key."""
        try:
            return self._perform(call, arguments, record)
        except KeyInUse as error:
            raise TwinUnderWay(error) from error
        except DomainError as error:
            refusal = refusal_of(error, instance)
            if refusal is None or not refusal.is_by_rule:
                self.services.idempotency.release(record)
                raise
            self._keep(record, refusal.answer)
            return Response(answer=refusal.answer, headers=refusal.headers)
        except BaseException:
            self.services.idempotency.release(record)
            raise

    def _perform(
        self, call: Call, arguments: dict[str, Any], record: IdempotencyRecord | None
    ) -> Response:
        if self.endpoint.takes_call:
            arguments = {**arguments, "call": call}
        asked = self.endpoint.handler(**arguments)
        if isinstance(asked, Reply):
            return Response(answer=rendered(asked), headers=asked.headers)
        if self.endpoint.method == "GET":
            result = self.services.bus.handle(asked.command, call.actor)
            reply = self.services.read(lambda views: asked.show(views, result))
            return Response(answer=rendered(reply), headers=reply.headers)
        slot = Slot(present=_presenter(asked.show), record=record)
        with answering(slot):
            result = self.services.bus.handle(asked.command, call.actor)
        if slot.is_taken_over:
            raise KeyInUse("Another request with this key has taken over.")
        if slot.answer is None:
            slot.answer = self.services.read(lambda views: slot.present(views, result))
            if record is not None:
                self._keep(record, slot.answer)
        return Response(answer=slot.answer)

    def _keep(self, record: IdempotencyRecord, answer: Answer) -> None:
        try:
            self.services.idempotency.refused(record, answer)
        except KeyInUse as error:
            raise TwinUnderWay(error) from error

    def _with_etag(self, request: Request[Any, Any, Any], response: Response) -> Response:
        if not self.endpoint.has_etag or response.answer.status != 200:
            return response
        etag = f'"{hashlib.sha256(response.answer.body).hexdigest()[:32]}"'
        headers = {**response.headers, "ETag": etag, "Cache-Control": "private, no-cache"}
        wanted = request.headers.get("if-none-match", "")
        if etag in {each.strip().removeprefix("W/") for each in wanted.split(",")} or wanted == "*":
            return Response(answer=Answer(status=304, body=b""), headers=headers)
        return Response(answer=response.answer, headers=headers)


class TwinUnderWay(Exception):
    """Another request with the same key is being carried out."""

    def __init__(self, error: KeyInUse) -> None:
        super().__init__(str(error))
        self.error = error


async def in_thread(services: Services, function: Callable[[], T]) -> T:
    """Run a blocking function in the executor, in a copy of this context."""
    context = copy_context()
    return await asyncio.get_running_loop().run_in_executor(
        services.executor, lambda: context.run(function)
    )


def rendered(reply: Reply) -> Answer:
    """Turn a reply into bytes."""
    match reply.value:
        case None:
            return Answer(status=reply.status, body=b"")
        case Raw(content_type, content):
            return Answer(status=reply.status, body=content, content_type=content_type)
        case struct:
            return Answer(status=reply.status, body=_ENCODER.encode(struct))


def _presenter(show: Show[Any]) -> Callable[[Views, Any], Answer]:
    return lambda views, result: rendered(show(views, result))


def instance_of(path: str, request_id: str) -> str:
    """Return what names this occurrence of a problem: the path, and the request's id."""
    return f"{without_card_numbers(path)[:200]}#{request_id}"
