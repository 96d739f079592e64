"""Around every command: who gives it, how long it takes, and what becomes of it."""

import time
from typing import Any

import structlog
from attrs import field, frozen
from prometheus_client import CollectorRegistry, Counter, Histogram
from structlog.contextvars import bound_contextvars

from application.bus import Handler, Middleware
from application.commands import Actor, Command
from domain.errors import DomainError

_QUERIES = ("Get", "List", "Quote", "Next")


@frozen
class CommandFigures:
    """Counts and latencies of commands, by name and outcome."""

    registry: CollectorRegistry = field(factory=CollectorRegistry)
    commands: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    def __attrs_post_init__(self) -> None:
        commands = Counter(
            "tuition_commands",
            "Commands carried out, by what became of them.",
            ("command", "outcome"),
            registry=self.registry,
        )
        seconds = Histogram(
            "tuition_command_seconds",
            "Time that a command took.",
            ("command",),
            registry=self.registry,
        )
        object.__setattr__(self, "commands", commands)
        object.__setattr__(self, "seconds", seconds)


def watching(figures: CommandFigures, log: structlog.stdlib.BoundLogger) -> Middleware:
    """Return middleware that binds the log's context, measures and counts."""

    def around(handler: Handler) -> Handler:
        def handle(command: Command[Any], actor: Actor) -> Any:
            started = time.perf_counter()
            outcome = "bug"
            with bound_contextvars(command=command.command_name, **_who(actor)):
                try:
                    result = handler(command, actor)
                    outcome = "done"
                except DomainError as error:
                    outcome = error.code
                    raise
                finally:
                    seconds = time.perf_counter() - started
                    figures.commands.labels(command.command_name, outcome).inc()
                    figures.seconds.labels(command.command_name).observe(seconds)
                    if not (actor.is_system and outcome == "done"):
                        _note(log, command.command_name, outcome, seconds)
            return result

        return handle

    return around


def _who(actor: Actor) -> dict[str, str]:
    who = {"actor": "system"} if actor.is_system else {}
    if actor.user_id is not None:
        who["actor"] = actor.user_id
    return who


def _note(log: structlog.stdlib.BoundLogger, name: str, outcome: str, seconds: float) -> None:
    # Queries, and what went as it should, are told only to those who ask for details.
    level = log.info if outcome != "done" and not name.startswith(_QUERIES) else log.debug
    level("command", outcome=outcome, milliseconds=round(seconds * 1000, 1))
