"""The table of answers: what each of Stripe's errors means to us."""

import json
from typing import Any

import pytest
import stripe

from adapters.stripe.client import stripe_gateway
from adapters.stripe.errors import redacted, translated
from application.ports.gateway import (
    AuthenticationRequired,
    Declined,
    GatewayBusy,
    GatewayError,
    GatewayRefused,
    KeyReused,
    OutcomeUnknown,
)
from tests.adapters.stripe.builders import Canned, new_payment, settings


def answer_to(status: int, **error: Any) -> GatewayError:
    """Return what a payment raises when Stripe answers so."""
    canned = Canned(status, json.dumps({"error": error}))
    gateway = stripe_gateway(settings(canned))
    with pytest.raises(GatewayError) as caught:
        gateway.payments.create_payment(new_payment("cus_1"), key="k")
    return caught.value


def test_a_402_is_a_decline_with_its_codes() -> None:
    error = answer_to(
        402, type="card_error", code="card_declined", decline_code="lost_card", message="No."
    )
    assert type(error) is Declined
    assert (str(error), error.code, error.decline_code) == ("No.", "card_declined", "lost_card")


@pytest.mark.parametrize(
    ("decline_code", "given", "advice"),
    [
        ("insufficient_funds", None, "try_again_later"),
        ("insufficient_funds", "do_not_try_again", "do_not_try_again"),
        ("incorrect_cvc", None, "confirm_card_data"),
        ("stolen_card", None, "do_not_try_again"),
        ("card_not_supported", None, "use_another_card"),
    ],
)
def test_a_decline_advises_as_stripe_does_or_else_by_its_table(
    decline_code: str, given: str | None, advice: str
) -> None:
    error = answer_to(
        402, type="card_error", code="card_declined", decline_code=decline_code, advice_code=given
    )
    assert isinstance(error, Declined)
    assert error.advice == advice


@pytest.mark.parametrize(
    "codes",
    [
        {"code": "authentication_required"},
        {"code": "card_declined", "decline_code": "authentication_required"},
    ],
)
def test_a_bank_that_wants_the_payer_present_is_told_apart(codes: dict[str, str]) -> None:
    error = answer_to(402, type="card_error", message="No.", **codes)
    assert isinstance(error, AuthenticationRequired)
    assert error.advice is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "amount_too_small"),
        (400, "parameter_unknown"),
        (404, "resource_missing"),
        (402, "balance_insufficient"),
    ],
)
def test_a_wrong_request_is_refused_for_good(status: int, code: str) -> None:
    error = answer_to(
        status, type="invalid_request_error", code=code, param="amount", message="Not so."
    )
    assert type(error) is GatewayRefused
    assert (error.code, error.param) == (code, "amount")
    assert str(error) == "Not so. (request req_canned)"


def test_a_refusal_without_a_code_still_has_one() -> None:
    error = answer_to(400, type="invalid_request_error", message="Not so.")
    assert isinstance(error, GatewayRefused)
    assert error.code == "invalid_request"


@pytest.mark.parametrize(
    ("status", "code"), [(401, "authentication_failed"), (403, "permission_denied")]
)
def test_a_key_that_is_not_accepted_is_never_quoted(status: int, code: str) -> None:
    error = answer_to(
        status, type="invalid_request_error", message="Invalid API Key provided: sk_test_wire"
    )
    assert type(error) is GatewayRefused
    assert error.code == code
    assert "sk_test" not in str(error)


def test_a_key_used_with_other_parameters_is_our_bug() -> None:
    error = answer_to(400, type="idempotency_error", message="Keys for idempotent requests …")
    assert type(error) is KeyReused
    assert error.code == "idempotency_error"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}),
        (409, {"type": "invalid_request_error", "code": "idempotency_key_in_use"}),
        (429, {"type": "invalid_request_error", "code": "rate_limit"}),
        (429, {"type": "invalid_request_error", "code": "lock_timeout"}),
        (400, {"type": "invalid_request_error", "code": "rate_limit"}),
    ],
)
def test_what_was_not_executed_can_be_tried_later(status: int, error: dict[str, str]) -> None:
    assert type(answer_to(status, message="Later.", **error)) is GatewayBusy


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_leaves_the_outcome_unknown(status: int) -> None:
    assert type(answer_to(status, type="api_error", message="?")) is OutcomeUnknown


@pytest.mark.parametrize(
    ("status", "body"), [(200, "<html>"), (502, "<html>"), (200, ""), (500, "{}")]
)
def test_an_answer_that_cannot_be_read_leaves_the_outcome_unknown(status: int, body: str) -> None:
    gateway = stripe_gateway(settings(Canned(status, body)))
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(new_payment("cus_1"), key="k")


def test_the_sdks_exception_and_its_body_are_not_chained() -> None:
    error = answer_to(500, type="api_error", message="?")
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51AbCd",
        "rk_test_****1234",
        "whsec_abc",
        "pi_123_secret_456",
        "ann@example.com",
        "4242424242424242",
    ],
)
def test_nothing_secret_is_repeated(secret: str) -> None:
    error = answer_to(400, type="invalid_request_error", message=f"Wrong: '{secret}'.")
    assert secret not in str(error)
    assert "[redacted]" in str(error)


def test_ids_are_not_struck_out() -> None:
    told = "No such customer: 'cus_NffrFeUfNV2Hib' (pm_1ABC)"
    assert redacted(told) == told


def test_every_exception_of_the_sdk_has_a_translation() -> None:
    for name in dir(stripe):
        kind = getattr(stripe, name)
        if isinstance(kind, type) and issubclass(kind, stripe.StripeError):
            error = kind.__new__(kind)
            stripe.StripeError.__init__(error, "x", http_status=None)
            error.param = None  # type: ignore[attr-defined]
            assert isinstance(translated(error), GatewayError)
