"""Let punq assemble the handlers of every command, all at once.

Facts about punq 0.9 that shape this: it reads the hints of `__init__` only; a function as a factory
gets nothing injected; what has a default is silently left at it. So every port is an instance,
every concrete class that a handler asks for is registered before it, and nothing is resolved later,
in a thread, where singletons would race.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_type_hints

import attrs
import punq

import application
from application.bus import HANDLERS, Handler
from application.commands import Command
from application.effects import Effects
from application.gateway_effects import EFFECTS, by_kind
from application.idempotency import Idempotency
from application.ports.alerts import Alerts
from application.ports.clock import Clock, WallClock
from application.ports.gateway import ChargeLimits, Gateway
from application.ports.ids import Ids, Randomness
from application.ports.storage import RateLimits, Reader, UnitOfWork
from application.ports.tokens import Passwords, Tokens
from application.rules import PlatformRules
from entrypoints.composition.pieces import Pieces


class MissingPiece(Exception):
    """Something cannot be assembled; the message names it, and who asks for it."""


def assemble(pieces: Pieces) -> Mapping[type[Command[Any]], Handler]:
    """Return a handler for every command there is. Raises `MissingPiece`."""
    # A module of use cases registers its handlers when it is imported.
    for module in iter_modules(application.__path__, "application."):
        import_module(module.name)
    container = punq.Container()
    for port, instance in _ports(pieces).items():
        container.register(port, instance=instance)
    container.register(Effects, instance=_effects(container, pieces))
    handlers: dict[type[Command[Any]], Handler] = {}
    for command, handler in HANDLERS.items():
        handlers[command] = _made(container, handler, f"the handler of {command.__name__}")
    return handlers


def idempotency(pieces: Pieces) -> Idempotency:
    """Return what keeps the answers of requests with a key."""
    return Idempotency(pieces.storage.work, pieces.wall)


def _ports(pieces: Pieces) -> dict[Any, object]:
    return {
        UnitOfWork: pieces.storage.work,
        Reader: pieces.storage.read,
        RateLimits: pieces.storage.rate_limits,
        Clock: pieces.clock,
        WallClock: pieces.wall,
        Ids: pieces.ids,
        Randomness: pieces.randomness,
        Gateway: pieces.gateway,
        ChargeLimits: pieces.limits,
        PlatformRules: pieces.rules,
        Tokens: pieces.tokens,
        Passwords: pieces.passwords,
        Alerts: pieces.alerts,
        Idempotency: idempotency(pieces),
    }


def _effects(container: punq.Container, pieces: Pieces) -> Effects:
    kinds = [_made(container, kind, f"the effect {kind.kind}") for kind in EFFECTS]
    return Effects(
        kinds=by_kind(tuple(kinds)),
        work=pieces.storage.work,
        wall=pieces.wall,
        randomness=pieces.randomness,
        environment=str(pieces.settings.environment),
    )


def _made(container: punq.Container, wanted: type[Any], who: str) -> Any:
    _register(container, wanted, who)
    try:
        return container.resolve(wanted)
    except punq.MissingDependencyError as error:
        raise MissingPiece(f"{who} cannot be assembled: {error}") from error


def _register(container: punq.Container, wanted: type[Any], who: str) -> None:
    """Register a concrete class of ours, after those that it asks for."""
    if container.registrations.build_context(wanted).target(wanted).impls:
        return
    if not _is_concrete(wanted):
        raise MissingPiece(f"nothing fills in {wanted.__qualname__}, which {who} asks for")
    constructor: Callable[..., Any] = wanted.__init__
    for name, hint in get_type_hints(constructor).items():
        if name != "return":
            _register(container, hint, wanted.__qualname__)
    container.register(wanted, scope=punq.Scope.singleton)


def _is_concrete(wanted: type[Any]) -> bool:
    """Tell whether it can be made from its parts: a class of ours, neither protocol nor builtin."""
    return attrs.has(wanted) and not getattr(wanted, "_is_protocol", False)
