"""Where a process can die: around every commit that writes, and around every call to the gateway.

Each such point has a number, in the order in which a run comes by. A run is killed at one of them:
from then on nothing of that process reaches storage or gateway, not even its `finally` blocks.
"""

from collections.abc import Sequence
from typing import Any, cast

from attrs import define, evolve, field, frozen
from structlog.contextvars import get_contextvars

from application.ports.gateway import Gateway
from entrypoints.simulation.ports import ROLES, Change
from entrypoints.simulation.scheduling import Killed
from tests.crash.histories import Histories


@frozen
class Point:
    """A point at which a process can die, and what it is at."""

    name: str
    effect: str | None = None
    """The kind of effect that is called for, at a call."""
    command: str | None = None
    """The command that is under way. None while a request begins or ends."""

    @property
    def loses_an_answer(self) -> bool:
        """Tell whether the gateway did something here that nobody was told of."""
        return self.name.startswith("after") and self.effect is not None

    @property
    def method(self) -> str:
        """Return the method of the gateway that is called here; empty at a commit."""
        return self.name.partition(" ")[2].partition(",")[0] if self.effect is not None else ""

    def __str__(self) -> str:
        return f"{self.name} in {self.command or 'no command'}"


@define
class Process:
    """A process: the points that it has come by, and the one at which it dies, if at any."""

    kill_at: int | None = None
    seen: list[Point] = field(factory=list)
    is_dead: bool = False

    def reach(self, name: str, effect: str | None = None) -> None:
        """Come by a point. Raises `Killed` at the chosen one, and ever after."""
        self.must_live()
        # What is logged while a command is under way carries its name: the log's context tells.
        point = Point(name, effect, get_contextvars().get("command"))
        self.seen.append(point)
        if self.kill_at == len(self.seen) - 1:
            self.is_dead = True
            raise Killed(str(point))

    def must_live(self) -> None:
        """Raise `Killed` in a process that is dead: it touches nothing any more."""
        if self.is_dead:
            raise Killed("dead already")


@define
class Points:
    """The points of whichever process lives now: what watches its ports."""

    process: Process = field(factory=Process)
    histories: Histories = field(factory=Histories)
    effect: str | None = None
    """The kind of effect that the call at hand is for."""

    def before_unit(self) -> None:
        """Let only the living begin a unit: what is not committed is no point."""
        self.process.must_live()

    def before_commit(self, changes: Sequence[Change]) -> None:
        """Come by the point at which all that was decided is lost."""
        self.process.reach(f"before committing {_named(changes)}")

    def after_commit(self, changes: Sequence[Change]) -> None:
        """Come by the point at which only what follows is lost."""
        self.histories.go_on(changes)
        self.process.reach(f"after committing {_named(changes)}")

    def before_read(self) -> None:
        """Let only the living read."""
        self.process.must_live()

    def before_call(self, method: str, *, has_effect: bool) -> None:
        """Come by the point before an effect; to die before a look is to die before the next."""
        if has_effect:
            self.process.reach(f"before {method}", self.effect)
        self.process.must_live()

    def after_call(self, method: str, *, has_effect: bool) -> None:
        """Come by the point at which an effect was had and its answer is lost."""
        if has_effect:
            self.process.reach(f"after {method}, the answer lost", self.effect)


def _named(changes: Sequence[Change]) -> str:
    return ", ".join(dict.fromkeys(change.repository for change in changes))


@frozen
class _ToldRole:
    """One role of the gateway; it says of each call which kind of effect it is for."""

    _inner: Any
    _points: Points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            # A key is `{environment}:{kind of effect}:{operation}:{attempt}`.
            self._points.effect = kwargs["key"].split(":")[1] if "key" in kwargs else None
            return method(*args, **kwargs)

        return call


def telling_effects(gateway: Gateway, points: Points) -> Gateway:
    """Return the gateway, of whose calls the points learn which kind of effect they are for."""
    roles = {role: _ToldRole(getattr(gateway, role), points) for role in ROLES}
    return evolve(gateway, **cast("Any", roles))
