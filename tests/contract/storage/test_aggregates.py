"""What holds for the aggregates of every kind."""

from typing import Any

import pytest
from attrs import evolve

from application.ports.storage import Storage, Unit
from domain.errors import NotFound, StaleWrite
from tests.contract.storage.keeping import keep, keep_one
from tests.contract.storage.kinds import BY_NAME, Kind


@pytest.fixture(params=sorted(BY_NAME))
def kind(request: pytest.FixtureRequest, school: Storage) -> Kind:
    """Name a kind of aggregate, what its value points at being there."""
    chosen = BY_NAME[request.param]
    keep(school, *chosen.needs)
    return chosen


def got(storage: Storage, kind: Kind) -> Any:
    return storage.work(lambda unit: getattr(unit, kind.repository).get(kind.id))


def found(storage: Storage, kind: Kind) -> Any:
    return storage.work(lambda unit: getattr(unit, kind.repository).find(kind.id))


def test_what_is_saved_is_got_again_with_every_field(school: Storage, kind: Kind) -> None:
    keep(school, kind.value)
    assert got(school, kind) == evolve(kind.value, version=1)


def test_what_is_saved_is_found_again(school: Storage, kind: Kind) -> None:
    keep(school, kind.value)
    assert found(school, kind) == evolve(kind.value, version=1)


def test_save_returns_the_value_with_the_next_version_and_no_events(
    school: Storage, kind: Kind
) -> None:
    saved = keep_one(school, kind.value)
    assert saved == evolve(kind.value, version=1)
    assert saved.events == ()


def test_a_changed_value_replaces_the_one_before(school: Storage, kind: Kind) -> None:
    keep(school, kind.value)
    keep(school, evolve(kind.changed, version=1))
    assert got(school, kind) == evolve(kind.changed, version=2)


def test_a_value_is_saved_again_and_again_within_one_unit(school: Storage, kind: Kind) -> None:
    def decide(unit: Unit) -> Any:
        repository = getattr(unit, kind.repository)
        first = repository.save(kind.value)
        return repository.save(evolve(kind.changed, version=first.version))

    assert school.work(decide) == evolve(kind.changed, version=2)
    assert got(school, kind) == evolve(kind.changed, version=2)


def test_a_unit_sees_what_it_has_saved(school: Storage, kind: Kind) -> None:
    def decide(unit: Unit) -> Any:
        repository = getattr(unit, kind.repository)
        saved = repository.save(kind.value)
        return saved, repository.get(kind.id), repository.find(kind.id)

    saved, got_again, found_again = school.work(decide)
    assert saved == got_again == found_again


def test_to_get_what_is_absent_raises(school: Storage, kind: Kind) -> None:
    with pytest.raises(NotFound):
        got(school, kind)


def test_to_find_what_is_absent_gives_nothing(school: Storage, kind: Kind) -> None:
    assert found(school, kind) is None


def test_to_save_a_value_that_another_has_changed_is_stale(school: Storage, kind: Kind) -> None:
    first = keep_one(school, kind.value)
    keep(school, evolve(kind.changed, version=1))
    with pytest.raises(StaleWrite):
        keep(school, first)
    assert got(school, kind) == evolve(kind.changed, version=2)


def test_to_insert_what_exists_is_stale(school: Storage, kind: Kind) -> None:
    keep(school, kind.value)
    with pytest.raises(StaleWrite):
        keep(school, kind.value)


def test_to_insert_twice_within_one_unit_is_stale(school: Storage, kind: Kind) -> None:
    with pytest.raises(StaleWrite):
        keep(school, kind.value, kind.value)
    assert found(school, kind) is None


def test_to_change_what_was_never_inserted_is_stale(school: Storage, kind: Kind) -> None:
    with pytest.raises(StaleWrite):
        keep(school, evolve(kind.value, version=1))


def test_what_is_saved_in_a_unit_that_fails_is_gone(school: Storage, kind: Kind) -> None:
    def decide(unit: Unit) -> None:
        getattr(unit, kind.repository).save(kind.value)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        school.work(decide)
    assert found(school, kind) is None


def test_a_change_in_a_unit_that_fails_is_undone(school: Storage, kind: Kind) -> None:
    keep(school, kind.value)

    def decide(unit: Unit) -> None:
        getattr(unit, kind.repository).save(evolve(kind.changed, version=1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        school.work(decide)
    assert got(school, kind) == evolve(kind.value, version=1)
