"""What an attacker tries that no contract names, against a running application.

Each of these is answered with a plain refusal, changes nothing, and tells nothing.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.shop import PASSWORD, Caller, Shop, refused, shown
from tests.security.world import ABSENT, told

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop


# --- Addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1//users/me",
        "//api/v1/users/me/",
        "//api/v1/users/%6de",
        "//api/v1/users%2Fme",
        "//api/v1/./users/me",
        "//api/v1/users/../users/me",
    ],
)
def test_another_spelling_of_an_address_has_the_same_guard(shop: Shop, path: str) -> None:
    refused(shop.anybody.get(path), 401, "not_authenticated")
    assert shop.student.get(path).status_code in {200, 403, 404}


@pytest.mark.parametrize(
    "path",
    [
        "//API/v1/users/me",
        "//api/v1/users/me%00",
        "//api/v1/users/me%2F..%2F..%2Faudit-log",
        "//schema/%2e%2e/%2e%2e/etc/passwd",
        "//schema/docs.js%00.html",
        "//schema/../pyproject.toml",
        "//static/docs.html",
        "//.env",
        "//.git/config",
        "//tuition.db",
        "//api/v1/audit-log;x=1",
        "//api/v1/users/me\\..\\",
    ],
)
def test_no_address_leads_past_the_routes(shop: Shop, path: str) -> None:
    for caller in (shop.anybody, shop.student):
        response = caller.get(path)
        assert response.status_code in {401, 403, 404}, response.text
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "header",
    [
        "X-HTTP-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Prefix",
        "X-User-Id",
    ],
)
def test_no_header_turns_a_request_into_another(shop: Shop, header: str) -> None:
    for value in ("DELETE", "/api/v1/audit-log", shop.admin.id):
        response = shop.student.request("GET", "/users/me", headers={header: value})
        assert shown(response)["id"] == shop.student.id


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost", "x:y", ""])
def test_the_host_that_a_client_names_is_believed_nowhere(shop: Shop, host: str) -> None:
    for path in ("//metrics", "//schema/openapi.json", "/gigs"):
        response = shop.anybody.request("GET", path, headers={"Host": host})
        assert "evil.example" not in f"{response.headers}{response.text}"
    assert shop.anybody.request("GET", "//metrics", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "A" * 300])
def test_an_unknown_method_is_refused(shop: Shop, method: str) -> None:
    response = shop.student.request(method, "/gigs")

    assert response.status_code in {400, 405}
    assert "Bearer" not in response.text


# --- Bodies --------------------------------------------------------------------------------------


def _sent(caller: Caller, path: str, content: bytes) -> Any:
    return caller.request("POST", path, content=content, headers=JSON)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"title": "A", "title": "B", "hourly_rate": "75.00"}', "title"),
        (b'{"title": "A", "hourly_rate": "75.00", "hourly_rate": "0.01"}', "hourly_rate"),
        (b'{"title": "A", "\\u0074itle": "B", "hourly_rate": "75.00"}', "title"),
        (b'{"title": "A", "hourly_rate": "75.00", "teachers": [{"a": 1, "a": 2}]}', "a"),
        (b'{"<b>": "A", "<b>": "B"}', "(unknown)"),
    ],
)
def test_a_member_that_is_named_twice_is_refused(shop: Shop, content: bytes, field: str) -> None:
    """Which of the two counts is left open: what stands before us may have read the other."""
    problem = refused(_sent(shop.teacher, "/gigs", content), 422, "validation_failed")

    assert [(each["field"], each["code"]) for each in problem["errors"]] == [(field, "repeated")]


def test_the_same_name_in_two_objects_is_no_repetition(shop: Shop) -> None:
    teachers = [{"teacher_id": shop.teacher.id}, {"teacher_id": shop.teacher.id}]
    response = shop.teacher.post(
        "/gigs", {"title": "A", "hourly_rate": "1.00", "teachers": teachers}
    )

    assert "repeated" not in response.text


def test_a_card_number_behind_a_second_member_is_refused_too(shop: Shop) -> None:
    content = b'{"title": "4242424242424242", "title": "A", "hourly_rate": "75.00"}'

    assert _sent(shop.teacher, "/gigs", content).status_code == 422


@pytest.mark.parametrize("depth", [100, 400, 900, 1_000, 5_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_json_is_refused_whatever_its_depth(
    shop: Shop, depth: int, opening: str, closing: str
) -> None:
    content = f'{{"title": {opening * depth}1{closing * depth}}}'.encode()
    response = _sent(shop.teacher, "/gigs", content)

    assert response.status_code in {400, 413, 422}, response.text[:300]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/login", {"email": "sam@school.test\0", "password": PASSWORD}),
        ("/auth/login", {"email": "sam@school.test", "password": f"{PASSWORD}\0"}),
        ("/auth/refresh", {"refresh_token": "\0"}),
        ("/bookings", {"gig_id": "gig_\0"}),
        ("/payments/confirm-payment", {"payment_id": "\0"}),
        ("/payment-methods", {"payment_method_id": "pm_\0"}),
        ("/test/faults", {"method": "x", "kind": "declined", "matching": {"\0": "x"}}),
    ],
)
def test_nul_gets_nowhere(shop: Shop, path: str, body: dict[str, Any]) -> None:
    problem = refused(shop.student.post(path, body), 422, "validation_failed")

    assert "invalid_characters" in {each["code"] for each in problem["errors"]}


# --- Accounts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email",
    [
        "ada@\u212aids.school.test",  # The Kelvin sign, whose lower case is k.
        "\u212aate@school.test",
        "\u017fam@school.test",  # The long s, whose upper case is S.
        "sam@\u017fchool.test",
        "sam@\uff53chool.test",  # A full-width s.
        "s\u0430m@school.test",  # A Cyrillic a.
        "sam\u200b@school.test",
        "sam@school.test\u0000",
        "sam@school\u3002test",  # An ideographic full stop.
    ],
)
def test_an_address_that_only_looks_like_anothers_is_none(shop: Shop, email: str) -> None:
    wanted = {"email": email, "password": PASSWORD, "name": "Eve", "role": "student"}

    refused(shop.anybody.post("/auth/register", wanted), 422, "validation_failed")
    response = shop.anybody.post("/auth/login", {"email": email, "password": PASSWORD})
    assert response.status_code in {401, 422}


@pytest.mark.parametrize("email", ["SAM@school.test", "sam@SCHOOL.TEST", " sam@school.test\n"])
def test_an_address_in_other_letters_is_taken(shop: Shop, email: str) -> None:
    wanted = {"email": email, "password": PASSWORD, "name": "Eve", "role": "student"}

    refused(shop.anybody.post("/auth/register", wanted), 409, "email_taken")


# --- What answers tell ---------------------------------------------------------------------------


def test_an_idempotency_key_is_ones_own(shop: Shop) -> None:
    """Two who happen upon one key get two answers, and neither sees the other's."""
    other = shop.caller(shop.market.student("stella"))
    gig = shop.gig(capacity=2)["id"]
    wanted = {"gig_id": gig, "starts_at": "2026-03-04T09:00:00Z", "duration_minutes": 60}
    answers = [
        caller.with_key("shared").post("/bookings", wanted)
        for caller in (shop.student, other, shop.student)
    ]

    assert [each.status_code for each in answers[:2]] == [201, 201]
    first, second, again = (each.json() for each in answers)
    assert (first["student_id"], second["student_id"]) == (shop.student.id, other.id)
    assert again == first
    assert answers[2].headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in answers[1].headers


def test_a_key_does_not_outlive_the_right_to_see_its_answer(shop: Shop) -> None:
    gig = shop.gig()["id"]
    wanted = {"gig_id": gig, "starts_at": "2026-03-06T09:00:00Z", "duration_minutes": 60}
    shown(shop.student.with_key("mine").post("/bookings", wanted), 201)
    expired = {"Authorization": f"Bearer {shop.expired_token(shop.student.actor)}"}

    for headers in ({}, expired, dict(shop.teacher.headers)):
        response = Caller(shop.client, headers).with_key("mine").post("/bookings", wanted)
        assert response.status_code in {401, 403}
        assert "idempotent-replayed" not in response.headers


def test_an_etag_tells_a_stranger_nothing(shop: Shop) -> None:
    booking = shop.booking(starts_at="2026-03-07T09:00:00Z")["id"]
    etag = shop.student.get(f"/bookings/{booking}").headers["etag"]
    stranger = shop.caller(shop.market.student("sid"))

    for tag in ("*", etag, f"W/{etag}"):
        headers = {"If-None-Match": tag}
        theirs = stranger.request("GET", f"/bookings/{booking}", headers=headers)
        absent = stranger.request("GET", f"/bookings/{ABSENT}", headers=headers)
        assert theirs.status_code == 404
        assert told(theirs) == told(absent)
        assert "etag" not in theirs.headers
        refused(
            shop.anybody.request("GET", f"/bookings/{booking}", headers=headers),
            401,
            "not_authenticated",
        )


def test_an_answer_to_one_is_cached_for_nobody_else(shop: Shop) -> None:
    booking = shop.booking(starts_at="2026-03-08T09:00:00Z")["id"]
    for path in ("/users/me", f"/bookings/{booking}", "/payments", "/payment-methods"):
        control = shop.student.get(path).headers["cache-control"]
        assert control in {"no-store", "private, no-cache"}, path


def test_an_id_next_to_a_known_one_is_nobodys(shop: Shop) -> None:
    """Ids are sortable, so that one can be guessed roughly: a guess must not tell a thing."""
    booking = shop.booking(starts_at="2026-03-09T09:00:00Z")["id"]
    stranger = shop.caller(shop.market.student("stu"))
    guesses = [f"{booking[:-1]}{letter}" for letter in "0123456789abcdefghjkmnpqrstvwxyz"]

    answers = {told(stranger.get(f"/bookings/{guess}")) for guess in guesses}

    assert len(answers) == 1


def test_a_refusal_repeats_nothing_that_was_sent(shop: Shop) -> None:
    marker = "<script>alert(7291)</script>"
    requests = (
        ("/gigs", {"title": "x", "hourly_rate": "1.00", "teachers": [{"teacher_id": marker}]}),
        ("/gigs", {"title": "x", "hourly_rate": marker}),
        ("/gigs", {"title": "x", "hourly_rate": "1.00", "currency": marker}),
        ("/gigs", {"title": "x", "hourly_rate": "1.00", "cancellation_policy": marker}),
        ("/gigs", {"title": "x", "hourly_rate": "1.00", "confirmation": marker}),
        ("/gigs", {marker: 1}),
        ("/payouts", {"currency": marker}),
    )
    for path, body in requests:
        response = shop.teacher.post(path, body)
        assert response.status_code == 422
        assert "7291" not in json.dumps({**response.json(), "instance": ""})
