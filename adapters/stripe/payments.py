"""Payments: PaymentIntents."""

from datetime import datetime

import stripe
from attrs import frozen
from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
)

from adapters.stripe.amounts import to_wire
from adapters.stripe.errors import asking_stripe
from adapters.stripe.ids import in_path
from adapters.stripe.paging import PAGE, not_before, walk
from adapters.stripe.reading import OPERATION, metadata_of, payment_of
from application.ports.gateway import Confirmation, GatewayPayment, NewPayment

_EXPAND = ["latest_charge.balance_transaction"]


def new_payment_params(request: NewPayment) -> PaymentIntentCreateParams:
    """Build the parameters of a payment; no kind of method is named, the dashboard decides."""
    params: PaymentIntentCreateParams = {
        "amount": to_wire(request.amount, request.currency),
        "currency": request.currency,
        "customer": request.customer,
        "description": request.description,
        "transfer_group": request.transfer_group,
        "metadata": {**request.metadata, OPERATION: request.operation},
        "automatic_payment_methods": {"enabled": True},
        "expand": _EXPAND,
    }
    if request.payment_method is not None:
        # From the server nobody can be sent to a bank's site and come back.
        params["automatic_payment_methods"] = {"enabled": True, "allow_redirects": "never"}
        params["payment_method"] = request.payment_method
        params["confirm"] = True
        if not request.on_session:
            params["off_session"] = True
    if request.save_card and request.on_session:
        # Stripe does not set a card up for later while its owner is away.
        params["setup_future_usage"] = "off_session"
    return params


def confirmation_params(request: Confirmation, return_url: str) -> PaymentIntentConfirmParams:
    """Build the parameters of another try."""
    params: PaymentIntentConfirmParams = {
        "payment_method": request.payment_method,
        # The intent may have been made for a browser, with methods that redirect; then Stripe
        # demands an address to come back to, although a card never uses it.
        "return_url": return_url,
        "expand": _EXPAND,
    }
    if not request.on_session:
        params["off_session"] = True
        return params
    params["use_stripe_sdk"] = True
    if request.save_card:
        params["setup_future_usage"] = "off_session"
    return params


@frozen
class StripePayments:
    """A `PaymentsGateway`."""

    _client: stripe.StripeClient
    _return_url: str

    def create_payment(self, request: NewPayment, *, key: str) -> GatewayPayment:
        """Make a payment, and try it if a payment method is given."""
        with asking_stripe():
            return payment_of(
                self._client.v1.payment_intents.create(
                    new_payment_params(request), {"idempotency_key": key}
                )
            )

    def confirm_payment(self, request: Confirmation, *, key: str) -> GatewayPayment:
        """Try a payment again."""
        params = confirmation_params(request, self._return_url)
        with asking_stripe():
            return payment_of(
                self._client.v1.payment_intents.confirm(
                    in_path(request.payment), params, {"idempotency_key": key}
                )
            )

    def cancel_payment(self, payment: str, *, key: str) -> GatewayPayment:
        """Cancel a payment that has not succeeded."""
        params: PaymentIntentCancelParams = {"expand": _EXPAND}
        with asking_stripe():
            return payment_of(
                self._client.v1.payment_intents.cancel(
                    in_path(payment), params, {"idempotency_key": key}
                )
            )

    def payment(self, payment: str) -> GatewayPayment:
        """Read a payment with its charge and balance transaction."""
        params: PaymentIntentRetrieveParams = {"expand": _EXPAND}
        with asking_stripe():
            return payment_of(self._client.v1.payment_intents.retrieve(in_path(payment), params))

    def find_payment(
        self, operation: str, *, customer: str, since: datetime
    ) -> GatewayPayment | None:
        """List the customer's payments; Stripe's search would lag behind."""
        params: PaymentIntentListParams = {
            "customer": customer,
            "created": {"gte": not_before(since)},
            "limit": PAGE,
            "expand": [f"data.{path}" for path in _EXPAND],
        }
        with asking_stripe():
            page = self._client.v1.payment_intents.list(params)
        for intent in walk(page):
            if metadata_of(intent.metadata).get(OPERATION) == operation:
                return payment_of(intent)
        return None
