"""Idempotency keys, the audit log, settings and rate limits."""

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from application.ports.records import (
    IdempotencyRecord,
)
from application.ports.storage import AuditFilter, PageRequest, Storage, Unit
from domain.errors import BrokenInvariant
from tests.builders import (
    NOW,
    after,
    an_answer,
    an_audit_entry,
    an_idempotency_record,
)
from tests.contract.storage.keeping import keep

A_MOMENT = timedelta(microseconds=1)


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
