"""Customers."""

from datetime import datetime

import stripe
from attrs import frozen
from stripe.params import CustomerCreateParams, CustomerListParams, CustomerUpdateParams
from stripe.params.billing_portal import SessionCreateParams

from adapters.stripe.errors import asking_stripe
from adapters.stripe.ids import in_path
from adapters.stripe.paging import PAGE, not_before, walk
from adapters.stripe.reading import OPERATION, customer_of, metadata_of
from application.ports.gateway import GatewayCustomer, NewCustomer


def new_customer_params(request: NewCustomer) -> CustomerCreateParams:
    """Build the parameters of a customer."""
    return {
        "email": request.email,
        "name": request.name,
        "metadata": {"tuition_user": request.user, OPERATION: request.operation},
    }


@frozen
class StripeCustomers:
    """A `CustomersGateway`."""

    _client: stripe.StripeClient

    def create_customer(self, request: NewCustomer, *, key: str) -> GatewayCustomer:
        """Make a customer for one of our users."""
        with asking_stripe():
            return customer_of(
                self._client.v1.customers.create(
                    new_customer_params(request), {"idempotency_key": key}
                )
            )

    def find_customer(
        self, operation: str, *, email: str, since: datetime
    ) -> GatewayCustomer | None:
        """List the customers of that address and pick the operation's."""
        params: CustomerListParams = {
            "email": email,
            "created": {"gte": not_before(since)},
            "limit": PAGE,
        }
        with asking_stripe():
            page = self._client.v1.customers.list(params)
        for customer in walk(page):
            if metadata_of(customer.metadata).get(OPERATION) == operation:
                return customer_of(customer)
        return None

    def customer(self, customer: str) -> GatewayCustomer:
        """Read a customer."""
        with asking_stripe():
            return customer_of(self._client.v1.customers.retrieve(in_path(customer)))

    def set_default_card(self, customer: str, card: str | None, *, key: str) -> None:
        """Set the card for invoices; an empty string is how Stripe clears a field."""
        params: CustomerUpdateParams = {"invoice_settings": {"default_payment_method": card or ""}}
        with asking_stripe():
            self._client.v1.customers.update(in_path(customer), params, {"idempotency_key": key})

    def billing_portal(self, customer: str, *, return_url: str | None) -> str:
        """Open a portal session and return its URL."""
        params: SessionCreateParams = {"customer": customer}
        if return_url is not None:
            params["return_url"] = return_url
        with asking_stripe():
            return self._client.v1.billing_portal.sessions.create(params).url
