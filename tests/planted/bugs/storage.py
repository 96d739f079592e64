"""Mistakes in a storage: what a unit of work promises, and does not keep."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from attrs import evolve

from adapters.memory import storage
from adapters.memory.aggregates import Repository
from adapters.memory.storage import _Unit, _UnitOfWork
from adapters.sql.repositories.base import SqlRepository
from tests.contract.storage import test_units
from tests.planted.catalogue import planted
from tests.planted.layers import One, a_school, a_sqlite_storage, a_storage
from tests.planted.planting import Mistake, does_nothing, instead


@planted(
    stands_for="I11; lost update on a balance",
    caught_by=One(test_units.test_a_stale_write_is_decided_again_on_what_is_there_now, a_storage),
    says="AssertionError",
)
def a_stale_value_overwrites_what_is_there() -> Iterator[None]:
    def overwrites(right: Mistake, self: Repository[Any, Any], value: Any) -> Any:
        stored = self._rows.stored(value)
        return right(self, value if stored is None else evolve(value, version=stored.version))

    with instead(Repository, "save", overwrites):
        yield


@planted(
    stands_for="I11; an update whose WHERE forgets the version",
    caught_by=One(
        test_units.test_a_stale_write_is_decided_again_on_what_is_there_now, a_sqlite_storage
    ),
    says="AssertionError",
)
def sqlite_overwrites_what_is_there_with_a_stale_value() -> Iterator[None]:
    def overwrites(right: Mistake, self: SqlRepository[Any, Any], value: Any) -> Any:
        stored = self.find(self._mapper.to_row(value)[self._mapper.id.name])
        return right(self, value if stored is None else evolve(value, version=stored.version))

    with instead(SqlRepository, "save", overwrites):
        yield


@planted(
    stands_for="I12; a commit that loses the events of its unit",
    caught_by=One(test_units.test_events_reach_the_outbox_with_the_value, a_school),
    says="AssertionError",
)
def the_events_of_a_unit_are_lost() -> Iterator[None]:
    with instead(_Unit, "_collect", does_nothing):
        yield


@planted(
    stands_for="a crash, or a refusal, in the middle of a unit",
    caught_by=One(test_units.test_a_unit_that_raises_undoes_everything_in_it, a_storage),
    says="AssertionError",
)
def a_unit_that_fails_keeps_what_it_had_written() -> Iterator[None]:
    def commits_anyway(_: Mistake, self: _UnitOfWork, decide: Any) -> Any:
        unit = _Unit(self._database, self._ids)
        try:
            return decide(unit)
        finally:
            unit.commit()

    with instead(_UnitOfWork, "_try", commits_anyway):
        yield


@planted(
    stands_for="a database transaction held open over a gateway call",
    caught_by=One(test_units.test_a_gateway_is_refused_inside_a_unit, a_storage),
    says="DID NOT RAISE",
)
def a_gateway_may_be_called_inside_a_unit() -> Iterator[None]:
    with instead(storage, "inside_a_unit", lambda _: nullcontext()):
        yield
