"""What the registry of use cases tells: which of them commit or call out.

It is found by inspection. A handler that holds the unit of work, the gateway or the effects, or
anything that is made of these, can be cut off with something half done; one that only reads cannot.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, get_type_hints

import attrs

import application
from application.bus import HANDLERS
from application.commands import Command
from application.effects import Effects
from application.ports.gateway import Gateway
from application.ports.storage import UnitOfWork
from tests.crash.points import Point

Handlers = Mapping[type[Command[Any]], type[Any]]

HALF_DONE = frozenset({UnitOfWork, Gateway, Effects})
"""Who holds one of these can die between two things that belong together."""


def all_handlers() -> Handlers:
    """Return the handler of every command there is; a module registers its own when imported."""
    for module in walk_packages(application.__path__, "application."):
        import_module(module.name)
    return HANDLERS


def holds(part: Any, ports: frozenset[Any]) -> bool:
    """Tell whether something, or anything that it is made of, is one of these ports."""
    if part in ports:
        return True
    if not (inspect.isclass(part) and attrs.has(part)):
        return False  # Not put together from parts: a port, or a value.
    constructor: Any = part.__init__
    hints = {name: hint for name, hint in get_type_hints(constructor).items() if name != "return"}
    return any(holds(hint, ports) for hint in hints.values())


def commands_with(handlers: Handlers, ports: frozenset[Any]) -> tuple[str, ...]:
    """Return the commands whose handlers hold one of these ports."""
    return tuple(
        sorted(
            command.command_name for command, handler in handlers.items() if holds(handler, ports)
        )
    )


def never_killed(handlers: Handlers, points: Iterable[Point]) -> Iterator[str]:
    """Say of each command that can be cut off and never is what to do about it."""
    killed = {point.command for point in points}
    for command in commands_with(handlers, HALF_DONE):
        if command not in killed:
            yield (
                f"{command} commits or calls out, but no process dies while it is under way. "
                "Tell a scenario in tests/crash/scenarios in which it is carried out and writes."
            )
