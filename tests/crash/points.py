"""Where a process can die: around every commit that writes, and around every call to the gateway.

Each such point has a number, in the order in which a run comes by. A run is killed at one of them:
from then on nothing of that process reaches storage or gateway, not even its `finally` blocks.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from attrs import define, evolve, field, frozen

from application.ports.gateway import Gateway, GatewayError
from application.ports.storage import Reader, Storage, Unit, UnitOfWork, Views

R = TypeVar("R")

_ROLES = ("payments", "refunds", "customers", "cards", "transfers", "accounts", "books")
_WRITES = ("save", "save_all", "post", "append", "put", "insert", "update", "drop", "done")
_WRITES_IF_TRUE = ("claim_due", "seal", "prune", "receive")


class Killed(BaseException):
    """The process is gone. No `except Exception` may catch it."""


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
    """The points of whichever process lives now."""

    process: Process = field(factory=Process)

    def reach(self, name: str) -> None:
        """Let the process come by a point."""
        self.process.reach(name)

    def must_live(self) -> None:
        """Raise `Killed` when the process is dead."""
        self.process.must_live()


# --- Storage -------------------------------------------------------------------------------------


@frozen
class _Repository:
    """A repository that tells when something is written through it."""

    _inner: Any
    _wrote: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in (*_WRITES, *_WRITES_IF_TRUE):
            return method

        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if name in _WRITES or result:
                self._wrote()
            return result

        return call


@frozen
class _Unit:
    """A unit that knows which repositories were written to."""

    _inner: Unit
    _wrote: list[str]

    def __getattr__(self, name: str) -> Any:
        repository = getattr(self._inner, name)
        if name == "views":
            return repository
        return _Repository(repository, lambda: self._note(name))

    def _note(self, name: str) -> None:
        if name not in self._wrote:
            self._wrote.append(name)


@frozen
class _BreakableWork:
    _work: UnitOfWork
    _points: Points

    def __call__(self, decide: Callable[[Unit], R]) -> R:
        wrote: list[str] = []

        def decide_or_die(unit: Unit) -> R:
            self._points.must_live()
            wrote.clear()
            result = decide(cast("Unit", _Unit(unit, wrote)))
            if wrote:
                self._points.reach(f"before committing {', '.join(wrote)}")
            return result

        self._points.must_live()
        result = self._work(decide_or_die)
        if wrote:
            self._points.reach(f"after committing {', '.join(wrote)}")
        return result


@frozen
class _BreakableReader:
    _read: Reader
    _points: Points

    def __call__(self, query: Callable[[Views], R]) -> R:
        self._points.must_live()
        return self._read(query)


def breakable_storage(storage: Storage, points: Points) -> Storage:
    """Return the storage as a mortal process sees it; closing it leaves the storage open."""
    return evolve(
        storage,
        work=_BreakableWork(storage.work, points),
        read=_BreakableReader(storage.read, points),
        close=lambda: None,
    )


# --- Gateway -------------------------------------------------------------------------------------


@frozen
class _BreakableRole:
    """One role of the gateway. Calls that carry a key have an effect, and two points each.

    A call that only looks has none: to die there is to die before what comes next.
    """

    _inner: Any
    _points: Points

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        has_effect = "key" in inspect.signature(method).parameters

        def look(*args: Any, **kwargs: Any) -> Any:
            self._points.must_live()
            return method(*args, **kwargs)

        def change(*args: Any, **kwargs: Any) -> Any:
            self._points.reach(f"before {name}")
            lost = f"after {name}, the answer lost"
            try:
                result = method(*args, **kwargs)
            except GatewayError:
                self._points.reach(lost)
                raise
            self._points.reach(lost)
            return result

        return change if has_effect else look


def breakable_gateway(gateway: Gateway, points: Points) -> Gateway:
    """Return the gateway as a mortal process sees it."""
    roles = {role: _BreakableRole(getattr(gateway, role), points) for role in _ROLES}
    return evolve(gateway, **cast("Any", roles))
