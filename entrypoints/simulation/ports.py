"""Storage and gateway as one process sees them, with somebody who watches every call.

The watcher is told before and after each unit of work that writes, each query and each call to the
gateway. It may stop the process there, by raising: then nothing more of it gets through.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from attrs import evolve, frozen

from application.ports.gateway import Gateway, GatewayError
from application.ports.storage import Reader, Storage, Unit, UnitOfWork, Views

R = TypeVar("R")

ROLES = ("payments", "refunds", "customers", "cards", "transfers", "accounts", "books")

_SAVES = frozenset({"save", "claim_due"})
_WRITES = frozenset({"save", "save_all", "append", "put", "update", "drop", "done"})
_WRITES_IF_TRUE = frozenset({"post", "seal", "prune", "receive", "claim_due", "insert"})


@frozen
class Change:
    """Something that a unit wrote: through which repository, by which method, and what.

    `value` is what was saved, as it was returned, and else what was handed in.
    """

    repository: str
    method: str
    value: Any


class Watch(Protocol):
    """Somebody who is told of every call of a port."""

    def before_unit(self) -> None:
        """Learn that a unit of work is about to begin; nothing is held yet."""
        ...

    def before_commit(self, changes: Sequence[Change]) -> None:
        """Learn what a unit is about to commit; to raise is to roll back. Locks are held."""
        ...

    def after_commit(self, changes: Sequence[Change]) -> None:
        """Learn what a unit has committed; nothing is held any more."""
        ...

    def before_read(self) -> None:
        """Learn that a query is about to run."""
        ...

    def before_call(self, method: str, *, has_effect: bool) -> None:
        """Learn that the gateway is about to be called; only calls with a key have an effect."""
        ...

    def after_call(self, method: str, *, has_effect: bool) -> None:
        """Learn that the gateway did what it does; its answer is about to be read."""
        ...


# --- Storage -------------------------------------------------------------------------------------


@frozen
class _Repository:
    """A repository that tells what is written through it."""

    _name: str
    _inner: Any
    _wrote: list[Change]

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in _WRITES and name not in _WRITES_IF_TRUE:
            return method

        def call(*args: Any, **kwargs: Any) -> Any:
            if name == "save_all":
                args = (tuple(args[0]),)  # It may be read once only.
            result = method(*args, **kwargs)
            if result or name not in _WRITES_IF_TRUE:
                value = result if name in _SAVES else args[0] if len(args) == 1 else args
                self._wrote.append(Change(self._name, name, value))
            return result

        return call


@frozen
class _Unit:
    """A unit that knows what was written."""

    _inner: Unit
    _wrote: list[Change]

    def __getattr__(self, name: str) -> Any:
        repository = getattr(self._inner, name)
        return repository if name == "views" else _Repository(name, repository, self._wrote)


@frozen
class _WatchedWork:
    _work: UnitOfWork
    _watch: Watch

    def __call__(self, decide: Callable[[Unit], R]) -> R:
        wrote: list[Change] = []

        def decide_and_tell(unit: Unit) -> R:
            wrote.clear()  # The storage may decide anew after a stale write.
            result = decide(cast("Unit", _Unit(unit, wrote)))
            if wrote:
                self._watch.before_commit(wrote)
            return result

        self._watch.before_unit()
        result = self._work(decide_and_tell)
        if wrote:
            self._watch.after_commit(wrote)
        return result


@frozen
class _WatchedReader:
    _read: Reader
    _watch: Watch

    def __call__(self, query: Callable[[Views], R]) -> R:
        self._watch.before_read()
        return self._read(query)


def watched_storage(storage: Storage, watch: Watch) -> Storage:
    """Return the storage as a watched process sees it; closing it leaves the storage open."""
    return evolve(
        storage,
        work=_WatchedWork(storage.work, watch),
        read=_WatchedReader(storage.read, watch),
        close=lambda: None,
    )


# --- Gateway -------------------------------------------------------------------------------------


@cache
def _takes_a_key(function: Callable[..., Any]) -> bool:
    return "key" in inspect.signature(function).parameters


@frozen
class _WatchedRole:
    """One role of the gateway. Calls that carry a key have an effect; the others only look."""

    _inner: Any
    _watch: Watch

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        has_effect = _takes_a_key(method.__func__)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._watch.before_call(name, has_effect=has_effect)
            try:
                result = method(*args, **kwargs)
            except GatewayError:
                self._watch.after_call(name, has_effect=has_effect)
                raise
            self._watch.after_call(name, has_effect=has_effect)
            return result

        return call


def watched_gateway(gateway: Gateway, watch: Watch) -> Gateway:
    """Return the gateway as a watched process sees it."""
    roles = {role: _WatchedRole(getattr(gateway, role), watch) for role in ROLES}
    return evolve(gateway, **cast("Any", roles))
