"""The one client of a process."""

import logging
from datetime import UTC, datetime

import pytest
import stripe

from adapters.stripe.client import (
    API_VERSION,
    TIMEOUT_SECONDS,
    StripeSettings,
    stripe_client,
    stripe_gateway,
)
from application.ports.gateway import (
    Declined,
    Gateway,
    OutcomeUnknown,
)
from tests.adapters.stripe.builders import (
    RETURN_URL,
    Canned,
    a_customer,
    a_gateway,
    new_payment,
    settings,
)
from tests.doubles.stripe_wire import Request, StripeWire

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def wire() -> StripeWire:
    return StripeWire()


@pytest.fixture
def gateway(wire: StripeWire) -> Gateway:
    return a_gateway(wire)


def last(wire: StripeWire) -> Request:
    return wire.requests[-1]


def test_every_request_pins_the_version_that_the_sdk_was_made_for(
    wire: StripeWire, gateway: Gateway
) -> None:
    gateway.books.balances()
    assert last(wire).headers["stripe-version"] == API_VERSION == stripe.api_version


def test_every_request_says_who_we_are(wire: StripeWire, gateway: Gateway) -> None:
    gateway.books.balances()
    assert "tuition" in last(wire).headers["user-agent"]


def test_the_sdk_does_not_try_again_by_itself() -> None:
    canned = Canned(500, '{"error": {"type": "api_error", "message": "no"}}')
    gateway = stripe_gateway(settings(canned))
    with pytest.raises(OutcomeUnknown):
        gateway.payments.create_payment(new_payment("cus_1"), key="k")
    assert canned.asked == 1


def test_a_call_ends_long_before_its_lease() -> None:
    assert sum(TIMEOUT_SECONDS) <= 10


@pytest.mark.parametrize(
    ("key", "livemode"),
    [("sk_test_1", False), ("rk_test_1", False), ("sk_live_1", True), ("rk_live_1", True)],
)
def test_the_profile_follows_the_key(wire: StripeWire, key: str, livemode: bool) -> None:
    profile = a_gateway(wire, secret_key=key).profile
    assert (profile.livemode, profile.test_cards_allowed) == (livemode, not livemode)
    assert (profile.name, profile.api_version) == ("stripe", API_VERSION)


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(
        StripeSettings(
            secret_key="sk_live_abc",
            publishable_key="pk_live_abc",
            webhook_secrets=("whsec_abc",),
            return_url=RETURN_URL,
        )
    )
    assert "sk_live_abc" not in shown
    assert "whsec_abc" not in shown


def test_the_sdk_writes_nothing_that_was_said_into_the_log(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        customer = a_customer(gateway).id
        gateway.customers.find_customer("op", email="a@b.example", since=SINCE)
        with pytest.raises(Declined):
            gateway.cards.attach_card("pm_card_chargeDeclined", customer=customer, key="k")
    assert caplog.text == ""


def test_the_client_can_be_sent_elsewhere() -> None:
    client = stripe_client(settings(None, api_base="http://127.0.0.1:1"))
    assert client._requestor._options.base_addresses["api"] == "http://127.0.0.1:1"
