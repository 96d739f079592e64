"""Where a process can die: around every commit that writes, and around every call to the gateway.

Each such point has a number, in the order in which a run comes by. A run is killed at one of them:
from then on nothing of that process reaches storage or gateway, not even its `finally` blocks.
"""

from collections.abc import Sequence

from attrs import define, field

from entrypoints.simulation.ports import Change
from entrypoints.simulation.scheduling import Killed


@define
class Process:
    """A process: the points that it has come by, and the one at which it dies, if at any."""

    kill_at: int | None = None
    seen: list[str] = field(factory=list)
    is_dead: bool = False

    def reach(self, name: str) -> None:
        """Come by a point. Raises `Killed` at the chosen one, and ever after."""
        self.must_live()
        self.seen.append(name)
        if self.kill_at == len(self.seen) - 1:
            self.is_dead = True
            raise Killed(name)

    def must_live(self) -> None:
        """Raise `Killed` in a process that is dead: it touches nothing any more."""
        if self.is_dead:
            raise Killed("dead already")


@define
class Points:
    """The points of whichever process lives now: what watches its ports."""

    process: Process = field(factory=Process)

    def before_unit(self) -> None:
        """Let only the living begin a unit: what is not committed is no point."""
        self.process.must_live()

    def before_commit(self, changes: Sequence[Change]) -> None:
        """Come by the point at which all that was decided is lost."""
        self.process.reach(f"before committing {_named(changes)}")

    def after_commit(self, changes: Sequence[Change]) -> None:
        """Come by the point at which only what follows is lost."""
        self.process.reach(f"after committing {_named(changes)}")

    def before_read(self) -> None:
        """Let only the living read."""
        self.process.must_live()

    def before_call(self, method: str, *, has_effect: bool) -> None:
        """Come by the point before an effect; to die before a look is to die before the next."""
        if has_effect:
            self.process.reach(f"before {method}")
        self.process.must_live()

    def after_call(self, method: str, *, has_effect: bool) -> None:
        """Come by the point at which an effect was had and its answer is lost."""
        if has_effect:
            self.process.reach(f"after {method}, the answer lost")


def _named(changes: Sequence[Change]) -> str:
    return ", ".join(dict.fromkeys(change.repository for change in changes))
