"""The answer to a request, committed with the unit that earns it; and the one door before it."""

from typing import Any

import pytest
from attrs import frozen

from application.answers import Slot, answered, answering, bind, bound
from application.bus import HANDLERS, bus_of, handles
from application.commands import SYSTEM, Actor, Command
from application.ports.records import Answer
from application.ports.storage import Views
from domain.ids import OperationId
from tests.builders import an_idempotency_record
from tests.market import Market


def shown(_: Views, result: object) -> Answer:
    """Render a result."""
    return Answer(status=200, body=str(result).encode())


def test_an_answer_is_rendered_from_what_its_unit_sees() -> None:
    market = Market()
    student = market.student()

    def present(views: Views, result: Any) -> Answer:
        found = views.users.find(result)
        return Answer(status=200, body=(found.name if found else "?").encode())

    slot = Slot(present=present)
    with answering(slot):
        market.storage.work(lambda unit: answered(unit, student.user_id))

    assert slot.answer == Answer(status=200, body=b"sam")


def test_an_answer_without_a_key_is_stored_nowhere() -> None:
    market = Market()
    slot = Slot(present=shown)

    with answering(slot):
        market.storage.work(lambda unit: answered(unit, 17))
        market.storage.work(lambda unit: bind(unit, "refund", OperationId("op_1")))
        assert bound("refund") is None

    assert slot.answer == Answer(status=200, body=b"17")


def test_an_answer_whose_unit_rolls_back_is_not_stored() -> None:
    market = Market()
    record = an_idempotency_record()
    market.storage.work(lambda unit: unit.idempotency.insert(record))

    def fails(unit: Any) -> None:
        answered(unit, 17)
        raise RuntimeError("disk full")

    with answering(Slot(present=shown, record=record)), pytest.raises(RuntimeError):
        market.storage.work(fails)

    kept = market.storage.work(lambda unit: unit.idempotency.find(record.scope, record.key))
    assert kept == record


def test_what_was_bound_is_known_within_the_request_and_after_it() -> None:
    market = Market()
    record = an_idempotency_record(operations={})
    market.storage.work(lambda unit: unit.idempotency.insert(record))

    with answering(Slot(present=shown, record=record)):
        assert bound("refund") is None
        market.storage.work(lambda unit: bind(unit, "refund", OperationId("op_1")))
        market.storage.work(lambda unit: bind(unit, "payment", OperationId("op_2")))
        assert (bound("refund"), bound("payment")) == ("op_1", "op_2")

    kept = market.storage.work(lambda unit: unit.idempotency.find(record.scope, record.key))
    assert kept is not None
    assert dict(kept.operations) == {"refund": "op_1", "payment": "op_2"}


def test_answers_of_one_request_do_not_reach_another() -> None:
    market = Market()
    outer, inner = Slot(present=shown), Slot(present=shown)

    with answering(outer):
        with answering(inner):
            market.storage.work(lambda unit: answered(unit, "inner"))
        market.storage.work(lambda unit: answered(unit, "outer"))

    assert (outer.answer, inner.answer) == (
        Answer(status=200, body=b"outer"),
        Answer(status=200, body=b"inner"),
    )


# --- The one door --------------------------------------------------------------------------------


@frozen
class Echo(Command[str]):
    """Say it again."""

    word: str


def test_a_command_goes_to_its_handler_through_the_middleware_the_first_outermost() -> None:
    heard: list[str] = []

    def noting(name: str) -> Any:
        def around(handler: Any) -> Any:
            def handle(command: Any, actor: Actor) -> Any:
                heard.append(name)
                return handler(command, actor)

            return handle

        return around

    bus = bus_of({Echo: lambda command, _: command.word}, noting("outer"), noting("inner"))

    assert bus.handle(Echo("hi"), SYSTEM) == "hi"
    assert heard == ["outer", "inner"]


def test_a_command_has_one_handler() -> None:
    taken = next(iter(HANDLERS))

    with pytest.raises(TypeError):
        handles(taken)(object)
