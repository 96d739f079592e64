"""Addresses that somebody else gives us: nobody is sent to them, and nothing of ours calls them.

Every published field that takes an address is tried, so that one to which the service itself will
deliver something is tried when it is published.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.shop import Shop, refused
from tests.security.published import Field, Operation
from tests.security.world import CALLERS, World

ALLOWED = "https://school.example/app"
ELSEWHERE = (
    "https://evil.example/app",
    "https://school.example.evil.example/app",
    "https://school.example@evil.example/app",
    "https://evil.example#school.example/app",
    "https://evil.example\\@school.example/app",
    "//evil.example/app",
    "javascript:alert(1)",
    "JaVaScRiPt://school.example/app%0Aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "gopher://school.example/app",
    "https://school.example/app\r\nX-A: b",
)
INSIDE = (
    "http://169.254.169.254/latest/meta-data",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://metadata.google.internal/",
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Shop(http={"return_urls": (ALLOWED,)}) as shop:
        yield World(shop)


def _with_addresses(world: World) -> Iterator[tuple[Operation, Field]]:
    for operation in world.operations:
        for field in operation.fields:
            if field.name.endswith(("url", "uri", "link", "callback")):
                yield operation, field


def _tried(world: World, operation: Operation, field: Field, url: str) -> Any:
    kind = next(each for each in CALLERS if each.counts_as and each.may_call(operation))
    side = kind.is_of(world)
    body = field.put(operation.a_body(side.facts) or {}, url)
    return operation.send(kind.caller(world), side.shown, facts=side.facts, body=body)


def test_the_fields_that_take_addresses_are_found(world: World) -> None:
    assert {(operation.name, field.name) for operation, field in _with_addresses(world)} >= {
        ("open_billing_portal", "return_url"),
        ("create_onboarding_link", "return_url"),
    }


@pytest.mark.parametrize("url", [*ELSEWHERE, *INSIDE])
def test_an_address_that_was_not_allowed_is_refused(world: World, url: str) -> None:
    for operation, field in _with_addresses(world):
        refused(_tried(world, operation, field, url), 422, "validation_failed")


@pytest.mark.parametrize("climb", ["/../x", "/%2e%2e/x", "/.%2E/x", "/%2E./x", "/a/%2e./.%2e"])
def test_no_way_back_climbs_out_of_what_is_allowed(world: World, climb: str) -> None:
    """Browsers read %2e as a point, and then climb."""
    for operation, field in _with_addresses(world):
        refused(_tried(world, operation, field, f"{ALLOWED}{climb}"), 422, "validation_failed")


def test_an_allowed_address_is_taken(world: World) -> None:
    """Else everything above could be refused for another reason."""
    for operation, field in _with_addresses(world):
        assert _tried(world, operation, field, f"{ALLOWED}/cards?x=1").status_code == 200
