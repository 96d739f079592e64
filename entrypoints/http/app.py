"""The HTTP application: every endpoint, every error, and what surrounds them."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.connection import Request
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response as Document
from litestar.response.base import ASGIResponse

from entrypoints.http.controllers import every_endpoint
from entrypoints.http.documents import document_endpoints
from entrypoints.http.endpoints import Endpoint
from entrypoints.http.figures import Figures
from entrypoints.http.keys import HEADER
from entrypoints.http.observing import Observer
from entrypoints.http.problems import internal_error, refusal_of
from entrypoints.http.running import Response, Runner, instance_of
from entrypoints.http.services import Services
from entrypoints.logs import logger

_EXPOSED = ["ETag", "Idempotent-Replayed", "Retry-After", "X-Request-Id"]
_ALLOWED = ["Authorization", "Content-Type", HEADER, "If-None-Match", "X-Request-Id"]


class Api(Litestar):
    """Litestar with an observer around all of it, so that 404s and preflights are watched too."""

    observer: Observer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a connection."""
        if scope["type"] == "http":
            await self.observer(super().__call__, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(services: Services) -> Litestar:
    """Build the application from what the composition root assembled."""
    figures = Figures()
    endpoints = every_endpoint(services, figures)
    return app_of((*endpoints, *document_endpoints(services, endpoints)), services, figures)


def app_of(
    endpoints: Sequence[Endpoint], services: Services, figures: Figures | None = None
) -> Litestar:
    """Build an application of these endpoints."""
    origins = list(services.settings.cors_origins)
    app = Api(
        route_handlers=[_route(endpoint, services) for endpoint in endpoints],
        exception_handlers={Exception: _refuse},
        cors_config=CORSConfig(
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_ALLOWED,
            expose_headers=_EXPOSED,
            max_age=3600,
        )
        if origins
        else None,
        openapi_config=None,
        logging_config=None,
        on_startup=[partial(_run_all, services.on_startup)],
        on_shutdown=[partial(_run_all, services.on_shutdown)],
    )
    app.observer = Observer(services, figures or Figures())
    return app


async def _run_all(hooks: Sequence[Callable[[], None]]) -> None:
    for hook in hooks:
        await asyncio.to_thread(hook)


def _route(endpoint: Endpoint, services: Services) -> HTTPRouteHandler:
    run = Runner(endpoint=endpoint, services=services)

    async def handle(request: Request[Any, Any, Any]) -> ASGIResponse:
        return _sent(await run(request, request.scope["state"]["request_id"]))

    path = endpoint.path
    for name in endpoint.path_parameters:
        path = path.replace(f"{{{name}}}", f"{{{name}:str}}")
    return HTTPRouteHandler(
        path,
        http_method=[endpoint.method],  # type: ignore[list-item]
        name=endpoint.name,
        status_code=200,  # Not used: each answer brings its own.
        opt={"endpoint": endpoint},
        request_max_body_size=endpoint.limit_bytes,
    )(handle)


def _sent(response: Response) -> ASGIResponse:
    answer = response.answer
    headers = {"Cache-Control": "no-store", **response.headers}
    if answer.body:
        headers["Content-Type"] = answer.content_type
    return ASGIResponse(body=answer.body, status_code=answer.status, headers=headers)


def _refuse(request: Request[Any, Any, Any], error: Exception) -> Document[bytes]:
    """Turn an error into a problem document; log what is a bug, and tell nobody of it."""
    instance = instance_of(request.scope["path"], request.scope["state"]["request_id"])
    refusal = refusal_of(error, instance)
    if refusal is None:
        # The framework's own 500 means that the client left before its body had come.
        if isinstance(error, InternalServerException):
            logger("http").info("client left")
        else:
            logger("http").error("bug", exc_info=error)
        refusal = internal_error(instance)
    answer = refusal.answer
    return Document(
        answer.body,
        status_code=answer.status,
        media_type=answer.content_type,
        headers={"Cache-Control": "no-store", **refusal.headers},
    )
