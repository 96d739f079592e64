"""Show the world's records in the port's words."""

from hashlib import sha256

from adapters.fake.records import (
    OPERATION,
    Account,
    Charge,
    Customer,
    Method,
    Movement,
    Payment,
    Refund,
    Transfer,
)
from adapters.fake.turn import Turn
from application.ports.gateway import (
    BalanceTransaction,
    GatewayAccount,
    GatewayCustomer,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefund,
    GatewayTransfer,
)


def client_secret(id_: str) -> str:
    """Return the secret that a browser would need; it is the same each time."""
    return f"{id_}_secret_{sha256(id_.encode()).hexdigest()[:24]}"


def payment_view(turn: Turn, payment: Payment) -> GatewayPayment:
    """Show a payment with its latest charge and that charge's balance transaction."""
    charge = turn.get(Charge, payment.charge) if payment.charge else None
    method = turn.get(Method, charge.method) if charge else None
    succeeded = payment.status is GatewayPaymentStatus.SUCCEEDED
    is_card = method is not None and method.type == "card"
    return GatewayPayment(
        id=payment.id,
        status=payment.status,
        amount=payment.amount,
        currency=payment.currency,
        captured=payment.amount if succeeded else 0,
        refunded=charge.refunded if charge else 0,
        customer=payment.customer,
        client_secret=client_secret(payment.id),
        method_type=method.type if method else None,
        payment_method=payment.method,
        card_brand=method.brand if method and is_card else None,
        card_last4=method.last4 if method and is_card else None,
        charge=payment.charge,
        receipt_url=_receipt_url(charge),
        failure=payment.failure,
        balance_transaction=charge_movement(turn, charge),
        operation=payment.metadata.get(OPERATION),
        metadata=payment.metadata,
        created_at=payment.created_at,
    )


def _receipt_url(charge: Charge | None) -> str | None:
    if charge is None or charge.status != "succeeded":
        return None
    return f"https://gateway.test/receipts/{charge.id}"


def charge_movement(turn: Turn, charge: Charge | None) -> BalanceTransaction | None:
    """Show what a charge did to the balance, if it has been settled."""
    if charge is None or charge.movement is None:
        return None
    return movement_view(turn.get(Movement, charge.movement))


def movement_view(movement: Movement) -> BalanceTransaction:
    """Show a movement of the balance."""
    return BalanceTransaction(
        id=movement.id,
        kind=movement.kind,
        amount=movement.amount,
        fee=movement.fee,
        net=movement.net,
        currency=movement.currency,
        created_at=movement.created_at,
        available_at=movement.available_at,
        source=movement.source,
    )


def refund_view(refund: Refund) -> GatewayRefund:
    """Show a refund."""
    return GatewayRefund(
        id=refund.id,
        payment=refund.payment,
        charge=refund.charge,
        amount=refund.amount,
        currency=refund.currency,
        status=refund.status,
        failure_reason=refund.failure_reason,
        operation=refund.metadata.get(OPERATION),
        created_at=refund.created_at,
    )


def customer_view(customer: Customer) -> GatewayCustomer:
    """Show a customer; of a deleted one only the id is left."""
    if customer.deleted:
        return GatewayCustomer(id=customer.id, deleted=True)
    return GatewayCustomer(
        id=customer.id,
        default_card=customer.default_card,
        operation=customer.metadata.get(OPERATION),
    )


def transfer_view(transfer: Transfer) -> GatewayTransfer:
    """Show a transfer."""
    return GatewayTransfer(
        id=transfer.id,
        account=transfer.account,
        amount=transfer.amount,
        reversed=transfer.reversed,
        currency=transfer.currency,
        operation=transfer.metadata.get(OPERATION),
        created_at=transfer.created_at,
    )


def account_view(account: Account) -> GatewayAccount:
    """Show a connected account."""
    return GatewayAccount(
        id=account.id,
        charges_enabled=account.enabled,
        payouts_enabled=account.enabled,
        transfers_enabled=account.enabled,
        details_submitted=account.enabled,
        operation=account.metadata.get(OPERATION),
    )
