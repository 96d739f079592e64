"""One door for every use case: `bus.handle(command, actor)`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from attrs import frozen

from application.commands import Actor, Command

R = TypeVar("R")

Handler = Callable[[Any, Actor], Any]

HANDLERS: dict[type[Command[Any]], type[Any]] = {}
"""The handler class of each command, filled by `handles`."""

H = TypeVar("H", bound=type[Any])


def handles(command: type[Command[Any]]) -> Callable[[H], H]:
    """Register the decorated class as the handler of a command."""

    def register(handler: H) -> H:
        if command in HANDLERS:
            raise TypeError(f"{command.__name__} has two handlers")
        HANDLERS[command] = handler
        return handler

    return register


Middleware = Callable[[Handler], Handler]


@frozen
class Bus:
    """Hand each command to its handler, through the middleware, the first one outermost."""

    handlers: Mapping[type[Command[Any]], Handler]

    def handle(self, command: Command[R], actor: Actor) -> R:
        """Carry a command out. Raises `DomainError`s, and whatever is a bug."""
        return cast("R", self.handlers[type(command)](command, actor))


def bus_of(handlers: Mapping[type[Command[Any]], Handler], *around: Middleware) -> Bus:
    """Wrap every handler in the middleware and put them behind one door."""

    def wrapped(handler: Handler) -> Handler:
        for middleware in reversed(around):
            handler = middleware(handler)
        return handler

    return Bus({command: wrapped(handler) for command, handler in handlers.items()})
