"""Around every request: its id, one line of log, its figures, and headers that keep browsers safe.

Nothing that a client sent is logged but its sanitised request id: not the path with its ids, not
the query, no header and no body.
"""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from attrs import field, frozen
from litestar.types import Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from entrypoints.http.card_numbers import holds_card_number
from entrypoints.http.figures import Figures
from entrypoints.http.services import Services
from entrypoints.logs import logger

_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._\-]{1,100}", re.ASCII)
_DOCUMENTS = ("/schema", "/problems")

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
POLICY_FOR_DATA = b"default-src 'none'; frame-ancestors 'none'"
POLICY_FOR_DOCUMENTS = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
    b"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

App = Callable[[Scope, Receive, Send], Awaitable[None]]


@frozen
class Observer:
    """Watch requests go by."""

    services: Services
    figures: Figures
    log: Any = field(factory=lambda: logger("http"))

    async def __call__(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        started = time.perf_counter()
        request_id = self._request_id(scope)
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(scope, request_id)]
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await app(scope, receive, sending)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _request_id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value.decode("latin-1")
                if _ACCEPTABLE_ID.fullmatch(given) and not holds_card_number(given):
                    return given
        return self.services.ids.new("request")

    def _headers(self, scope: Scope, request_id: str) -> list[tuple[bytes, bytes]]:
        path: str = scope["path"]
        is_document = path.startswith(_DOCUMENTS)
        headers = [
            (b"x-request-id", request_id.encode("ascii")),
            *SECURITY_HEADERS,
            (
                b"content-security-policy",
                POLICY_FOR_DOCUMENTS if is_document else POLICY_FOR_DATA,
            ),
        ]
        if self.services.settings.environment == "production":
            headers.append(TRANSPORT_SECURITY)
        return headers

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("path_template") or "(no route)"
        given = str(scope.get("method"))
        method = given if given in _METHODS else "OTHER"
        self.figures.count(method, route, status, seconds)
        if route.startswith("/health"):
            return
        self.log.info(
            "request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            actor_id=scope["state"].get("actor_id"),
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
