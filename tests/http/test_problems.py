"""Errors become problem documents, each explained, and nothing internal leaks."""

import pytest

from application.ports.gateway import OutcomeUnknown
from domain.errors import BrokenInvariant, DomainError, StorageUnavailable
from entrypoints.http.problem_codes import descriptions, every_error, status_of
from entrypoints.http.problems import refusal_of
from tests.http.shop import Shop, refused, shown

INSTANCE = "/bookings#req_1"


def _all_errors() -> list[type[DomainError]]:
    return sorted(every_error(), key=lambda error: (error.__module__, error.__qualname__))


@pytest.mark.parametrize("error", _all_errors())
def test_every_error_has_a_status_and_a_meaning(error: type[DomainError]) -> None:
    described = descriptions()[error.code]

    assert 400 <= status_of(error) < 600
    assert described.status == status_of(error)
    assert described.meaning


def test_the_codes_that_clients_switch_on_are_all_there() -> None:
    promised = (
        "slot_taken booking_not_confirmed booking_not_paid booking_not_ended card_in_use"
        " booking_not_cancellable booking_already_paid payment_disputed stale_write"
        " idempotency_key_in_use refund_exceeds_refundable not_enough_hours amount_too_small"
        " amount_too_large currency_mismatch card_number_not_allowed test_card_unknown"
        " idempotency_key_reused validation_failed card_declined authentication_required"
        " malformed_body bad_signature not_authenticated token_expired forbidden not_found"
        " rate_limited gateway_unavailable storage_unavailable"
    )

    assert set(promised.split()) <= set(descriptions())


def test_a_bug_is_answered_by_nothing_but_its_id(shop: Shop) -> None:
    secret = "the books of pay_1 contradict themselves"

    assert refusal_of(BrokenInvariant(secret), INSTANCE) is None


def test_a_gateway_that_is_away_is_no_bug() -> None:
    refusal = refusal_of(OutcomeUnknown("timeout after 10 s at 10.0.0.7"), INSTANCE)

    assert refusal is not None
    assert refusal.problem.status == 503
    assert refusal.problem.code == "gateway_unavailable"
    assert "10.0.0.7" not in refusal.answer.body.decode()
    assert refusal.headers["Retry-After"]


def test_a_database_that_is_away_is_told_with_when_to_come_back() -> None:
    refusal = refusal_of(StorageUnavailable("The database is away."), INSTANCE)

    assert refusal is not None
    assert refusal.problem.status == 503
    assert refusal.headers["Retry-After"]
    assert not refusal.is_by_rule


def test_every_code_has_a_page_for_people_and_for_programs(window: Shop) -> None:
    listed = shown(window.anybody.get("//problems"))["items"]

    assert {each["code"] for each in listed} == set(descriptions())
    for each in listed:
        page = window.anybody.request("GET", f"/{each['type']}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert each["code"] in page.text
        assert shown(window.anybody.get(f"/{each['type']}")) == each


def test_a_code_that_does_not_exist_has_no_page(window: Shop) -> None:
    refused(window.anybody.get("//problems/nonsense"), 404, "not_found")
