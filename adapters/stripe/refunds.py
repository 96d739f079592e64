"""Refunds."""

import stripe
from attrs import frozen
from stripe.params import RefundCreateParams, RefundListParams

from adapters.stripe.amounts import to_wire
from adapters.stripe.errors import asking_stripe
from adapters.stripe.ids import in_path
from adapters.stripe.paging import PAGE, walk
from adapters.stripe.reading import OPERATION, metadata_of, refund_of
from application.ports.gateway import GatewayRefund, NewRefund


def new_refund_params(request: NewRefund) -> RefundCreateParams:
    """Build the parameters of a refund."""
    return {
        "payment_intent": request.payment,
        "amount": to_wire(request.amount, request.currency),
        "metadata": {**request.metadata, OPERATION: request.operation},
    }


@frozen
class StripeRefunds:
    """A `RefundsGateway`."""

    _client: stripe.StripeClient

    def create_refund(self, request: NewRefund, *, key: str) -> GatewayRefund:
        """Give back some of a payment."""
        with asking_stripe():
            return refund_of(
                self._client.v1.refunds.create(new_refund_params(request), {"idempotency_key": key})
            )

    def refund(self, refund: str) -> GatewayRefund:
        """Read a refund."""
        with asking_stripe():
            return refund_of(self._client.v1.refunds.retrieve(in_path(refund)))

    def find_refund(self, operation: str, *, payment: str) -> GatewayRefund | None:
        """List the payment's refunds and pick the operation's."""
        params: RefundListParams = {"payment_intent": payment, "limit": PAGE}
        with asking_stripe():
            page = self._client.v1.refunds.list(params)
        for refund in walk(page):
            if metadata_of(refund.metadata).get(OPERATION) == operation:
                return refund_of(refund)
        return None
