"""What the world asks of the place where it is kept."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from attrs import frozen

from domain.errors import StorageUnavailable

R = TypeVar("R")

NO_LIMIT = 2**62
"""Larger than any sequence number, and than any number of rows."""


class StoreAway(StorageUnavailable):
    """The store cannot be reached or written; whether the last commit took place is not known."""


@frozen
class Row:
    """One thing of the world.

    `seq` orders the rows of a kind by age. `parent` names what it is listed under. `due`, in
    microseconds since 1970, is when it next changes by itself.
    """

    kind: str
    id: str
    seq: int
    parent: str | None
    due: int | None
    body: bytes


class Rows(Protocol):
    """The rows, within one transaction."""

    def get(self, kind: str, id_: str) -> bytes | None:
        """Return the body of a row, if there is one."""
        ...

    def put(self, row: Row) -> None:
        """Insert a row or replace it."""
        ...

    def delete(self, kind: str, id_: str) -> None:
        """Delete a row, if there is one."""
        ...

    def newest(
        self,
        kind: str,
        *,
        parent: str | None = None,
        before: int = NO_LIMIT,
        limit: int = NO_LIMIT,
    ) -> list[bytes]:
        """Return bodies, newest first: of a parent, if given, and with `seq` below `before`."""
        ...

    def due(self, kind: str, at: int, *, limit: int = NO_LIMIT) -> list[bytes]:
        """Return the bodies of rows due by `at`, earliest first, then by age."""
        ...

    def earliest_due(self, kinds: Iterable[str]) -> int | None:
        """Return when the first row of these kinds is due."""
        ...


class Store(Protocol):
    """A place for the world. All raise `StoreAway` when it fails."""

    def write(self, work: Callable[[Rows], R]) -> R:
        """Run `work` alone, across processes too, and commit; roll back when it raises."""
        ...

    def read(self, work: Callable[[Rows], R]) -> R:
        """Run `work`, which changes nothing, on a consistent view."""
        ...

    def close(self) -> None:
        """Let connections go; the next use opens them again."""
        ...
