"""The double's guard: nothing that the current API would not take or send gets past it."""

import re
from typing import Any

import pytest

from tests.doubles.stripe_params import BadParams, check, decode, operations
from tests.doubles.stripe_shapes import WrongShape, make, must_fit

PAYMENT = {"amount": 7500, "currency": "usd"}
CREATE = "/v1/payment_intents"


def test_the_guard_knows_every_operation_of_the_sdk() -> None:
    found = {(each.verb, each.template) for each in operations()}
    assert len(found) > 600
    assert ("post", "/v1/payment_intents/{intent}/confirm") in found


def test_a_current_request_passes() -> None:
    check("post", CREATE, {**PAYMENT, "automatic_payment_methods": {"enabled": True}})


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({**PAYMENT, "payment_method_types": ["card"]}, "payment_method_types: unknown parameter"),
        ({**PAYMENT, "save_payment_method": True}, "save_payment_method: unknown parameter"),
        ({**PAYMENT, "idempotency_key": "key"}, "idempotency_key: unknown parameter"),
        ({**PAYMENT, "stripe_account": "acct_1"}, "stripe_account: unknown parameter"),
        ({**PAYMENT, "capture_method": "later"}, "capture_method: 'later' not in"),
        ({**PAYMENT, "setup_future_usage": "yes"}, "setup_future_usage: 'yes' not in"),
        ({"amount": True, "currency": "usd"}, "amount: True (bool) is no int"),
        ({"amount": 75.0, "currency": "usd"}, "amount: 75.0 (float) is no int"),
        ({**PAYMENT, "confirm": 1}, "confirm: 1 (int) is no bool"),
        ({"amount": 7500}, "currency: missing"),
        ({**PAYMENT, "expand": "latest_charge"}, "expand: str is no list"),
        ({**PAYMENT, "metadata": {"n": 1}}, "metadata.n: 1 (int) is no str"),
        (
            {**PAYMENT, "automatic_payment_methods": {"enabled": True, "redirects": "never"}},
            "automatic_payment_methods.redirects: unknown parameter",
        ),
    ],
)
def test_what_the_current_api_would_refuse_is_named(params: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadParams, match=re.escape(fault)):
        check("post", CREATE, params)


def test_an_unknown_operation_is_named() -> None:
    with pytest.raises(BadParams, match="no such operation"):
        check("post", "/v1/bitcoin_receivers", {})


def test_a_form_is_checked_as_it_arrives() -> None:
    form = decode("amount=75x&currency=usd&confirm=yes&expand[0]=latest_charge")
    with pytest.raises(BadParams) as caught:
        check("post", CREATE, form, wire=True)
    assert "amount: '75x' (str) is no int" in str(caught.value)
    assert "confirm: 'yes' (str) is no bool" in str(caught.value)
    assert "expand" not in str(caught.value)


def test_a_form_is_read_into_nested_parameters() -> None:
    assert decode("a=1&b[c]=2&d[0]=3&d[1]=4&e[]=5&e[]=6&f=") == {
        "a": "1",
        "b": {"c": "2"},
        "d": {"0": "3", "1": "4"},
        "e": {"0": "5", "1": "6"},
        "f": "",
    }


@pytest.mark.parametrize(
    ("kind", "over", "fault"),
    [
        ("payment_intent", {"charges": {}}, "PaymentIntent.charges: unknown"),
        ("invoice", {"subscription": "sub_1"}, "Invoice.subscription: unknown"),
        ("refund", {"amount": "10.00"}, "Refund.amount: '10.00' is no int"),
        ("refund", {"amount": True}, "Refund.amount: True is no int"),
        ("payment_intent", {"id": None}, "PaymentIntent.id: None is no str"),
        ("charge", {"status": None}, "Charge.status: null"),
        ("balance_transaction", {"fee_details": {}}, "fee_details: dict is no list"),
    ],
)
def test_an_object_of_an_old_or_wrong_shape_is_refused(
    kind: str, over: dict[str, Any], fault: str
) -> None:
    with pytest.raises(WrongShape, match=re.escape(fault)):
        make(kind, **over)


def test_an_object_that_lacks_a_member_is_refused() -> None:
    refund = make("refund", id="re_1")
    del refund["currency"]
    with pytest.raises(WrongShape, match=r"Refund\.currency: missing"):
        must_fit(refund)


def test_a_made_object_leaves_out_what_stripe_leaves_out() -> None:
    assert "deleted" not in make("customer", id="cus_1")
    assert "refunds" not in make("charge", id="ch_1")
    assert "us_bank_account" not in make("payment_method", id="pm_1", type="card")
