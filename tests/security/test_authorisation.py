"""Every published operation, by everybody, on one's own, another's and absent things.

The matrix is made from the OpenAPI document that the service publishes, so that a new operation is
in it at once. What belongs to another must be answered, to the byte, like what does not exist,
wherever its id may stand: in the path, in the body or in the query.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.http.shop import Shop
from tests.security.published import Field, Operation
from tests.security.world import ABSENT, CALLERS, ROLES, Kind, Side, World, told

# An operation with such an id of another's does what it does with anybody's.
OPEN_TO_ALL = frozenset({"public", "test mode", "signed by the gateway"})

# What else a body must say for an id in it to be looked at.
BESIDES: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("process_payment", "gig_id"): {"starts_at": "2026-06-02T09:00:00Z", "duration_minutes": 60},
    ("process_payment", "payment_method_id"): {"booking_id": ABSENT},
}
# Which id of another's stands in a field, where that of the same name is for all to see. Who
# teaches is public, so that a teacher may name another one; who learns is not.
INSTEAD: Mapping[str, str] = {"teachers.teacher_id": "student_id"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Shop() as shop:
        yield World(shop)


by_everybody = pytest.mark.parametrize("kind", CALLERS, ids=[kind.name for kind in CALLERS])
by_people = pytest.mark.parametrize(
    "kind",
    [kind for kind in CALLERS if kind.counts_as in {"student", "teacher"}],
    ids=lambda kind: kind.name,
)


# --- Who is let in -------------------------------------------------------------------------------


@by_everybody
def test_who_may_not_call_an_operation_learns_nothing_of_what_is_there(
    world: World, kind: Kind
) -> None:
    caller, turned_away = kind.caller(world), 0
    for operation in world.operations:
        code = _refusal(operation, kind)
        if code is None:
            continue
        turned_away += 1
        answers = [
            operation.send(caller, ids, facts=world.ours.facts)
            for ids in (world.ours.shown, world.theirs.hidden, _nothing(operation))
        ]
        assert {response.json()["code"] for response in answers} == {code}, operation.name
        assert len({told(response) for response in answers}) == 1, operation.name
    assert turned_away > 15 or kind.name in {"admin", "anonymous"}


def _refusal(operation: Operation, kind: Kind) -> str | None:
    """Return the code with which a caller must be turned away, whatever it is about."""
    needs_somebody = bool(operation.access & ROLES)
    if kind.refused_with == "token_expired":
        return kind.refused_with if operation.heeds_tokens else None
    if kind.refused_with:
        return kind.refused_with if needs_somebody else None
    return None if kind.may_call(operation) else "forbidden"


def _nothing(operation: Operation) -> Mapping[str, str]:
    return dict.fromkeys(operation.path_parameters, ABSENT)


@by_everybody
def test_whoever_may_call_an_operation_gets_past_its_door(world: World, kind: Kind) -> None:
    side = kind.is_of(world)
    for operation in _untouched(world):
        if _refusal(operation, kind) is None:
            response = operation.send(kind.caller(world), side.shown, facts=side.facts)
            assert response.status_code not in {403, 500}, (operation.name, response.text)
            assert response.status_code != 401 or "/auth/" in operation.path, operation.name


def _untouched(world: World) -> Iterator[Operation]:
    """Return the operations that leave what they are about as it is, or nearly."""
    return (each for each in world.operations if each.method == "GET")


# --- Another's is absent -------------------------------------------------------------------------


def test_every_id_that_may_be_given_is_one_of_the_world(world: World) -> None:
    taken = {
        name
        for operation in world.operations
        for name in (*operation.path_parameters, *_id_fields(operation), *operation.query)
        if name in operation.path_parameters or name.endswith("_id")
    }

    assert {name.rpartition(".")[2] for name in taken} <= set(world.ours.shown)


def _id_fields(operation: Operation) -> dict[str, Field]:
    return {each.dotted: each for each in operation.fields if each.name.endswith("_id")}


@pytest.mark.parametrize(
    "kind",
    [kind for kind in CALLERS if kind.counts_as != "admin" and kind.name != "expired"],
    ids=lambda kind: kind.name,
)
def test_what_is_anothers_in_the_path_looks_like_what_is_absent(world: World, kind: Kind) -> None:
    caller, theirs, compared = kind.caller(world), kind.others(world), 0
    for operation in world.operations:
        closed = _refusal(operation, kind) or operation.access & OPEN_TO_ALL
        if closed or not operation.path_parameters:
            continue
        compared += 1
        there = operation.send(caller, theirs.hidden, facts=theirs.facts)
        absent = operation.send(caller, _nothing(operation), facts=theirs.facts)
        assert there.status_code == 404, (operation.name, there.text)
        assert told(there) == told(absent), operation.name
    assert compared >= (1 if kind.counts_as is None else 10)


@by_people
def test_an_id_of_anothers_in_a_body_is_answered_like_an_absent_one(
    world: World, kind: Kind
) -> None:
    caller, own, theirs, compared = kind.caller(world), kind.is_of(world), kind.others(world), 0
    for operation in world.operations:
        if _refusal(operation, kind) or operation.access & OPEN_TO_ALL:
            continue
        for name, field in _id_fields(operation).items():
            for others in _of_others(theirs, name):
                compared += 1
                facts = {**own.facts, "booking_id": world.payable(own)}
                body = _body_around(operation, name, facts)
                absent, there, right = (
                    operation.send(caller, own.shown, facts=facts, body=field.put(body, each))
                    for each in (_absent_like(others), others, _own(own, facts, name))
                )
                assert absent.status_code in {404, 422}, (operation.name, name, absent.text)
                assert told(there) == told(absent), (operation.name, name, there.text)
                # With one's own it is not refused in that way: it was the id that mattered.
                assert told(right) != told(absent), (operation.name, name, right.text)
    assert compared >= 2


def _body_around(operation: Operation, name: str, facts: Mapping[str, object]) -> dict[str, Any]:
    """Return a body in which it depends on the field of this name whether it is refused."""
    beside = BESIDES.get((operation.name, name), {})
    return {
        **(operation.a_body(facts) or {}),
        **{each: facts.get(each, value) for each, value in beside.items()},
    }


def _own(own: Side, facts: Mapping[str, object], name: str) -> object:
    if name in INSTEAD:
        return own.teacher.id
    return {**own.shown, **facts}[name]


def _absent_like(id: str) -> str:
    """Return an id of nothing; ours and the gateway's tell by their beginnings what they are of."""
    return f"{id.partition('_')[0]}_{ABSENT}"


def _of_others(theirs: Side, name: str) -> tuple[str, ...]:
    field = INSTEAD.get(name, name.rpartition(".")[2])
    values = (theirs.hidden[field],)
    return (*values, theirs.method) if field == "payment_method_id" else values


@by_people
def test_a_filter_by_what_is_anothers_finds_what_an_absent_one_finds(
    world: World, kind: Kind
) -> None:
    caller, theirs, compared = kind.caller(world), kind.others(world), 0
    for operation in world.operations:
        if _refusal(operation, kind) or operation.method != "GET":
            continue
        for name in operation.query:
            for value in _looked_for(theirs, name):
                if (operation.name, name) == ("list_gigs", "teacher_id"):
                    continue  # Whose gigs there are is for all to see.
                compared += 1
                answers = [
                    operation.send(caller, theirs.shown, facts=theirs.facts, query={name: each})
                    for each in (value, ABSENT)
                ]
                assert told(answers[0]) == told(answers[1]), (operation.name, name, value)
    assert compared >= 10


def test_what_is_looked_for_is_really_there(world: World) -> None:
    """Else the test above would compare two things that are absent."""
    for operation in world.operations:
        if operation.method == "GET" and operation.access >= ROLES - {"student"}:
            for name in operation.query:
                for value in _looked_for(world.theirs, name):
                    found = operation.send(
                        world.shop.admin, world.theirs.shown, facts={}, query={name: value}
                    )
                    if "items" in found.text:
                        assert found.json()["items"], (operation.name, name, value)


def _looked_for(theirs: Side, name: str) -> tuple[str, ...]:
    if name == "q":
        return (theirs.shown["payment_id"], theirs.shown["payment_intent_id"], theirs.email)
    return (theirs.shown[name],) if name.endswith("_id") else ()


def test_no_list_shows_a_newcomer_anything(world: World) -> None:
    for operation in world.operations:
        if operation.method != "GET" or operation.path_parameters or not operation.access & ROLES:
            continue
        for caller in world.newcomers:
            response = operation.send(caller, {}, facts={})
            if response.status_code == 200 and "items" in response.text:
                assert response.json()["items"] == [], operation.name


# --- One's own -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [kind for kind in CALLERS if kind.counts_as], ids=lambda kind: kind.name
)
def test_ones_own_is_there_for_its_people_and_staff(kind: Kind) -> None:
    """In a world of its own, because much of this ends what it is about."""
    with Shop() as shop:
        world = World(shop)
        side = kind.is_of(world)
        for operation in world.operations:
            is_theirs = set(operation.path_parameters) & set(side.shown)
            if is_theirs and _refusal(operation, kind) is None:
                response = operation.send(kind.caller(world), side.shown, facts=side.facts)
                assert response.status_code not in {401, 403, 404}, (operation.name, response.text)
                assert response.status_code < 500, operation.name
