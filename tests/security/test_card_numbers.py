"""A card number in every place where something goes in: refused, and afterwards nowhere.

The places are those that the service publishes, so that a new field is tried when it is published.
"""

import cProfile
import json
import pstats
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from structlog.testing import capture_logs

from entrypoints.http.card_numbers import holds_card_number
from entrypoints.http.reading import MOST_TEXT
from tests.http.shop import Caller, Shop, refused, shown
from tests.security.disk import a_shop_on_disk, bytes_in
from tests.security.published import Field, Operation, operations_of
from tests.security.world import CALLERS, Kind, World

NUMBER = "4000056655665556"
GROUPS = tuple(NUMBER[start : start + 4] for start in range(0, 16, 4))
DRESSED: Mapping[str, str] = {
    "plain": NUMBER,
    "spaced": " ".join(GROUPS),
    "dashed": "-".join(GROUPS),
    "full-width": "".join(chr(0xFF10 + int(digit)) for digit in NUMBER),
    "mixed separators": f"{GROUPS[0]} {GROUPS[1]}-{GROUPS[2]}.{GROUPS[3]}",
    "inside other text": f"card {NUMBER}, thanks",
}
"""The same number as people and their programs write it."""
MARKER = "A harmless sentence that is kept"
EXEMPT = {("add_test_card", "card_number")}
"""The one field that takes a number, in test mode only; it is exchanged for a token at once."""


@frozen(kw_only=True)
class Aftermath:
    """What was answered to every attempt, and what is left of them."""

    answers: Mapping[tuple[str, str, str], Any]
    texts: str
    stored: bytes
    lines: list[MutableMapping[str, Any]]
    figures: str


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """Try every form of the number in every place, and look around afterwards."""
    directory: Path = tmp_path_factory.mktemp("cards")
    with a_shop_on_disk(directory) as shop, capture_logs() as lines:
        world = World(shop)
        shown(world.shop.teacher.patch(f"/gigs/{world.ours.shown['gig_id']}", {"title": MARKER}))
        answers = {
            (operation.name, place, form): response
            for operation in world.operations
            for form, number in DRESSED.items()
            for place, response in _attempts(world, operation, number)
        }
        added = shown(world.ours.student.post("/payment-methods/test-card", _test_card()), 201)
        assert added["card_last4"] == NUMBER[-4:]
        world.shop.market.settle()
        yield Aftermath(
            answers=answers,
            texts="".join(response.text for response in answers.values()),
            stored=bytes_in(directory),
            lines=lines,
            figures=world.shop.admin.get("//metrics").text,
        )


def _test_card() -> dict[str, Any]:
    return {
        "card_number": DRESSED["spaced"],
        "exp_month": 12,
        "exp_year": 2030,
        "cvc": "123",
        "cardholder_name": "Ada Lovelace",
    }


def _attempts(world: World, operation: Operation, number: str) -> Iterator[tuple[str, Any]]:
    """Send a number in each place of an operation, by somebody who may call it."""
    kind = next(each for each in CALLERS if each.counts_as and each.may_call(operation))
    caller, side = kind.caller(world), kind.is_of(world)
    for field in operation.fields:
        if (operation.name, field.dotted) not in EXEMPT:
            yield f"body {field.dotted}", _with(world, operation, kind, field, number)
    for name in operation.query:
        yield (
            f"query {name}",
            operation.send(caller, side.shown, facts=side.facts, query={name: number}),
        )
    for name in operation.path_parameters:
        ids = {**side.shown, name: number}
        yield f"path {name}", operation.send(caller, ids, facts=side.facts)


def _with(world: World, operation: Operation, kind: Kind, field: Field, number: str) -> Any:
    side = kind.is_of(world)
    body = field.put(operation.a_body(side.facts) or {}, number)
    return operation.send(kind.caller(world), side.shown, facts=side.facts, body=body)


def test_every_place_that_is_published_was_tried(aftermath: Aftermath) -> None:
    places = {(operation, place) for operation, place, _ in aftermath.answers}

    assert len(aftermath.answers) == len(places) * len(DRESSED)
    assert len(places) > 150
    for kind in ("body", "query", "path"):
        assert len([place for _, place in places if place.startswith(kind)]) > 30
    assert ("list_payments", "query q") in places
    assert ("publish_gig", "body teachers.teacher_id") in places
    assert ("test_add_fault", "body matching.anything") in places


def test_a_card_number_is_refused_wherever_it_stands(aftermath: Aftermath) -> None:
    for place, response in aftermath.answers.items():
        assert response.status_code == 422, (place, response.text)
        assert response.json()["code"] == "card_number_not_allowed", place


@pytest.mark.parametrize("form", DRESSED)
def test_a_card_number_is_nowhere_afterwards(aftermath: Aftermath, form: str) -> None:
    number = DRESSED[form]

    assert number not in aftermath.texts
    assert number.encode() not in aftermath.stored
    assert number not in json.dumps(aftermath.lines, default=str, ensure_ascii=False)
    assert number not in aftermath.figures


def test_the_search_finds_what_is_kept(aftermath: Aftermath) -> None:
    """Else the tests above would look in the wrong place."""
    assert MARKER.encode() in aftermath.stored
    assert b"pm_card_visa" in aftermath.stored
    assert [line for line in aftermath.lines if line["event"] == "request"]
    assert 'route="/api/v1/gigs"' in aftermath.figures


def test_a_card_number_in_a_header_is_kept_nowhere(tmp_path: Path) -> None:
    forms = [number for number in DRESSED.values() if number.isascii()]
    with a_shop_on_disk(tmp_path) as shop, capture_logs() as lines:
        texts = "".join(
            f"{response.headers}{response.text}"
            for number in forms
            for response in _with_it_in_each_header(shop, number)
        )
        document = shown(shop.anybody.get("//schema/openapi.json"))
        shop.market.settle()
        stored = bytes_in(tmp_path)

    published = {name for each in operations_of(document) for name in each.headers}
    assert published <= HEADERS
    for number in forms:
        assert number not in texts
        assert number.encode() not in stored
        assert number not in json.dumps(lines, default=str)


HEADERS = frozenset(
    {
        *("Idempotency-Key", "Stripe-Signature", "X-Request-Id", "User-Agent", "Referer"),
        *("Cookie", "If-None-Match", "Accept", "X-Forwarded-For", "Traceparent", "Origin"),
    }
)


def _with_it_in_each_header(shop: Shop, number: str) -> Iterator[Any]:
    for name in sorted(HEADERS):
        for method, path, body in (
            ("POST", "/payments/confirm-payment", {"payment_id": "pay_absent"}),
            ("POST", "/webhooks/stripe", {"a": 1}),
            ("GET", "/users/me", None),
        ):
            response = shop.student.request(method, path, body, headers={name: number})
            assert response.status_code < 500
            yield response


def test_a_token_that_is_a_card_number_is_kept_nowhere() -> None:
    with Shop() as shop, capture_logs() as lines:
        response = Caller(shop.client, {"Authorization": f"Bearer {NUMBER}"}).get("/users/me")

    assert NUMBER not in response.text
    assert NUMBER not in json.dumps(lines, default=str)


# --- What was once let through, or took too long -------------------------------------------------


def test_signs_that_stand_for_several_digits_are_read_as_those() -> None:
    circled_42 = "\u32b7"

    assert holds_card_number(circled_42 * 8)


def test_a_text_of_nothing_but_groups_of_digits_does_not_keep_the_process_busy(
    shop_window: Shop,
) -> None:
    """Each digit begins as many numbers as there are lengths: that once took forty seconds."""
    for text in ("1 " * 450_000, "1-2 " * 225_000, "1" * 900_000):
        response = shop_window.anybody.post("/auth/login", {"email": text, "password": "x"})
        refused(response, 422, "validation_failed")


@pytest.mark.parametrize("text", ["1 " * 20_000, "1-2 " * 10_000, "12 " * 13_000, "7" * 40_000])
def test_the_work_of_looking_for_a_number_grows_with_the_text_and_no_faster(text: str) -> None:
    """Counted, not timed: in function calls, of which the first version made 27 for a sign."""
    profile = cProfile.Profile()
    profile.runcall(holds_card_number, text)

    assert pstats.Stats(profile).total_calls < 6 * len(text)  # type: ignore[attr-defined]


def test_a_body_holds_no_more_text_than_its_fields_could_take(shop_window: Shop) -> None:
    many = {f"a{number}": "x" * 60 for number in range(MOST_TEXT // 60)}

    problem = refused(shop_window.anybody.post("/auth/login", many), 422, "validation_failed")

    assert [each["code"] for each in problem["errors"]] == ["too_long"]


def test_no_published_body_comes_near_that_bound(shop_window: Shop) -> None:
    for operation in operations_of(shown(shop_window.anybody.get("//schema/openapi.json"))):
        longest = [field.schema.get("maxLength", 200) for field in operation.fields]
        assert sum(longest) < MOST_TEXT / 4, operation.name


@pytest.fixture(scope="module")
def shop_window() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop
