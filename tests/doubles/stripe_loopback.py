"""The double of Stripe over HTTP on the loopback device, for what only a real socket shows."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from attrs import define, field

from tests.doubles.stripe_wire import Answer, ConnectionLost, Request, StripeWire


@define
class Loopback:
    """A double with an address, and a way to let its answers wait."""

    wire: StripeWire
    address: str = ""
    stalled: bool = False
    release: threading.Event = field(factory=threading.Event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    loopback: Loopback


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle("get")

    def do_POST(self) -> None:
        self._handle("post")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _loopback(self) -> Loopback:
        assert isinstance(self.server, _Server)
        return self.server.loopback

    def _handle(self, verb: str) -> None:
        parts = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self._loopback().stalled:
            self._loopback().release.wait(10)
        request = Request(
            verb=verb,
            path=parts.path,
            form=sent or parts.query,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        try:
            answer = self._loopback().wire.handle(request)
        except ConnectionLost:
            self.close_connection = True
            return
        # A caller that has timed out no longer reads.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(wire: StripeWire) -> Iterator[Loopback]:
    """Serve a double on a free port until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.loopback = Loopback(wire, f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.loopback
    finally:
        server.loopback.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
