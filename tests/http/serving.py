"""A real server on a free port, for tests that want the wire."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    """A server that tells when it listens, and leaves signals to others."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.listens.set()


@contextmanager
def running(app: Any) -> Iterator[str]:
    """Serve an application; give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            lifespan="on",
            access_log=False,
            http="entrypoints.http.wire:GuardedProtocol",
        )
    )

    def serve() -> None:
        asyncio.run(server.serve([listener]))

    thread = threading.Thread(target=serve, name="server", daemon=True)
    thread.start()
    try:
        assert server.listens.wait(20), "the server did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
