"""What comes in is read strictly: unreadable is 400, readable but wrong is 422, never 5xx."""

import json
from typing import Any

import pytest

from tests.http.shop import Shop, refused

VISA = "4242 4242 4242 4242"
FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in VISA.replace(" ", ""))
GOOD = {"title": "Spanish", "hourly_rate": "75.00", "currency": "usd"}
JSON = {"Content-Type": "application/json"}


def _send(window: Shop, content: bytes, **headers: str) -> Any:
    return window.teacher.request("POST", "/gigs", content=content, headers={**JSON, **headers})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{'title': 1}",
        b'{"title": NaN}',
        b'{"title": Infinity}',
        b'{"title": "\xff"}',
        b'{"title": "\xed\xa0\x80"}',
        b'{"title": "\\ud800"}',
        b'{"title": "a\x00b"}',
        b"\xef\xbb\xbf{}",
        '{"title": "x"}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_is_no_json_is_malformed(window: Shop, content: bytes) -> None:
    refused(_send(window, content), 400, "malformed_body")


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": 1}, "title", "wrong_type"),
        ({"title": None}, "title", "wrong_type"),
        ({"title": ""}, "title", "too_short"),
        ({"title": "x" * 201}, "title", "too_long"),
        ({"title": "a\0b"}, "title", "invalid_characters"),
        ({"description": "x" * 2001}, "description", "too_long"),
        ({"hourly_rate": 75}, "hourly_rate", "wrong_type"),
        ({"hourly_rate": 75.0}, "hourly_rate", "wrong_type"),
        ({"hourly_rate": "75"}, "hourly_rate", "invalid"),
        ({"hourly_rate": "75.000"}, "hourly_rate", "invalid"),
        ({"hourly_rate": "-75.00"}, "hourly_rate", "invalid"),
        ({"hourly_rate": "7e1"}, "hourly_rate", "invalid"),
        ({"hourly_rate": "NaN"}, "hourly_rate", "invalid"),
        ({"currency": "xxx"}, "currency", "currency_not_allowed"),
        ({"currency": "dollars"}, "currency", "invalid"),
        ({"capacity": 0}, "capacity", "out_of_range"),
        ({"capacity": 11}, "capacity", "out_of_range"),
        ({"capacity": 1.5}, "capacity", "wrong_type"),
        ({"capacity": True}, "capacity", "wrong_type"),
        ({"capacity": 10**30}, "capacity", "out_of_range"),
        ({"confirmation": "perhaps"}, "confirmation", "not_a_choice"),
        ({"confirmation": 1}, "confirmation", "wrong_type"),
        ({"accepts_hours": "true"}, "accepts_hours", "wrong_type"),
        ({"teachers": {}}, "teachers", "wrong_type"),
        ({"teachers": []}, "teachers", "too_short"),
        ({"teachers": [{"teacher_id": 1}]}, "teachers[0].teacher_id", "wrong_type"),
        ({"teachers": [{"weight": 1}]}, "teachers[0].teacher_id", "required"),
        (
            {"teachers": [{"teacher_id": "usr_1", "weight": 0}]},
            "teachers[0].weight",
            "out_of_range",
        ),
        (
            {"teachers": [{"teacher_id": "usr_1", "share": 1}]},
            "teachers[0].share",
            "unknown_field",
        ),
        ({"cancellation_policy": "whatever"}, "cancellation_policy", "invalid"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"<script>": "red"}, "(unknown)", "unknown_field"),
        ({"status": "paid"}, "status", "unknown_field"),
    ],
)
def test_a_wrong_value_is_refused_by_field(
    window: Shop, change: dict[str, Any], field: str, code: str
) -> None:
    problem = refused(window.teacher.post("/gigs", {**GOOD, **change}), 422, "validation_failed")

    assert [(each["field"], each["code"]) for each in problem["errors"]] == [(field, code)]
    assert all(each["message"] for each in problem["errors"])


def test_every_wrong_field_is_named_at_once(window: Shop) -> None:
    problem = refused(
        window.teacher.post("/gigs", {"capacity": 0, "confirmation": "no", "colour": 1}),
        422,
        "validation_failed",
    )

    assert {(each["field"], each["code"]) for each in problem["errors"]} == {
        ("title", "required"),
        ("hourly_rate", "required"),
        ("capacity", "out_of_range"),
        ("confirmation", "not_a_choice"),
        ("colour", "unknown_field"),
    }


@pytest.mark.parametrize("content", [b"[]", b'"x"', b"1", b"null", b"true"])
def test_a_body_is_an_object(window: Shop, content: bytes) -> None:
    refused(_send(window, content), 422, "validation_failed")


@pytest.mark.parametrize("content", [b"1e999", b"1" + b"0" * 5000])
def test_a_number_beyond_reason_is_refused(window: Shop, content: bytes) -> None:
    response = _send(window, b'{"capacity": ' + content + b"}")

    assert response.status_code in {400, 422}


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-04",
        "2026-03-04T09:00:00",
        "2026-13-04T09:00:00Z",
        "2026-03-04T25:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "tomorrow",
        1772614800,
        None,
    ],
)
def test_an_instant_is_rfc_3339_with_a_zone(window: Shop, moment: object) -> None:
    wanted = {"gig_id": "gig_1", "starts_at": moment, "duration_minutes": 60}

    problem = refused(window.student.post("/bookings", wanted), 422, "validation_failed")

    assert problem["errors"][0]["field"] == "starts_at"


@pytest.mark.parametrize("field", ["title", "description", "hourly_rate", "colour"])
@pytest.mark.parametrize(
    "number",
    [VISA, VISA.replace(" ", "-"), VISA.replace(" ", ""), FULL_WIDTH],
)
def test_a_card_number_is_refused_before_anything_else_and_never_echoed(
    window: Shop, field: str, number: str
) -> None:
    response = window.teacher.post("/gigs", {"capacity": 0, field: f"take {number}"})

    refused(response, 422, "card_number_not_allowed")
    assert number not in response.text


@pytest.mark.parametrize("path", ["/gigs/4242424242424242", "/bookings/4242-4242-4242-4242"])
def test_a_card_number_in_the_path_is_not_echoed(window: Shop, path: str) -> None:
    response = window.student.get(path)

    refused(response, 422, "card_number_not_allowed")
    assert "4242" not in response.text


def test_a_card_number_in_the_query_is_refused(window: Shop) -> None:
    response = window.admin.get("/payments", q=VISA)

    refused(response, 422, "card_number_not_allowed")
    assert "4242" not in response.text


def test_a_refused_value_is_not_echoed(window: Shop) -> None:
    response = window.teacher.post("/gigs", {**GOOD, "confirmation": "hunter2-was-here"})

    assert "hunter2" not in response.text


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_declared_as_json_is_not_read(window: Shop, media_type: str) -> None:
    response = window.teacher.request(
        "POST",
        "/gigs",
        content=json.dumps(GOOD).encode(),
        headers={"Content-Type": media_type},
    )

    refused(response, 415, "unsupported_media_type")


def test_a_charset_and_capitals_in_the_media_type_do_not_matter(shop: Shop) -> None:
    response = _send(
        shop, json.dumps(GOOD).encode(), **{"Content-Type": "Application/JSON; charset=UTF-8"}
    )

    assert response.status_code == 201


def test_a_body_over_a_mebibyte_is_not_read(window: Shop) -> None:
    content = json.dumps({**GOOD, "description": "x" * 1024 * 1024}).encode()

    refused(_send(window, content), 413, "content_too_large")


def test_a_stream_that_hides_its_length_is_cut_off(window: Shop) -> None:
    response = window.teacher.request(
        "POST", "/gigs", content=iter([b"x" * 65536] * 20), headers=JSON
    )

    refused(response, 413, "content_too_large")


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "out_of_range"),
        ("limit=201", "limit", "out_of_range"),
        ("limit=ten", "limit", "wrong_type"),
        ("limit=1e1", "limit", "wrong_type"),
        ("limit=1.0", "limit", "wrong_type"),
        ("limit=", "limit", "wrong_type"),
        ("limit=null", "limit", "wrong_type"),
        ("limit=1&limit=2", "limit", "repeated"),
        ("status=paid", "status", "not_a_choice"),
        ("status=", "status", "not_a_choice"),
        ("created_from=yesterday", "created_from", "invalid_instant"),
        ("created_from=2026-03-02T09:00:00", "created_from", "invalid_instant"),
        ("created_to=0001-01-01T00:00:00%2B23:00", "created_to", "out_of_range"),
        ("cursor=nonsense", "cursor", "invalid_cursor"),
        ("cursor=WyIyMDI2LTAzLTAyVDA5OjAwOjAwIiwieCJd", "cursor", "invalid_cursor"),
        ("cursor=%C3%A9", "cursor", "invalid_cursor"),
        ("cursor=" + "x" * 301, "cursor", "too_long"),
        ("q=%00", "q", "invalid_characters"),
        ("page=2", "page", "unknown_field"),
        ("%3Cb%3E=2", "(unknown)", "unknown_field"),
    ],
)
def test_a_query_is_read_as_strictly_as_a_body(
    window: Shop, query: str, field: str, code: str
) -> None:
    response = window.admin.request("GET", f"/payments?{query}")

    problem = refused(response, 422, "validation_failed")
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize("query", ["q=%FF", "q=%E9%E9", "&".join(f"a{n}=1" for n in range(200))])
def test_a_query_that_cannot_be_read_is_refused(window: Shop, query: str) -> None:
    refused(window.admin.request("GET", f"/payments?{query}"), 422, "validation_failed")


@pytest.mark.parametrize(
    "id", ["x", "%00", "%FF", "..%2F..", "x" * 3000, "%F0%9F%92%A9", "' OR 1=1"]
)
def test_an_id_of_any_shape_is_merely_unknown(window: Shop, id: str) -> None:
    refused(window.student.request("GET", f"/bookings/{id}"), 404, "not_found")


@pytest.mark.parametrize("content", [b"", b" ", b"{}"])
def test_a_post_without_fields_takes_an_empty_object_or_nothing(
    window: Shop, content: bytes
) -> None:
    headers = JSON if content else {}

    response = window.teacher.request(
        "POST", "/bookings/bk_1/confirm", content=content, headers=headers
    )

    refused(response, 404, "not_found")


def test_a_post_without_fields_takes_no_others(window: Shop) -> None:
    refused(
        window.teacher.post("/bookings/bk_1/confirm", {"force": True}), 422, "validation_failed"
    )


@pytest.mark.parametrize("name", ["Authorization", "If-None-Match", "Accept", "Host"])
@pytest.mark.parametrize("value", [b"Bearer \xff", b"\xe9", b"Bearer " + b"x" * 9000, b"*;q=a,,"])
def test_a_strange_header_is_no_bug(window: Shop, name: str, value: bytes) -> None:
    headers: dict[str, Any] = {name: value}

    for path in ("/users/me", "/gigs", "//problems"):
        assert window.anybody.request("GET", path, headers=headers).status_code < 500


def test_the_checks_come_in_their_order(window: Shop) -> None:
    """401 before 403 before 400 before card numbers before values before 404."""
    path = "/bookings/bk_1/no-show"

    def sent(caller: Any, content: bytes) -> int:
        response = caller.request("POST", path, content=content, headers=JSON)
        status: int = response.status_code
        return status

    refused(
        window.anybody.request("POST", "/payouts/x/mark-paid", content=b"{", headers=JSON),
        401,
        "not_authenticated",
    )
    refused(
        window.student.request("POST", "/payouts/x/mark-paid", content=b"{", headers=JSON),
        403,
        "forbidden",
    )
    assert sent(window.student, b"{") == 400
    card = json.dumps({"who": VISA}).encode()
    assert "card_number" in window.student.request("POST", path, content=card, headers=JSON).text
    assert sent(window.student, b'{"who": "nobody"}') == 422
    assert sent(window.student, b'{"who": "teacher"}') == 404
