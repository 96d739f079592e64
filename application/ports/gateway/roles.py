"""The gateway's roles."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from application.ports.gateway.asked import (
    Confirmation,
    NewAccount,
    NewCustomer,
    NewPayment,
    NewRefund,
    NewTransfer,
)
from application.ports.gateway.held import (
    BalanceTransaction,
    GatewayAccount,
    GatewayCard,
    GatewayCustomer,
    GatewayEvent,
    GatewayPayment,
    GatewayRefund,
    GatewaySetup,
    GatewayTransfer,
)


class PaymentsGateway(Protocol):
    """Payments and what became of them."""

    def create_payment(self, request: NewPayment, *, key: str) -> GatewayPayment:
        """Make a payment; with a payment method, also try it. Raises `Declined` when it was tried
        and refused; the payment exists then too (`error.payment`).
        """
        ...

    def confirm_payment(self, request: Confirmation, *, key: str) -> GatewayPayment:
        """Try the payment again, from the server. Raises `Declined`."""
        ...

    def cancel_payment(self, payment: str, *, key: str) -> GatewayPayment:
        """Cancel a payment that has not succeeded. Raises `GatewayRefused` with code
        `payment_intent_unexpected_state` when it is too late; ask `payment` then.
        """
        ...

    def payment(self, payment: str) -> GatewayPayment:
        """Read a payment as it is now, its charge and balance transaction included."""
        ...

    def find_payment(
        self, operation: str, *, customer: str, since: datetime
    ) -> GatewayPayment | None:
        """Find the payment that an operation made, among the customer's since then."""
        ...


class RefundsGateway(Protocol):
    """Money going back to payers."""

    def create_refund(self, request: NewRefund, *, key: str) -> GatewayRefund:
        """Give back some of a payment; the outcome may be pending."""
        ...

    def refund(self, refund: str) -> GatewayRefund:
        """Read a refund as it is now."""
        ...

    def find_refund(self, operation: str, *, payment: str) -> GatewayRefund | None:
        """Find the refund that an operation made, among the payment's."""
        ...


class CustomersGateway(Protocol):
    """Customers."""

    def create_customer(self, request: NewCustomer, *, key: str) -> GatewayCustomer:
        """Make a customer for one of our users."""
        ...

    def find_customer(
        self, operation: str, *, email: str, since: datetime
    ) -> GatewayCustomer | None:
        """Find the customer that an operation made."""
        ...

    def customer(self, customer: str) -> GatewayCustomer:
        """Read a customer as it is now, with the default card for invoices."""
        ...

    def set_default_card(self, customer: str, card: str | None, *, key: str) -> None:
        """Set, or clear, the card that invoices are charged to."""
        ...

    def billing_portal(self, customer: str, *, return_url: str | None) -> str:
        """Open a portal session and return its URL."""
        ...


class CardsGateway(Protocol):
    """Cards on file."""

    def card(self, card: str) -> GatewayCard:
        """Read a card (`pm_…`). Raises `GatewayRefused` when there is none."""
        ...

    def attach_card(self, card: str, *, customer: str, key: str) -> GatewayCard:
        """Attach a card to a customer. Raises `Declined` when the bank refuses it. A test token
        such as `pm_card_visa` becomes a card with an id of its own; read the id from the answer.
        """
        ...

    def detach_card(self, card: str, *, key: str) -> GatewayCard:
        """Detach a card for good."""
        ...

    def cards_of(self, customer: str) -> tuple[GatewayCard, ...]:
        """List the cards that are attached to a customer, newest first."""
        ...

    def set_up_card(self, customer: str) -> GatewaySetup:
        """Begin to add a card with the gateway's own form in the browser."""
        ...


class TransfersGateway(Protocol):
    """Money going to teachers."""

    def create_transfer(self, request: NewTransfer, *, key: str) -> GatewayTransfer:
        """Send money to a connected account."""
        ...

    def transfer(self, transfer: str) -> GatewayTransfer:
        """Read a transfer as it is now."""
        ...

    def find_transfer(self, operation: str, *, transfer_group: str) -> GatewayTransfer | None:
        """Find the transfer that an operation made, within its group."""
        ...


class AccountsGateway(Protocol):
    """Teachers' connected accounts."""

    def create_account(self, request: NewAccount, *, key: str) -> GatewayAccount:
        """Make a connected account that can receive transfers."""
        ...

    def account(self, account: str) -> GatewayAccount:
        """Read an account as it is now."""
        ...

    def find_account(self, operation: str, *, since: datetime) -> GatewayAccount | None:
        """Find the account that an operation made."""
        ...

    def onboarding_link(self, account: str, *, return_url: str) -> str:
        """Return a URL under which the teacher tells the gateway who they are."""
        ...


class GatewayBooks(Protocol):
    """The gateway's own account of our money, to prove ours against."""

    def balances(self) -> Mapping[str, int]:
        """Return what the gateway holds for us, available and pending together, by currency."""
        ...

    def balance_transactions(
        self, *, since: datetime | None = None
    ) -> Iterator[BalanceTransaction]:
        """Stream the movements of the balance, newest first, page by page."""
        ...

    def charge_transaction(self, charge: str) -> BalanceTransaction | None:
        """Return the movement that a charge made; None while the gateway has not settled it."""
        ...


class WebhookDecoder(Protocol):
    """Verify and read what the gateway delivers."""

    def decode(self, body: bytes, signature: str | None) -> GatewayEvent:
        """Check the signature over the raw body and read the event. Raises `BadSignature`."""
        ...
