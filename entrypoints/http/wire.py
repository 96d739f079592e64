"""What happens on a connection before there is a request: its head is bounded, its errors are ours.

Uvicorn's protocol on httptools collects the head of a request without an end, in memory and in time
that grows with the square of its length; and it answers what it cannot read with a bare line.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from entrypoints.http.observing import POLICY_FOR_DATA, SECURITY_HEADERS
from entrypoints.http.problem_codes import descriptions
from entrypoints.http.problems import MEDIA_TYPE, Problem

LONGEST_HEAD_BYTES = 64 * 1024
"""How long the request line and the headers may be; one more read from the network may pass."""


class GuardedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, with an end to what it collects."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_in_head = True
        self._has_ended = False
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Read some more, unless the head has become too long."""
        self._has_ended = False
        super().data_received(data)
        if not self._is_in_head or self._has_ended:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > LONGEST_HEAD_BYTES and not self.transport.is_closing():
            self._answer("head_too_large")

    def on_headers_complete(self) -> None:
        """Begin the request; what follows is its body."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request; what follows is the head of the next one."""
        super().on_message_complete()
        self._is_in_head = True
        self._has_ended = True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it names the parser's reason
        """Answer what is no HTTP."""
        self._answer("bad_request")

    def _answer(self, code: str) -> None:
        described = descriptions()[code]
        body = msgspec.json.encode(
            Problem(
                type=f"/problems/{code}",
                title=described.title,
                status=described.status,
                detail=described.meaning,
                code=code,
                instance="",
            )
        )
        phrase = HTTPStatus(described.status).phrase
        lines = [
            f"HTTP/1.1 {described.status} {phrase}".encode(),
            *(name + b": " + value for name, value in self._headers(body)),
            b"",
            body,
        ]
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()

    @staticmethod
    def _headers(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
        return (
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *SECURITY_HEADERS,
            (b"content-security-policy", POLICY_FOR_DATA),
        )
