"""What surrounds every request: ids, headers, caching, logs, documentation."""

import json
import re
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.http.shop import PASSWORD, Shop, refused

VISA = "4242424242424242"


def test_a_request_has_an_id_of_ours_or_the_clients(window: Shop) -> None:
    ours = window.anybody.get("/gigs").headers["X-Request-Id"]
    theirs = window.anybody.request("GET", "/gigs", headers={"X-Request-Id": "trace-7.b_c"})

    assert ours.startswith("req_")
    assert theirs.headers["X-Request-Id"] == "trace-7.b_c"


@pytest.mark.parametrize("id", ["", "x" * 101, "a b", "a;b", "<b>", VISA, "é"])
def test_an_unacceptable_request_id_is_replaced(window: Shop, id: str) -> None:
    headers: dict[str, Any] = {"X-Request-Id": id.encode("latin-1")}

    given = window.anybody.request("GET", "/gigs", headers=headers).headers["X-Request-Id"]

    assert given.startswith("req_")


@pytest.mark.parametrize("path", ["/gigs", "/payments", "//nowhere", "//health/live", "//schema"])
def test_every_answer_keeps_browsers_safe(window: Shop, path: str) -> None:
    headers = window.anybody.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Request-Id"]
    assert "Strict-Transport-Security" not in headers


def test_production_insists_on_https() -> None:
    with Shop(http={"environment": "production"}) as shop:
        assert "Strict-Transport-Security" in shop.anybody.get("/gigs").headers


def test_what_is_personal_is_not_cached(window: Shop) -> None:
    assert window.student.get("/users/me").headers["Cache-Control"] == "no-store"
    assert window.student.get("/nowhere").headers["Cache-Control"] == "no-store"


def test_a_trailing_slash_makes_no_difference(window: Shop) -> None:
    for path in ("/gigs/", "/users/me/", "/stripe/config/", "//health/live/"):
        assert window.student.get(path).status_code == 200


def test_an_unknown_address_and_method_are_problems_too(window: Shop) -> None:
    refused(window.anybody.get("/nowhere"), 404, "not_found")
    response = window.anybody.delete("/gigs")
    refused(response, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


def test_a_resource_that_has_not_changed_is_not_sent_again(shop: Shop) -> None:
    path = f"/gigs/{shop.gig()['id']}"
    etag = shop.teacher.get(path).headers["ETag"]

    def again(tag: str) -> int:
        status: int = shop.teacher.request("GET", path, headers={"If-None-Match": tag}).status_code
        return status

    assert again(etag) == again(f'"x", W/{etag}') == again("*") == 304
    shop.teacher.patch(path, {"title": "French"})
    assert again(etag) == 200


def test_browsers_of_named_origins_only_may_read_answers() -> None:
    with Shop(http={"cors_origins": ("https://school.example",)}) as shop:
        for origin, allowed in (("https://school.example", True), ("https://evil.example", False)):
            preflight = shop.anybody.request(
                "OPTIONS",
                "/bookings",
                headers={
                    "Origin": origin,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "Authorization, Idempotency-Key",
                },
            )
            plain = shop.anybody.request("GET", "/gigs", headers={"Origin": origin})

            for response in (preflight, plain):
                seen = response.headers.get("Access-Control-Allow-Origin")
                assert (seen == origin) is allowed


def test_no_origin_is_allowed_unless_it_is_named(window: Shop) -> None:
    response = window.anybody.request("GET", "/gigs", headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_request_leaves_one_line_without_anything_that_was_sent(shop: Shop) -> None:
    booking = shop.booking()["id"]
    with capture_logs() as lines:
        shop.student.request("GET", f"/bookings/{booking}?token=hush")
        shop.anybody.post("/auth/login", {"email": "sam@school.test", "password": PASSWORD})
        shop.student.post("/bookings", {"gig_id": VISA})

    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("GET", "/api/v1/bookings/{booking_id}", 200),
        ("POST", "/api/v1/auth/login", 200),
        ("POST", "/api/v1/bookings", 422),
    ]
    assert requests[0]["actor_id"] == shop.student.id
    text = json.dumps(lines, default=str)
    for secret in ("hush", PASSWORD, VISA, "eyJ", booking):
        assert secret not in text


def test_every_store_is_free_of_a_card_number_that_was_sent_everywhere(shop: Shop) -> None:
    """Send a number in every field of every operation; it is nowhere afterwards."""
    schema = shop.anybody.get("//schema/openapi.json").json()
    callers = (shop.student, shop.teacher, shop.admin, shop.anybody)
    with capture_logs() as lines:
        for path, operations in schema["paths"].items():
            for method in operations:
                where = "/" + re.sub(r"\{\w+\}", "x", path)
                body = {"reason": VISA, "name": VISA, "title": VISA, "email": VISA}
                for caller in callers:
                    response = caller.request(
                        method.upper(),
                        f"{where}?q={VISA}",
                        None if method == "get" else body,
                        headers={"Idempotency-Key": VISA, "X-Request-Id": VISA},
                    )
                    assert VISA not in response.text
                    assert response.status_code != 500, (method, path, response.text)

    assert VISA not in json.dumps(lines, default=str)
    assert VISA not in repr(vars(shop.market.storage.work))


def test_limits_are_off_only_where_the_settings_say_so() -> None:
    with Shop(settings={"TUITION_RATE_LIMITS": "on"}) as shop:
        wanted = {"payment_id": "pay_nothing"}
        statuses = {
            shop.student.post("/payments/confirm-payment", wanted).status_code for _ in range(31)
        }

        assert statuses == {404, 429}
    with Shop() as shop:
        statuses = {
            shop.student.post("/payments/confirm-payment", wanted).status_code for _ in range(31)
        }

        assert statuses == {404}
