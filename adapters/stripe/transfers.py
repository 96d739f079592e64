"""Transfers to connected accounts."""

import stripe
from attrs import frozen
from stripe.params import TransferCreateParams, TransferListParams

from adapters.stripe.amounts import to_wire
from adapters.stripe.errors import asking_stripe
from adapters.stripe.ids import in_path
from adapters.stripe.paging import PAGE, walk
from adapters.stripe.reading import OPERATION, metadata_of, transfer_of
from application.ports.gateway import GatewayTransfer, NewTransfer


def new_transfer_params(request: NewTransfer) -> TransferCreateParams:
    """Build the parameters of a transfer."""
    params: TransferCreateParams = {
        "amount": to_wire(request.amount, request.currency),
        "currency": request.currency,
        "destination": request.account,
        "transfer_group": request.transfer_group,
        "metadata": {**request.metadata, OPERATION: request.operation},
    }
    if request.source_charge is not None:
        params["source_transaction"] = request.source_charge
    return params


@frozen
class StripeTransfers:
    """A `TransfersGateway`."""

    _client: stripe.StripeClient

    def create_transfer(self, request: NewTransfer, *, key: str) -> GatewayTransfer:
        """Send money to a connected account."""
        with asking_stripe():
            return transfer_of(
                self._client.v1.transfers.create(
                    new_transfer_params(request), {"idempotency_key": key}
                )
            )

    def transfer(self, transfer: str) -> GatewayTransfer:
        """Read a transfer."""
        with asking_stripe():
            return transfer_of(self._client.v1.transfers.retrieve(in_path(transfer)))

    def find_transfer(self, operation: str, *, transfer_group: str) -> GatewayTransfer | None:
        """List the group's transfers and pick the operation's."""
        params: TransferListParams = {"transfer_group": transfer_group, "limit": PAGE}
        with asking_stripe():
            page = self._client.v1.transfers.list(params)
        for transfer in walk(page):
            if metadata_of(transfer.metadata).get(OPERATION) == operation:
                return transfer_of(transfer)
        return None
