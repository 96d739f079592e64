"""The same key and body get the same bytes, and one effect."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import define, evolve, field
from litestar.testing import TestClient

from application.answers import answered
from application.bookings import ConfirmBooking
from application.bus import bus_of
from application.commands import Actor
from application.ports.gateway import OutcomeUnknown
from application.ports.storage import UnitOfWork
from domain.errors import (
    BrokenInvariant,
    Forbidden,
    GatewayUnavailable,
    RateLimited,
    StaleWrite,
    StorageUnavailable,
)
from domain.ids import BookingId
from entrypoints.http.app import create_app
from tests.http.shop import Caller, Shop, refused, shown


def test_a_repeat_gets_the_stored_bytes_and_books_nothing(shop: Shop) -> None:
    gig = shop.gig()["id"]
    wanted = {"gig_id": gig, "starts_at": "2026-03-04T09:00:00Z", "duration_minutes": 60}
    caller = shop.student.with_key("once")

    first = caller.post("/bookings", wanted)
    again = caller.post("/bookings/", wanted)

    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert len(shown(shop.student.get("/bookings"))["items"]) == 1


def test_a_repeated_refund_gives_back_once(shop: Shop) -> None:
    path = f"/payments/{shop.payment()['id']}/refund"
    caller = shop.admin.with_key("refund-1")

    first = caller.post(path, {"amount": "10.00", "reason": "x"})
    again = caller.post(path, {"amount": "10.00", "reason": "x"})

    assert first.content == again.content
    assert len(shown(shop.admin.get("/refunds"))["items"]) == 1


def test_the_same_key_with_another_body_is_refused(shop: Shop) -> None:
    caller = shop.teacher.with_key("gig")
    wanted = {"title": "Spanish", "hourly_rate": "75.00"}
    shown(caller.post("/gigs", wanted), 201)

    refused(caller.post("/gigs", {**wanted, "title": "French"}), 422, "idempotency_key_reused")


def test_a_key_counts_for_one_person_and_one_path(shop: Shop) -> None:
    wanted = {"title": "Spanish", "hourly_rate": "75.00"}
    other = shop.caller(shop.market.teacher("theo"))

    mine = shown(shop.teacher.with_key("k").post("/gigs", wanted), 201)
    theirs = shown(other.with_key("k").post("/gigs", wanted), 201)
    refused(shop.teacher.with_key("k").post("/bookings/k/confirm"), 404, "not_found")

    assert mine["id"] != theirs["id"]


def test_a_refusal_by_rule_is_remembered(shop: Shop) -> None:
    booking = shop.booking()["id"]
    caller = shop.teacher.with_key("early")

    first = caller.post(f"/bookings/{booking}/complete")
    shop.payment(booking)
    shop.market.advance(days=2, hours=2)
    again = caller.post(f"/bookings/{booking}/complete")

    refused(first, 409, "booking_not_ended")
    assert first.content == again.content
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_decline_is_remembered(shop: Shop) -> None:
    wanted = {"booking_id": shop.booking()["id"], "payment_method_id": "pm_card_chargeCustomerFail"}
    caller = shop.student.with_key("pay")

    first = caller.post("/payments/process-payment", wanted)
    again = caller.post("/payments/process-payment", wanted)

    assert first.status_code == again.status_code == 402
    assert first.content == again.content
    assert len(shown(shop.student.get("/payments"))["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "a\tb"])
def test_an_unusable_key_is_refused(window: Shop, key: str) -> None:
    headers: dict[str, Any] = {"Idempotency-Key": key.encode("latin-1")}

    response = window.teacher.post("/gigs", {}, headers=headers)

    assert response.status_code == 422


def test_a_key_may_look_like_anything_and_is_kept_as_a_hash_only(shop: Shop) -> None:
    caller = shop.teacher.with_key("4242 4242 4242 4242")

    first = caller.post("/gigs", {"title": "Spanish", "hourly_rate": "75.00"})
    again = caller.post("/gigs", {"title": "Spanish", "hourly_rate": "75.00"})

    assert first.status_code == 201
    assert first.content == again.content


def test_a_log_in_takes_no_key(shop: Shop) -> None:
    caller = shop.anybody.with_key("login")
    wanted = {"email": "sam@school.test", "password": "lots of practice"}

    first = shown(caller.post("/auth/login", wanted))
    again = shown(caller.post("/auth/login", wanted))

    assert first["refresh_token"] != again["refresh_token"]


# --- With a handler of our own -------------------------------------------------------------------


@define
class Rehearsed:
    """Handle `ConfirmBooking` as a test tells: raise errors first, or wait before it is done."""

    work: UnitOfWork
    errors: list[Exception] = field(factory=list)
    runs: int = 0
    begun: threading.Event = field(factory=threading.Event)
    may_end: threading.Event = field(factory=threading.Event)

    def __call__(self, command: ConfirmBooking, actor: Actor) -> BookingId:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        self.begun.set()
        assert self.may_end.wait(10)
        return self.work(lambda unit: answered(unit, command.booking_id))


@contextmanager
def _rehearsal(*errors: Exception, **http: Any) -> Iterator[tuple[Shop, Rehearsed, Caller, str]]:
    """Open a shop where confirming a booking is done by a test."""
    with Shop(http=http) as shop:
        booking = shop.booking()["id"]
        handler = Rehearsed(shop.market.storage.work, list(errors))
        handler.may_end.set()
        bus = bus_of({ConfirmBooking: handler})
        with TestClient(create_app(evolve(shop.services, bus=bus))) as client:
            caller = evolve(shop.teacher.with_key("k"), client=client)
            yield shop, handler, caller, f"/bookings/{booking}/confirm"


@pytest.mark.parametrize(
    "error",
    [
        BrokenInvariant("the books contradict themselves"),
        GatewayUnavailable("away"),
        StorageUnavailable("away"),
        Forbidden(),
        RateLimited(3),
        StaleWrite("changed"),
        OutcomeUnknown("timeout"),
        ZeroDivisionError(),
    ],
)
def test_what_is_no_refusal_by_rule_is_tried_again(error: Exception) -> None:
    with _rehearsal(error) as (_, handler, caller, path):
        first = caller.post(path)
        again = caller.post(path)

        assert first.status_code >= 403
        assert again.status_code == 200
        assert "Idempotent-Replayed" not in again.headers
        assert handler.runs == 2


def test_a_bug_tells_nothing_of_itself() -> None:
    with _rehearsal(BrokenInvariant("the books of pay_1 contradict themselves")) as (
        _,
        __,
        caller,
        path,
    ):
        response = caller.post(path)

        problem = refused(response, 500, "internal_error")
        assert "pay_1" not in response.text
        assert response.headers["X-Request-Id"] in problem["instance"]


def test_a_twin_waits_for_the_first_ones_answer() -> None:
    with _rehearsal(twin_wait_seconds=10.0) as (_, handler, caller, path):
        handler.may_end.clear()
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(caller.post, path)
            assert handler.begun.wait(10)
            twin = pool.submit(caller.post, path)
            handler.may_end.set()

            assert first.result().content == twin.result().content
            assert twin.result().headers["Idempotent-Replayed"] == "true"
        assert handler.runs == 1


def test_a_twin_that_waited_too_long_is_told_to_come_back() -> None:
    with _rehearsal(twin_wait_seconds=0.05) as (_, handler, caller, path):
        handler.may_end.clear()
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(caller.post, path)
            assert handler.begun.wait(10)
            twin = caller.post(path)
            handler.may_end.set()

            refused(twin, 409, "idempotency_key_in_use")
            assert twin.headers["Retry-After"]
            assert first.result().status_code == 200


def test_a_handler_that_answers_nothing_in_its_unit_is_still_remembered() -> None:
    with _rehearsal() as (shop, _, caller, path):
        silent = bus_of({ConfirmBooking: lambda command, actor: command.booking_id})
        with TestClient(create_app(evolve(shop.services, bus=silent))) as client:
            quiet = evolve(caller, client=client)

            first = quiet.post(path)
            again = quiet.post(path)

        assert first.content == again.content
        assert again.headers["Idempotent-Replayed"] == "true"
