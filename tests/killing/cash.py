"""What the platform must hold, summed from the fake gateway's own log."""

from adapters.fake import FakeWorld
from application.ports.gateway import GatewayPaymentStatus, GatewayRefundStatus


def cash_by_the_gateways_log(world: FakeWorld) -> int:
    """Sum charges − their fees − refunds − transfers, in minor units of the one currency."""
    chronicle, books = world.chronicle, world.gateway.books
    cash = 0
    for payment in chronicle.payments():
        if payment.status is GatewayPaymentStatus.SUCCEEDED:
            assert payment.charge is not None
            movement = books.charge_transaction(payment.charge)
            assert movement is not None
            cash += payment.amount - movement.fee
    for refund in chronicle.refunds():
        if refund.status is not GatewayRefundStatus.FAILED:
            cash -= refund.amount
    for transfer in chronicle.transfers():
        cash -= transfer.amount - transfer.reversed
    return cash
