"""Where a market stands, to go back to: a thousand schedules begin at the same place.

To arrange a scene takes longer than to play a schedule, so it is arranged once. All values that a
market keeps are frozen; what changes are the dicts and lists that hold them, and those are copied.
"""

from collections.abc import Mapping
from copy import copy
from random import Random
from typing import Any

import attrs
from attrs import frozen

from tests.market import Market


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        fresh = copy(value)
        for key, inner in value.items():
            fresh[key] = _copied(inner)
        return fresh
    return list(value) if isinstance(value, list) else value


def _state_of(thing: Any) -> dict[str, Any]:
    names = [each.name for each in attrs.fields(type(thing))] if attrs.has(type(thing)) else ()
    return {name: getattr(thing, name) for name in names or vars(thing)}


def _things_that_change(market: Market) -> tuple[Any, ...]:
    storage: Any = market.storage.work
    store: Any = market.world.store
    return (
        *vars(storage._database).values(),
        store._rows,
        market.clock,
        market.wall,
        market.ids,
        market.staff,
    )


@frozen
class Bookmark:
    """A place in the course of a market whose storage and gateway are in memory."""

    _states: tuple[tuple[Any, Mapping[str, Any]], ...]
    _chances: tuple[tuple[Random, Any], ...]

    @classmethod
    def at(cls, market: Market) -> "Bookmark":
        """Remember where a market stands."""
        ids: Any = market.ids
        randomness: Any = market.randomness
        chances: tuple[Random, ...] = (ids._random_bits.__self__, randomness._random)
        return cls(
            tuple((thing, _copied(_state_of(thing))) for thing in _things_that_change(market)),
            tuple((chance, chance.getstate()) for chance in chances),
        )

    def go_back(self) -> None:
        """Let the market stand there again."""
        for thing, state in self._states:
            for name, value in state.items():
                setattr(thing, name, _copied(value))
        for chance, state in self._chances:
            chance.setstate(state)
