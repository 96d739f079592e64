"""Nobody sets what is not theirs to set: not by a field that no body has, and not by one that has.

The bodies are those that the service publishes, so that a new one is tried when it is published.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from tests.http.shop import Shop, refused, shown
from tests.security.disk import a_shop_on_disk, rows_in
from tests.security.published import Field, Operation
from tests.security.world import CALLERS, World

COVETED: dict[str, object] = {
    "amount": "0.01",
    "price": "0.01",
    "currency": "usd",
    "status": "paid",
    "payment_status": "paid",
    "captured": True,
    "refunded_amount": "0.00",
    "refundable_amount": "75.00",
    "fee": 0,
    "fee_basis_points": 0,
    "platform_fee_amount": "0.00",
    "teacher_payout_amount": "75.00",
    "payout_amount": "75.00",
    "role": "admin",
    "is_admin": True,
    "id": "bk_1",
    "user_id": "usr_1",
    "student_id": "usr_1",
    "teacher_id": "usr_1",
    "teacher": "usr_1",
    "requested_by": "usr_1",
    "created_at": "2020-01-01T00:00:00Z",
    "expires_at": "2099-01-01T00:00:00Z",
    "version": 99,
    "password_hash": "$argon2id$",
    "email_verified": True,
    "stripe_customer_id": "cus_1",
    "gateway_id": "re_1",
    "cancellation_policy": {"name": "flexible"},
    "settles_at": "2020-01-01T00:00:00Z",
    "teacher_keeps": True,
    "minutes": 600,
    "balance": "1000.00",
    "livemode": True,
    "is_system": True,
    "__class__": "Admin",
    "__proto__": {"role": "admin"},
}
"""What people would like to decide by themselves, with a value that they would like."""


@frozen
class Attempt:
    """Members that an object of a body does not have, and what was answered to them."""

    operation: str
    path: tuple[str | int, ...]
    names: frozenset[str]
    response: Any


@frozen
class Attempts:
    """All that was tried, and the tables that have other rows than before."""

    world: World
    made: tuple[Attempt, ...]
    changed: list[str]


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attempts]:
    directory: Path = tmp_path_factory.mktemp("assignments")
    with a_shop_on_disk(directory) as shop:
        world = World(shop)
        before = rows_in(directory)
        made = tuple(
            attempt
            for operation in world.operations
            for path in operation.objects
            for attempt in _attempts(world, operation, path)
        )
        yield Attempts(world, made, _changed(before, rows_in(directory)))


def _attempts(world: World, operation: Operation, path: tuple[str | int, ...]) -> Iterator[Attempt]:
    """Send what is coveted and no member of an object, beside all that it must have.

    An answer names every member of the outermost object, but the first of an inner one only.
    """
    kind = next(each for each in CALLERS if each.counts_as and each.may_call(operation))
    side = kind.is_of(world)
    has = {each.path[len(path)] for each in operation.fields if each.path[: len(path)] == path}
    strange = [name for name in COVETED if name not in has]
    for names in [strange] if not path else [[name] for name in strange]:
        body = operation.a_body(side.facts) or {}
        for name in names:
            body = Field(path=(*path, name), schema={}).put(body, COVETED[name])
        response = operation.send(kind.caller(world), side.shown, facts=side.facts, body=body)
        yield Attempt(operation.name, path, frozenset(names), response)


def _changed(before: Any, after: Any) -> list[str]:
    return [table for table in after if before.get(table) != after[table]]


def test_every_body_that_is_published_was_tried(attempts: Attempts) -> None:
    tried = {each.operation for each in attempts.made}
    bodies = {each.name for each in attempts.world.operations if each.takes_json}

    assert tried == bodies
    assert len(tried) > 30
    assert ("publish_gig", ("teachers", 0)) in {(e.operation, e.path) for e in attempts.made}
    assert all(each.names for each in attempts.made)


def test_a_member_that_a_body_does_not_have_is_refused_by_its_name(attempts: Attempts) -> None:
    for attempt in attempts.made:
        problem = refused(attempt.response, 422, "validation_failed")
        unknown = {
            each["field"].rpartition(".")[2]
            for each in problem["errors"]
            if each["code"] == "unknown_field"
        }
        assert unknown == attempt.names, (attempt.operation, attempt.path)


def test_nothing_has_changed(attempts: Attempts) -> None:
    assert attempts.changed == []


def test_a_change_would_have_been_noticed(tmp_path: Path) -> None:
    with a_shop_on_disk(tmp_path) as shop:
        before = rows_in(tmp_path)
        shown(shop.student.patch("/users/me", {"name": "Samuel"}))

        assert _changed(before, rows_in(tmp_path)) == ["tuition.db: users"]


# --- Fields that a body has, for others ----------------------------------------------------------


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop


def test_a_student_does_not_book_for_another(shop: Shop) -> None:
    other = shop.market.student("stella").user_id
    wanted = {"starts_at": "2026-03-04T09:00:00Z", "duration_minutes": 60, "student_id": other}

    refused(
        shop.student.post("/bookings", {**wanted, "gig_id": shop.gig()["id"]}), 404, "not_found"
    )


@pytest.mark.parametrize("judgement", [{"fault": "platform"}, {"teacher_keeps": True}])
def test_neither_side_of_a_lesson_says_who_bears_its_refund(
    shop: Shop, judgement: dict[str, object]
) -> None:
    day = "06" if "fault" in judgement else "07"
    booking = shop.booking(starts_at=f"2026-03-{day}T09:00:00Z")["id"]
    path = f"/payments/{shop.payment(booking)['id']}/refund"
    for caller in (shop.student, shop.teacher):
        response = caller.post(path, {"reason": "x", **judgement})
        refused(response, 403, "forbidden")


def test_a_teacher_does_not_pay_by_hand_nor_another(shop: Shop) -> None:
    other = shop.market.teacher("theo").user_id

    refused(shop.teacher.post("/payouts", {"method": "manual"}), 403, "forbidden")
    refused(shop.teacher.post("/payouts", {"teacher_id": other}), 404, "not_found")


def test_a_teacher_does_not_publish_in_anothers_name(shop: Shop) -> None:
    other = shop.caller(shop.market.teacher("tom"))
    wanted = {"title": "x", "hourly_rate": "75.00", "teachers": [{"teacher_id": other.id}]}

    refused(shop.teacher.post("/gigs", wanted), 422, "validation_failed")
    gig = shop.gig()["id"]
    refused(
        shop.teacher.patch(f"/gigs/{gig}", {"teachers": wanted["teachers"]}),
        422,
        "validation_failed",
    )


def test_nobody_says_that_the_other_side_stayed_away_before_the_lesson(shop: Shop) -> None:
    booking = shop.booking(starts_at="2026-03-05T09:00:00Z")["id"]
    for caller, absent in ((shop.student, "teacher"), (shop.teacher, "student")):
        response = caller.post(f"/bookings/{booking}/no-show", {"who": absent})
        assert response.status_code in {409, 422}
    for caller, absent in ((shop.student, "student"), (shop.teacher, "teacher")):
        response = caller.post(f"/bookings/{booking}/no-show", {"who": absent})
        assert response.status_code in {403, 409, 422}
