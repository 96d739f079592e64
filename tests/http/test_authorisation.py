"""Every operation, by everybody, on one's own, another's and absent things.

The matrix is made from the routes themselves, so a new one is in it at once; which policy each has
is compared with `who_may.py`. What belongs to another must look exactly like what does not exist.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from litestar.handlers import HTTPRouteHandler

from entrypoints.http.endpoints import Endpoint
from tests.http.shop import Caller, Shop, shown
from tests.http.who_may import ADMITS, WHO_MAY

OPEN = {"visitor", "public", "signed by the gateway", "test mode"}


@pytest.fixture(scope="module")
def world() -> Iterator["World"]:
    with Shop() as shop:
        yield World(shop)


class World:
    """One of everything, its owners, and strangers."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        booking = shop.booking()["id"]
        payment = shop.payment(booking)["id"]
        refund = shown(
            shop.admin.post(f"/payments/{payment}/refund", {"amount": "1.00", "reason": "x"}), 201
        )["refund_id"]
        card = shown(
            shop.student.post("/payment-methods", {"payment_method_id": "pm_card_mastercard"}), 201
        )["id"]
        hidden = shop.gig(title="Hidden", is_active=False)["id"]
        shop.market.advance(days=2, hours=2)
        shown(shop.teacher.post(f"/bookings/{booking}/complete"))
        shop.market.advance(days=3)
        payout = shown(
            shop.admin.post(
                "/payouts", {"teacher_id": shop.teacher.id, "currency": "usd", "method": "manual"}
            ),
            201,
        )["id"]
        self.ids: Mapping[str, str] = {
            "booking_id": booking,
            "payment_id": payment,
            "refund_id": refund,
            "card_id": card,
            "gig_id": hidden,
            "payout_id": payout,
            "user_id": shop.student.id,
            "event_id": shown(shop.admin.get("/webhook-events"))["items"][0]["id"],
            "audit_id": shown(shop.admin.get("/audit-log"))["items"][0]["id"],
        }
        expired = shop.expired_token(shop.student.actor)
        self.strangers = (
            shop.caller(shop.market.student("stella")),
            shop.caller(shop.market.teacher("theo")),
        )
        self.expired = Caller(shop.client, {"Authorization": f"Bearer {expired}"})
        self.endpoints = [
            handler.opt["endpoint"]
            for route in shop.client.app.routes
            for handler in getattr(route, "route_handlers", ())
            if isinstance(handler, HTTPRouteHandler) and "endpoint" in handler.opt
        ]

    def paths(self, endpoint: Endpoint) -> tuple[str, str]:
        """Return the path to something that is there, and the one to something absent."""
        there = re.sub(r"\{(\w+)\}", lambda found: self.ids.get(found[1], "x"), endpoint.path)
        absent = re.sub(r"\{\w+\}", "absent", endpoint.path)
        return f"/{there}", f"/{absent}"


_BODIES: Mapping[str, Any] = {
    "report_no_show": {"who": "student"},
    "propose_reschedule": {"starts_at": "2026-03-20T09:00:00Z"},
    "set_default_card": {"set_as_default": True},
    "set_teacher_fee": {"fee_basis_points": 100},
    "mark_refund_paid": {"reference": "x"},
    "mark_payout_paid": {"reference": "x"},
    "refund_payment": {"reason": "x"},
}


def _send(caller: Caller, endpoint: Endpoint, path: str) -> Any:
    query = "?outcome=cancel" if endpoint.name == "quote_booking" else ""
    body = None if endpoint.method in {"GET", "DELETE"} else _BODIES.get(endpoint.name, {})
    return caller.request(endpoint.method, path + query, body)


def test_every_route_has_the_policy_that_is_written_down(world: World) -> None:
    stated = {f"{each.method} {each.path}": each.who.name for each in world.endpoints}

    assert stated == WHO_MAY


def test_every_policy_admits_the_roles_that_are_written_down(world: World) -> None:
    for endpoint in world.endpoints:
        assert endpoint.who.roles == ADMITS[endpoint.who.name], endpoint.path


def test_only_the_metrics_are_open_to_the_machine_itself(world: World) -> None:
    opened = [each.path for each in world.endpoints if each.who.is_for_operators]

    assert opened == ["/metrics"]


def test_nobody_gets_in_without_a_token(world: World) -> None:
    for endpoint in world.endpoints:
        path, _ = world.paths(endpoint)
        status = _send(world.shop.anybody, endpoint, path).status_code

        if endpoint.who.name in OPEN:
            assert status not in {401, 403}, endpoint.path
        else:
            assert status == 401, endpoint.path


def test_an_expired_token_gets_nobody_in(world: World) -> None:
    for endpoint in world.endpoints:
        path, _ = world.paths(endpoint)
        response = _send(world.expired, endpoint, path)

        if endpoint.who.heeds_tokens:
            assert response.status_code == 401, endpoint.path
            assert response.json()["code"] == "token_expired"


def test_a_role_that_is_not_named_is_turned_away(world: World) -> None:
    shop = world.shop
    for endpoint in world.endpoints:
        for caller in (shop.student, shop.teacher, shop.admin):
            if endpoint.who.roles and caller.actor.role not in endpoint.who.roles:
                path, absent = world.paths(endpoint)
                there = _send(caller, endpoint, path)
                assert there.status_code == 403, (endpoint.path, caller.actor.role)
                assert _send(caller, endpoint, absent).status_code == 403


def test_what_is_anothers_looks_like_what_is_absent(world: World) -> None:
    seen = 0
    for endpoint in world.endpoints:
        if not endpoint.path_parameters or endpoint.who.name in {"public", "test mode", "admin"}:
            continue
        path, absent = world.paths(endpoint)
        for caller in world.strangers:
            if endpoint.who.roles and caller.actor.role not in endpoint.who.roles:
                continue
            seen += 1
            theirs, nothing = _send(caller, endpoint, path), _send(caller, endpoint, absent)
            told = [_without_instance(response) for response in (theirs, nothing)]
            assert theirs.status_code == 404, (endpoint.method, endpoint.path, theirs.text)
            assert told[0] == told[1], endpoint.path
    assert seen > 20


def test_what_is_ones_own_is_shown_to_its_people_and_staff(world: World) -> None:
    for endpoint in world.endpoints:
        if endpoint.method != "GET" or not set(endpoint.path_parameters) & set(world.ids):
            continue
        path, _ = world.paths(endpoint)
        statuses = {
            caller.actor.role: _send(caller, endpoint, path).status_code
            for caller in (world.shop.student, world.shop.teacher, world.shop.admin)
        }
        assert statuses[world.shop.admin.actor.role] == 200, (endpoint.path, statuses)
        assert set(statuses.values()) <= {200, 403, 404}, (endpoint.path, statuses)


def test_no_list_shows_a_stranger_anything(world: World) -> None:
    for endpoint in world.endpoints:
        is_list = endpoint.method == "GET" and endpoint.query is not None
        if not is_list or endpoint.path_parameters or endpoint.who.name in {"visitor", "admin"}:
            continue
        path, _ = world.paths(endpoint)
        for caller in world.strangers:
            response = _send(caller, endpoint, path)
            if response.status_code == 200 and response.headers["content-type"].endswith("json"):
                assert response.json()["items"] == [], endpoint.path


def _without_instance(response: Any) -> Any:
    return {name: value for name, value in response.json().items() if name != "instance"}
