"""Effects that send money: refunds to payers, transfers to teachers."""

from typing import ClassVar

from attrs import frozen

from application.applying import Applying
from application.effects import EffectKind, failure_of
from application.payout_booking import PayoutBooking
from application.ports.gateway import (
    Gateway,
    GatewayError,
    GatewayRefund,
    GatewayTransfer,
    NewRefund,
    NewTransfer,
)
from application.ports.records import Operation
from application.ports.storage import Unit
from domain.ids import PayoutId, RefundId


@frozen
class CreateRefund:
    """Give money back."""

    gateway: Gateway
    applying: Applying
    kind: ClassVar[EffectKind] = EffectKind.CREATE_REFUND

    def send(self, operation: Operation, key: str) -> GatewayRefund:
        """Make the refund."""
        request = operation.request(NewRefund)
        return self.gateway.refunds.create_refund(request, key=key)

    def probe(self, operation: Operation) -> GatewayRefund | None:
        """Look among the payment's refunds."""
        return self.gateway.refunds.find_refund(
            operation.id, payment=str(operation.params["payment"])
        )

    def apply(self, unit: Unit, operation: Operation, made: GatewayRefund) -> str | None:
        """Apply the refund as the gateway holds it."""
        self.applying.refund(unit, RefundId(operation.subject), made)
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Give back what it took."""
        self.applying.refund_refused(unit, RefundId(operation.subject), failure_of(error).code)


@frozen
class CreateTransfer:
    """Send a payout to a connected account."""

    gateway: Gateway
    payouts: PayoutBooking
    kind: ClassVar[EffectKind] = EffectKind.CREATE_TRANSFER

    def send(self, operation: Operation, key: str) -> GatewayTransfer:
        """Make the transfer."""
        request = operation.request(NewTransfer)
        return self.gateway.transfers.create_transfer(request, key=key)

    def probe(self, operation: Operation) -> GatewayTransfer | None:
        """Look within the payout's transfer group."""
        return self.gateway.transfers.find_transfer(
            operation.id, transfer_group=str(operation.params["transfer_group"])
        )

    def apply(self, unit: Unit, operation: Operation, made: GatewayTransfer) -> str | None:
        """Book that the money left."""
        self.payouts.done(unit, PayoutId(operation.subject), gateway_id=made.id)
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Make the money available again."""
        self.payouts.failed(unit, PayoutId(operation.subject), failure_of(error).code)
