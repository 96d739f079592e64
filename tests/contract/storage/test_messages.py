"""Deliveries that came in, and events on their way out."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from application.ports.records import (
    DeliveryState,
)
from application.ports.storage import Storage, Unit
from domain.errors import NotFound, StaleWrite
from domain.events import BookingConfirmed, BookingRequested
from domain.ids import MessageId
from tests.builders import (
    NOW,
    a_booking,
    a_delivery,
    after,
)
from tests.contract.storage.keeping import ids_of, keep

A_MOMENT = timedelta(microseconds=1)


# --- Inbox ---


def receive(storage: Storage, id: str = "evt_1", **fields: object) -> bool:
    return storage.work(lambda unit: unit.inbox.receive(a_delivery(id, **fields)))


def due(storage: Storage, at: datetime, limit: int = 10) -> list[str]:
    return list(storage.work(lambda unit: unit.inbox.due(at, limit)))


def test_a_delivery_is_received_with_every_field(storage: Storage) -> None:
    delivery = a_delivery(
        "evt_1", account="acct_1", livemode=True, body=b"\x00\xff{}", facts={"a": "b", "c": ""}
    )
    assert storage.work(lambda unit: unit.inbox.receive(delivery))
    assert storage.work(lambda unit: unit.inbox.get("evt_1")) == evolve(delivery, version=1)


def test_a_delivery_is_received_once(storage: Storage) -> None:
    assert receive(storage, body=b"first")
    assert not receive(storage, body=b"second")
    assert storage.work(lambda unit: unit.inbox.get("evt_1")).body == b"first"


def test_a_delivery_is_received_once_within_a_unit(storage: Storage) -> None:
    def decide(unit: Unit) -> list[bool]:
        return [unit.inbox.receive(a_delivery("evt_1")) for _ in range(2)]

    assert storage.work(decide) == [True, False]


def test_a_unit_goes_on_after_a_delivery_that_was_there_already(storage: Storage) -> None:
    receive(storage)

    def decide(unit: Unit) -> None:
        unit.inbox.receive(a_delivery("evt_1"))
        unit.settings.put("went", "on")

    storage.work(decide)
    assert storage.work(lambda unit: unit.settings.get("went")) == "on"


def test_an_unknown_delivery_is_absent(storage: Storage) -> None:
    with pytest.raises(NotFound):
        storage.work(lambda unit: unit.inbox.get("evt_1"))


def test_a_delivery_is_changed_by_one_at_a_time(storage: Storage) -> None:
    receive(storage)
    got = storage.work(lambda unit: unit.inbox.get("evt_1"))
    applied = evolve(got, state=DeliveryState.APPLIED, applied_at=after(hours=1), next_try_at=None)
    saved = storage.work(lambda unit: unit.inbox.save(applied))
    assert saved == evolve(applied, version=got.version + 1)
    assert storage.work(lambda unit: unit.inbox.get("evt_1")) == saved
    with pytest.raises(StaleWrite):
        storage.work(lambda unit: unit.inbox.save(applied))


def test_a_delivery_is_due_when_its_next_try_has_come(storage: Storage) -> None:
    receive(storage, next_try_at=after(minutes=1))
    assert due(storage, after(minutes=1) - A_MOMENT) == []
    assert due(storage, after(minutes=1)) == ["evt_1"]


def test_the_oldest_delivery_is_due_first_and_no_more_than_asked_for(storage: Storage) -> None:
    receive(storage, "evt_2", received_at=after(minutes=2), next_try_at=after(minutes=2))
    receive(storage, "evt_3", received_at=after(minutes=3), next_try_at=after(minutes=3))
    receive(storage, "evt_1", received_at=after(minutes=1), next_try_at=after(minutes=1))
    assert due(storage, after(minutes=3)) == ["evt_1", "evt_2", "evt_3"]
    assert due(storage, after(minutes=3), limit=2) == ["evt_1", "evt_2"]


@pytest.mark.parametrize("state", DeliveryState)
def test_only_received_deliveries_are_due(storage: Storage, state: DeliveryState) -> None:
    receive(storage, state=state)
    assert due(storage, NOW) == (["evt_1"] if state is DeliveryState.RECEIVED else [])


def test_a_delivery_without_a_next_try_is_not_due(storage: Storage) -> None:
    receive(storage, next_try_at=None)
    assert due(storage, after(days=9)) == []


# --- Outbox ---


@pytest.fixture
def letters(school: Storage) -> Storage:
    """Lend a storage with three messages of two units."""
    keep(
        school,
        a_booking(
            "bk_1",
            events=(
                BookingRequested(booking="bk_1", at=NOW),
                BookingConfirmed(booking="bk_1", at=NOW),
            ),
        ),
    )
    keep(school, a_booking("bk_2", events=(BookingRequested(booking="bk_2", at=NOW),)))
    return school


def waiting(storage: Storage, limit: int = 10) -> list[MessageId]:
    return ids_of(storage.work(lambda unit: unit.outbox.waiting(limit)))  # type: ignore[return-value]


def test_messages_wait_oldest_first(letters: Storage) -> None:
    messages = letters.work(lambda unit: unit.outbox.waiting(10))
    assert [message.event for message in messages] == [
        BookingRequested(booking="bk_1", at=NOW),
        BookingConfirmed(booking="bk_1", at=NOW),
        BookingRequested(booking="bk_2", at=NOW),
    ]


def test_no_more_messages_are_handed_out_than_asked_for(letters: Storage) -> None:
    assert waiting(letters, limit=2) == waiting(letters)[:2]


def test_a_message_waits_until_it_is_done(letters: Storage) -> None:
    first, second, third = waiting(letters)
    assert waiting(letters) == [first, second, third]
    letters.work(lambda unit: unit.outbox.done([first, third]))
    assert waiting(letters) == [second]


def test_a_message_that_is_done_in_a_unit_that_fails_still_waits(letters: Storage) -> None:
    messages = waiting(letters)

    def decide(unit: Unit) -> None:
        unit.outbox.done(messages)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        letters.work(decide)
    assert waiting(letters) == messages


def test_a_message_may_be_done_twice(letters: Storage) -> None:
    first, *rest = waiting(letters)
    letters.work(lambda unit: unit.outbox.done([first]))
    letters.work(lambda unit: unit.outbox.done([first]))
    letters.work(lambda unit: unit.outbox.done([]))
    assert waiting(letters) == rest
