"""Headers that keep browsers safe, on every answer there is: of each operation, and each error."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from attrs import evolve
from litestar.testing import TestClient

from application.bus import bus_of
from application.people import GetMe
from entrypoints.http.app import create_app
from tests.http.serving import running
from tests.http.shop import Caller, Shop, shown
from tests.security.published import operations_of
from tests.security.world import ABSENT

SAFE: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


def _is_safe(response: httpx.Response) -> bool:
    policy = response.headers.get("content-security-policy", "")
    headers = [(name, response.headers.get_list(name)) for name in SAFE]
    return (
        all(values == [SAFE[name]] for name, values in headers)
        and "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and "unsafe" not in policy
        and "server" not in response.headers
        and "x-powered-by" not in response.headers
        and "set-cookie" not in response.headers
    )


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Shop(http={"cors_origins": ("https://school.example",)}) as shop:
        yield shop


def test_every_operation_answers_safely_whoever_asks(shop: Shop) -> None:
    operations = operations_of(shown(shop.anybody.get("//schema/openapi.json")))
    for operation in operations:
        for caller in (shop.anybody, shop.admin):
            ids = dict.fromkeys(operation.path_parameters, ABSENT)
            response = operation.send(caller, ids, facts={"advance_seconds": 0})
            assert _is_safe(response), operation.name
            assert response.headers["cache-control"] in {"no-store", "private, no-cache"}


def test_every_error_is_answered_safely(shop: Shop) -> None:
    json = {"Content-Type": "application/json"}
    student, anybody = shop.student, shop.anybody
    answers = {
        400: student.request("POST", "/bookings", content=b"{", headers=json),
        401: anybody.get("/users/me"),
        402: _declined(shop),
        403: student.get("/audit-log"),
        404: anybody.get("//nowhere"),
        405: anybody.delete("/gigs"),
        409: student.post(f"/bookings/{shop.booking()['id']}/reschedule/accept"),
        413: student.request("POST", "/bookings", content=b"x" * 1_100_000, headers=json),
        415: student.request("POST", "/bookings", content=b"{}"),
        422: student.post("/bookings", {}),
        500: _broken(shop),
    }

    for status, response in answers.items():
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["cache-control"] == "no-store"
        assert _is_safe(response), status


def _declined(shop: Shop) -> httpx.Response:
    card = {"payment_method_id": "pm_card_chargeDeclined"}
    return shop.student.post("/payment-methods", card)


def _broken(shop: Shop) -> httpx.Response:
    def broken(*_: object) -> None:
        raise RuntimeError("This is a bug.")

    services = evolve(shop.services, bus=bus_of({GetMe: broken}))
    with TestClient(create_app(services), raise_server_exceptions=False) as client:
        return Caller(client, shop.student.headers).get("/users/me")


def test_what_is_no_error_and_no_operation_is_answered_safely_too(shop: Shop) -> None:
    gig = f"/gigs/{shop.gig()['id']}"
    etag = shop.anybody.get(gig).headers["etag"]
    origin = {"Origin": "https://school.example"}
    preflight = {**origin, "Access-Control-Request-Method": "POST"}
    keyed = shop.student.with_key("once")
    wanted = {"gig_id": "gig_absent", "starts_at": "2026-03-09T09:00:00Z", "duration_minutes": 60}
    keyed.post("/bookings", wanted)
    answers = {
        "not modified": shop.anybody.request("GET", gig, headers={"If-None-Match": etag}),
        "options": shop.anybody.request("OPTIONS", "/gigs"),
        "preflight": shop.anybody.request("OPTIONS", "/gigs", headers=preflight),
        "of another origin": shop.anybody.request("GET", "/gigs", headers=origin),
        "head": shop.anybody.request("HEAD", "/gigs"),
        "replayed": keyed.post("/bookings", wanted),
        "page": shop.anybody.get("//schema"),
        "script": shop.anybody.get("//schema/docs.js"),
        "problems": shop.anybody.request("GET", "//problems", headers={"Accept": "text/html"}),
    }

    assert answers["replayed"].headers["idempotent-replayed"] == "true"
    for what, response in answers.items():
        assert _is_safe(response), (what, response.headers)


def test_credentials_are_never_offered_to_other_origins(shop: Shop) -> None:
    for origin in ("https://school.example", "https://evil.example", "null"):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            response = shop.anybody.request(method, "/gigs", headers=headers)
            allowed = response.headers.get("access-control-allow-origin")
            assert allowed in {None, "https://school.example"}
            assert (allowed is not None) is (origin == "https://school.example")
            assert "access-control-allow-credentials" not in response.headers
            if allowed:
                assert "origin" in response.headers.get("vary", "").lower()


# --- Below the application -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def port(shop: Shop) -> Iterator[int]:
    """Serve the shop on the wire, as `tuition serve` does."""
    with running(create_app(shop.services)) as address:
        yield int(address.rpartition(":")[2])


def _asked(port: int, request: bytes) -> list[httpx.Response]:
    """Write bytes on a connection; return all that is answered until it is closed."""
    received = b""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        contextlib.suppress(ConnectionError),
    ):
        connection.sendall(request)
        while chunk := connection.recv(65_536):
            received += chunk
    return list(_responses(received))


def _responses(received: bytes) -> Iterator[httpx.Response]:
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        parts = [line.partition(": ") for line in lines]
        headers = httpx.Headers([(name, value) for name, _, value in parts])
        length = int(headers.get("content-length", "0"))
        body, received = received[:length], received[length:]
        yield httpx.Response(int(status.split()[1]), headers=headers, content=body)


POST = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SMUGGLED = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

UNREADABLE: Mapping[str, bytes] = {
    "two ways to tell the length": POST
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}" + SMUGGLED,
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED,
    "a length below zero": POST + b"Content-Length: -2\r\n\r\n{}" + SMUGGLED,
    "a coding that is none": POST + b"Transfer-Encoding: xchunked\r\n\r\n{}" + SMUGGLED,
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "lines that end with LF": SMUGGLED.replace(b"\r\n", b"\n"),
    "a header over two lines": SMUGGLED.replace(b"Host: x", b"Host: x\r\nX-A: b\r\n c: d"),
    "NUL in a header": SMUGGLED.replace(b"Host: x", b"Host: x\r\nX-A: b\x00c"),
    "NUL in the address": SMUGGLED.replace(b"/live", b"/live\x00"),
    "a method in lower case": SMUGGLED.replace(b"GET", b"get"),
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32,
}


@pytest.mark.parametrize("request_bytes", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_can_be_read_in_two_ways_is_refused_safely_and_nothing_after_it_is_read(
    port: int, request_bytes: bytes
) -> None:
    (response,) = _asked(port, request_bytes)

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["connection"] == "close"
    assert _is_safe(response)


def test_what_comes_after_a_readable_request_is_answered_for_itself(port: int) -> None:
    """Else the test above would pass on a server that answers once and closes."""
    first = SMUGGLED.replace(b"Connection: close\r\n", b"")

    assert [each.status_code for each in _asked(port, first + SMUGGLED)] == [200, 200]


@pytest.mark.parametrize(
    "request_bytes",
    [
        SMUGGLED.replace(b"Host: x", b"Host: x\r\nX-A: " + b"a" * 600_000),
        SMUGGLED.replace(b"Host: x", b"Host: x" + b"\r\nX-A: b" * 80_000),
        SMUGGLED.replace(b"/live", b"/live?" + b"a" * 600_000),
        b"GET /" + b"a" * 600_000,
    ],
    ids=["one long header", "many headers", "a long address", "an address without end"],
)
def test_a_head_without_end_is_not_collected(port: int, request_bytes: bytes) -> None:
    answers = _asked(port, request_bytes)

    # Nobody listens any more while the rest is sent, so that the answer may not arrive.
    assert [response.status_code for response in answers] in ([431], [])
    for response in answers:
        assert response.json()["code"] == "head_too_large"
        assert _is_safe(response)


def test_a_long_body_and_a_head_of_ordinary_length_are_read(port: int) -> None:
    body = b'{"email": "%s"}' % (b"x" * 500_000)
    head = POST + b"Connection: close\r\nX-A: %s\r\nContent-Length: %d\r\n\r\n"

    (response,) = _asked(port, head % (b"a" * 30_000, len(body)) + body)

    assert response.status_code == 422


def test_many_requests_on_one_connection_are_no_long_head(port: int) -> None:
    one = SMUGGLED.replace(b"Connection: close\r\n", b"X-A: %s\r\n" % (b"a" * 9_000))

    answers: list[Any] = _asked(port, one * 12 + SMUGGLED)

    assert [each.status_code for each in answers] == [200] * 13


@pytest.mark.parametrize("names", [("student", "admin"), ("admin", "student"), ("admin", "admin")])
def test_two_tokens_are_none(port: int, shop: Shop, names: tuple[str, str]) -> None:
    """What stands before the application may have looked at the other one."""
    bearers = {"student": shop.student.headers, "admin": shop.admin.headers}
    lines = [f"Authorization: {bearers[name]['Authorization']}\r\n" for name in names]
    both = SMUGGLED.replace(b"/health/live", b"/api/v1/users/me")

    for headers, status in ((lines, 401), (lines[:1], 200)):
        request = both.replace(b"Connection", "".join(headers).encode() + b"Connection")
        (response,) = _asked(port, request)
        assert response.status_code == status
