"""A database: transactions that write, begun anew when they lose a race, and those that read."""

import random
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from attrs import frozen
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from adapters.sql.errors import OutcomeUnknown, in_our_words, is_lost, may_work_again
from adapters.sql.transaction import Transaction
from domain.errors import StaleWrite

R = TypeVar("R")

TRIES = 8
LONGEST_PAUSE_SECONDS = 0.05


class Turns(Protocol):
    """Who may write now."""

    def __enter__(self) -> None:
        """Wait for the turn. Raises `StorageUnavailable` when it does not come."""
        ...

    def __exit__(self, *raised: object) -> None:
        """Let the next one write."""

    def close(self) -> None:
        """Take part no more."""
        ...


@frozen(kw_only=True)
class Database:
    """One database behind two engines: one for units that write, one for queries."""

    writer: Engine
    reader: Engine
    turns: Turns

    def write(self, action: Callable[[Transaction], R]) -> R:
        """Run an action in a transaction and commit it, or roll back when it raises.

        Begins anew after a stale write, a deadlock, a serialization failure or a connection that
        was found dead, a bounded number of times.
        """
        with in_our_words():
            for number in range(TRIES - 1):
                try:
                    return self._once(action)
                except (StaleWrite, DBAPIError) as error:
                    if not may_work_again(error):
                        raise
                _pause(number)
            return self._once(action)

    def read(self, query: Callable[[Transaction], R]) -> R:
        """Run a query on one snapshot of what is committed, without locks."""
        with in_our_words():
            try:
                return self._query(query)
            except DBAPIError as error:
                # A connection may have died while it lay idle; the next one is new.
                if not is_lost(error):
                    raise
            return self._query(query)

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()
        self.reader.dispose()
        self.turns.close()

    def _once(self, action: Callable[[Transaction], R]) -> R:
        with self.turns, self.writer.connect() as connection:
            result = action(_on(connection))
            try:
                connection.commit()
            except DBAPIError as error:
                if is_lost(error):
                    raise OutcomeUnknown("The database went away during a commit.") from error
                raise
            return result

    def _query(self, query: Callable[[Transaction], R]) -> R:
        with self.reader.connect() as connection:
            return query(_on(connection))


def _on(connection: Connection) -> Transaction:
    return Transaction(connection, is_postgresql=connection.dialect.name == "postgresql")


def _pause(number: int) -> None:
    longest = min(LONGEST_PAUSE_SECONDS, 0.001 * 2**number)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads contenders, guards nothing
