"""Serve the HTTP API on uvicorn, with the worker beside it unless it runs elsewhere."""

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import evolve

from entrypoints.composition import Installation, compose
from entrypoints.logs import configure_logging
from entrypoints.preparing import prepare
from entrypoints.settings import Settings, load_settings
from entrypoints.worker import BackgroundWorker

if TYPE_CHECKING:
    import uvicorn
    from litestar import Litestar

GRACE_SECONDS = 20
"""How long requests that are under way may take when the server is asked to stop."""

KEEP_ALIVE_SECONDS = 75


def application(installation: Installation, *, with_worker: bool) -> "Litestar":
    """Return the HTTP application of an installation; it closes the installation at its end."""
    from entrypoints.http.app import create_app

    services = installation.services()
    background = BackgroundWorker(installation.worker)

    def finish() -> None:
        background.stop()
        installation.close()

    return create_app(
        evolve(
            services,
            on_startup=(background.start,) if with_worker else (),
            on_shutdown=(finish,),
        )
    )


def serve(
    settings: Settings, listening: socket.socket, installation: Installation, *, with_worker: bool
) -> None:
    """Serve one process on a socket until it is asked to stop; finish what is under way."""
    import uvicorn

    app = application(installation, with_worker=with_worker)
    server = uvicorn.Server(_config(app, settings))
    # Uvicorn raises the signal that stopped it once more, when everything is closed: an end that
    # was asked for is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    server.run(sockets=[listening])


def serve_with(settings: Settings, listening: socket.socket, workers: int, app: str) -> None:
    """Serve several processes on a socket; each composes its own installation."""
    from uvicorn.supervisors import Multiprocess

    config = _config(app, settings, factory=True, workers=workers)
    Multiprocess(config, sockets=[listening]).run()


def _config(app: Any, settings: Settings, **more: Any) -> "uvicorn.Config":
    import uvicorn

    return uvicorn.Config(
        app,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="entrypoints.http.wire:GuardedProtocol",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=str(settings.log_level),
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **more,
    )


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises `OSError` when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    listening.set_inheritable(True)
    return listening


# --- What the processes of `serve --workers` run -------------------------------------------------


def app_with_worker() -> "Litestar":
    """Compose an application from the environment, with a worker; a factory for uvicorn."""
    return _from_environment(with_worker=True)


def app_without_worker() -> "Litestar":
    """Compose an application from the environment, without a worker; a factory for uvicorn."""
    return _from_environment(with_worker=False)


def _from_environment(*, with_worker: bool) -> "Litestar":
    settings = load_settings(dict(os.environ))
    configure_logging(str(settings.log_level), str(settings.log_format))
    prepare(settings)
    return application(compose(settings), with_worker=with_worker)
