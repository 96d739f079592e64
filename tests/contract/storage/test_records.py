"""Operations, the inbox, the outbox, idempotency keys, the audit log, settings and rate limits."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from application.ports.records import (
    DeliveryState,
    IdempotencyRecord,
    Operation,
    OperationState,
)
from application.ports.storage import AuditFilter, PageRequest, Storage, Unit
from domain.errors import BrokenInvariant, NotFound, StaleWrite
from domain.events import BookingConfirmed, BookingRequested
from domain.ids import MessageId
from tests.builders import (
    NOW,
    a_booking,
    a_delivery,
    after,
    an_answer,
    an_audit_entry,
    an_idempotency_record,
    an_operation,
)
from tests.contract.storage.keeping import ids_of, keep, keep_one

A_MOMENT = timedelta(microseconds=1)


# --- Operations ---


def claim(storage: Storage, at: datetime = NOW, limit: int = 10) -> tuple[Operation, ...]:
    until = at + timedelta(minutes=5)
    return storage.work(lambda unit: unit.operations.claim_due(at, until, limit))


def test_operations_about_one_thing_are_oldest_first(storage: Storage) -> None:
    keep(
        storage,
        an_operation("op_3", created_at=after(hours=2)),
        an_operation("op_1", created_at=after(hours=1)),
        an_operation("op_2", created_at=after(hours=1)),
        an_operation("op_4", subject="pay_2"),
    )
    found = storage.work(lambda unit: unit.operations.of_subject("pay_1"))
    assert ids_of(found) == ["op_1", "op_2", "op_3"]


def test_an_operation_is_claimed_with_a_higher_fence_and_a_new_lease(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW, fence=3))
    (claimed,) = claim(storage)
    assert (claimed.fence, claimed.lease_until) == (4, after(minutes=5))
    assert storage.work(lambda unit: unit.operations.get(claimed.id)) == claimed


def test_a_claimed_operation_can_be_saved(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW))
    (claimed,) = claim(storage)
    keep(storage, claimed.moved(OperationState.DONE, at=NOW, result="pi_1"))
    assert storage.work(lambda unit: unit.operations.get(claimed.id)).result == "pi_1"


def test_one_who_held_the_lease_before_cannot_save_any_more(storage: Storage) -> None:
    before = keep_one(storage, an_operation("op_1", lease_until=NOW))
    claim(storage)
    with pytest.raises(StaleWrite):
        keep(storage, before.moved(OperationState.DONE, at=NOW))


def test_an_operation_is_not_claimed_while_its_lease_runs(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=after(minutes=1)))
    assert claim(storage, after(minutes=1) - A_MOMENT) == ()
    assert ids_of(claim(storage, after(minutes=1))) == ["op_1"]


def test_an_operation_is_not_claimed_twice(storage: Storage) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW))
    assert len(claim(storage)) == 1
    assert claim(storage) == ()
    assert ids_of(claim(storage, after(minutes=5))) == ["op_1"]


@pytest.mark.parametrize("state", OperationState)
def test_only_open_operations_are_claimed(storage: Storage, state: OperationState) -> None:
    keep(storage, an_operation("op_1", lease_until=NOW, state=state))
    assert len(claim(storage)) == (1 if state.is_open else 0)


def test_the_longest_free_operations_are_claimed_first_and_no_more_than_asked_for(
    storage: Storage,
) -> None:
    keep(
        storage,
        an_operation("op_1", lease_until=after(minutes=-1)),
        an_operation("op_2", lease_until=after(minutes=-3)),
        an_operation("op_3", lease_until=after(minutes=-2)),
    )
    assert sorted(ids_of(claim(storage, limit=2))) == ["op_2", "op_3"]
    assert ids_of(claim(storage, limit=2)) == ["op_1"]


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


# --- Idempotency keys ---


def recorded(
    storage: Storage, scope: str = "usr_student", key: str = "key-1"
) -> IdempotencyRecord | None:
    return storage.work(lambda unit: unit.idempotency.find(scope, key))


def insert(storage: Storage, record: IdempotencyRecord) -> bool:
    return storage.work(lambda unit: unit.idempotency.insert(record))


def test_a_request_is_recorded_once(storage: Storage) -> None:
    record = an_idempotency_record()
    assert insert(storage, record)
    assert not insert(storage, evolve(record, body_sha256="2" * 64))
    assert recorded(storage) == record


def test_a_request_is_recorded_once_within_a_unit(storage: Storage) -> None:
    def decide(unit: Unit) -> list[bool]:
        return [unit.idempotency.insert(an_idempotency_record()) for _ in range(2)]

    assert storage.work(decide) == [True, False]


def test_a_key_is_unique_within_its_scope_only(storage: Storage) -> None:
    assert insert(storage, an_idempotency_record("k", scope="a"))
    assert insert(storage, an_idempotency_record("k", scope="b"))
    assert insert(storage, an_idempotency_record("l", scope="a"))


def test_an_unknown_key_has_no_record(storage: Storage) -> None:
    assert recorded(storage) is None


def test_a_record_keeps_its_operations_and_the_very_bytes_of_its_answer(storage: Storage) -> None:
    record = an_idempotency_record()
    insert(storage, record)
    answered = evolve(
        record,
        operations={"create_payment": "op_1", "create_refund": "op_2"},
        answer=evolve(an_answer(409, b'\x00{"a" :  1}\xff'), content_type="application/problem"),
        lease_until=after(hours=1),
    )
    storage.work(lambda unit: unit.idempotency.update(answered))
    assert recorded(storage) == answered


def test_an_answer_may_be_empty(storage: Storage) -> None:
    record = an_idempotency_record(answer=an_answer(204, b""))
    insert(storage, record)
    assert recorded(storage) == record


def test_a_dropped_record_is_forgotten_and_may_be_made_anew(storage: Storage) -> None:
    insert(storage, an_idempotency_record())
    storage.work(lambda unit: unit.idempotency.drop("usr_student", "key-1"))
    assert recorded(storage) is None
    assert insert(storage, an_idempotency_record())


def test_to_drop_what_is_absent_does_nothing(storage: Storage) -> None:
    insert(storage, an_idempotency_record())
    storage.work(lambda unit: unit.idempotency.drop("usr_student", "key-2"))
    storage.work(lambda unit: unit.idempotency.drop("usr_teacher", "key-1"))
    assert recorded(storage) is not None


def test_records_made_before_an_instant_are_pruned(storage: Storage) -> None:
    for key, age in (("old", -A_MOMENT), ("exact", timedelta(0)), ("young", A_MOMENT)):
        insert(storage, an_idempotency_record(key, created_at=NOW + age))
    assert storage.work(lambda unit: unit.idempotency.prune(NOW)) == 1
    kept = [key for key in ("old", "exact", "young") if recorded(storage, key=key) is not None]
    assert kept == ["exact", "young"]
    assert storage.work(lambda unit: unit.idempotency.prune(NOW)) == 0


def test_a_record_of_a_unit_that_fails_is_gone(storage: Storage) -> None:
    def decide(unit: Unit) -> None:
        unit.idempotency.insert(an_idempotency_record())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        storage.work(decide)
    assert recorded(storage) is None


# --- Audit log ---


def test_what_staff_did_is_kept_with_every_field(school: Storage) -> None:
    first = an_audit_entry("aud_1", before={}, after={"name": "Élodie"})
    second = an_audit_entry("aud_2", actor_id=None, request_id=None, created_at=after(hours=1))
    keep(school, first, second)
    page = school.read(lambda views: views.audit.list(AuditFilter(), PageRequest()))
    assert page.items == (second, first)


def test_what_staff_did_in_a_unit_that_fails_is_not_kept(school: Storage) -> None:
    def decide(unit: Unit) -> None:
        unit.audit.append(an_audit_entry())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        school.work(decide)
    assert school.read(lambda views: views.audit.find("aud_1")) is None


# --- Settings ---


def test_a_setting_that_was_never_written_is_none(storage: Storage) -> None:
    assert storage.work(lambda unit: unit.settings.get("secret")) is None


def test_a_setting_is_written_and_overwritten(storage: Storage) -> None:
    storage.work(lambda unit: unit.settings.put("secret", "one"))
    storage.work(lambda unit: unit.settings.put("other", "two"))
    assert storage.work(lambda unit: unit.settings.get("secret")) == "one"
    storage.work(lambda unit: unit.settings.put("secret", "three"))
    assert storage.work(lambda unit: unit.settings.get("secret")) == "three"
    assert storage.work(lambda unit: unit.settings.get("other")) == "two"


def test_a_unit_sees_the_setting_that_it_has_written(storage: Storage) -> None:
    def decide(unit: Unit) -> str | None:
        unit.settings.put("secret", "mine")
        return unit.settings.get("secret")

    assert storage.work(decide) == "mine"


# --- Rate limits ---


def hit(storage: Storage, bucket: str = "login:ada", at: datetime = NOW) -> int | None:
    return storage.rate_limits.hit(bucket, limit=3, window_seconds=60, at=at)


def test_tries_within_the_limit_are_let_through(storage: Storage) -> None:
    assert [hit(storage) for _ in range(3)] == [None, None, None]


def test_the_try_after_the_limit_is_told_how_long_to_wait(storage: Storage) -> None:
    for _ in range(3):
        hit(storage)
    wait = hit(storage)
    assert wait is not None
    assert 1 <= wait <= 60


def test_after_the_wait_tries_are_let_through_again(storage: Storage) -> None:
    for _ in range(3):
        hit(storage)
    wait = hit(storage)
    assert wait is not None
    later = NOW + timedelta(seconds=wait)
    assert [hit(storage, at=later) for _ in range(3)] == [None, None, None]
    assert hit(storage, at=later) is not None


def test_tries_that_go_on_do_not_lengthen_the_wait(storage: Storage) -> None:
    for _ in range(3):
        hit(storage)
    first = hit(storage)
    assert first is not None
    assert hit(storage, at=NOW + timedelta(seconds=1)) == first - 1


def test_each_bucket_is_counted_by_itself(storage: Storage) -> None:
    for _ in range(4):
        hit(storage, "login:ada")
    assert hit(storage, "login:bob") is None


def test_nobody_is_told_to_wait_for_less_than_a_second(storage: Storage) -> None:
    waits = [hit(storage, at=after(seconds=59.999999)) for _ in range(4)]
    assert waits[:3] == [None, None, None]
    assert waits[3] is not None
    assert waits[3] >= 1


def test_a_try_that_a_lagging_clock_stamps_too_early_counts_in_the_open_window(
    storage: Storage,
) -> None:
    for _ in range(3):
        hit(storage, at=after(minutes=5))
    assert hit(storage, at=after(minutes=4)) is not None


def test_no_try_is_counted_inside_a_unit(storage: Storage) -> None:
    with pytest.raises(BrokenInvariant):
        storage.work(lambda _: hit(storage))
