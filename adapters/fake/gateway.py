"""The port, spoken by the world: payments, refunds, customers and cards."""

from datetime import datetime
from urllib.parse import urlencode

from attrs import frozen

from adapters.fake import effects
from adapters.fake.customers import SetDefaultCard, SetUpCard
from adapters.fake.methods import AttachCard, DetachCard, ReadCard, card_of, live_customer
from adapters.fake.payments import CancelPayment
from adapters.fake.records import OPERATION, Customer, Method, Payment, Refund
from adapters.fake.turn import Turn, second
from adapters.fake.views import customer_view, payment_view, refund_view
from adapters.fake.wire import Wire
from adapters.stripe_facts import CARDS_BY_TOKEN
from application.ports.gateway import (
    Confirmation,
    GatewayCard,
    GatewayCustomer,
    GatewayPayment,
    GatewayRefund,
    GatewaySetup,
    NewCustomer,
    NewPayment,
    NewRefund,
)


@frozen
class FakePayments:
    """A `PaymentsGateway`."""

    _wire: Wire

    def create_payment(self, request: NewPayment, *, key: str) -> GatewayPayment:
        """Make a payment, and try it if a payment method is given."""
        return self._wire.change(effects.CREATE_PAYMENT, request, key=key)

    def confirm_payment(self, request: Confirmation, *, key: str) -> GatewayPayment:
        """Try a payment again."""
        return self._wire.change(effects.CONFIRM_PAYMENT, request, key=key)

    def cancel_payment(self, payment: str, *, key: str) -> GatewayPayment:
        """Cancel a payment that has not succeeded."""
        return self._wire.change(effects.CANCEL_PAYMENT, CancelPayment(payment=payment), key=key)

    def payment(self, payment: str) -> GatewayPayment:
        """Read a payment."""

        def see(turn: Turn) -> GatewayPayment:
            return payment_view(turn, turn.get(Payment, payment, param="intent"))

        return self._wire.look("payment", {"payment": payment}, see)

    def find_payment(
        self, operation: str, *, customer: str, since: datetime
    ) -> GatewayPayment | None:
        """Find the payment that an operation made."""

        def see(turn: Turn) -> GatewayPayment | None:
            for payment in turn.newest(Payment, customer):
                if payment.created_at < second(since):
                    break
                if payment.metadata.get(OPERATION) == operation:
                    return payment_view(turn, payment)
            return None

        about = {"operation": operation, "customer": customer}
        return self._wire.look("find_payment", about, see)


@frozen
class FakeRefunds:
    """A `RefundsGateway`."""

    _wire: Wire

    def create_refund(self, request: NewRefund, *, key: str) -> GatewayRefund:
        """Give back some of a payment."""
        return self._wire.change(effects.CREATE_REFUND, request, key=key)

    def refund(self, refund: str) -> GatewayRefund:
        """Read a refund."""

        def see(turn: Turn) -> GatewayRefund:
            return refund_view(turn.get(Refund, refund))

        return self._wire.look("refund", {"refund": refund}, see)

    def find_refund(self, operation: str, *, payment: str) -> GatewayRefund | None:
        """Find the refund that an operation made."""

        def see(turn: Turn) -> GatewayRefund | None:
            for refund in turn.newest(Refund, payment):
                if refund.metadata.get(OPERATION) == operation:
                    return refund_view(refund)
            return None

        about = {"operation": operation, "payment": payment}
        return self._wire.look("find_refund", about, see)


@frozen
class FakeCustomers:
    """A `CustomersGateway`."""

    _wire: Wire

    def create_customer(self, request: NewCustomer, *, key: str) -> GatewayCustomer:
        """Make a customer for one of our users."""
        return self._wire.change(effects.CREATE_CUSTOMER, request, key=key)

    def find_customer(
        self, operation: str, *, email: str, since: datetime
    ) -> GatewayCustomer | None:
        """Find the customer that an operation made."""

        def see(turn: Turn) -> GatewayCustomer | None:
            for customer in turn.newest(Customer, email):
                if customer.created_at < second(since):
                    break
                if customer.metadata.get(OPERATION) == operation:
                    return customer_view(customer)
            return None

        about = {"operation": operation, "email": email}
        return self._wire.look("find_customer", about, see)

    def customer(self, customer: str) -> GatewayCustomer:
        """Read a customer."""

        def see(turn: Turn) -> GatewayCustomer:
            return customer_view(turn.get(Customer, customer))

        return self._wire.look("customer", {"customer": customer}, see)

    def set_default_card(self, customer: str, card: str | None, *, key: str) -> None:
        """Set the card for invoices, or clear it."""
        params = SetDefaultCard(customer=customer, card=card)
        self._wire.change(effects.SET_DEFAULT_CARD, params, key=key)

    def billing_portal(self, customer: str, *, return_url: str | None) -> str:
        """Return the URL of a portal that nobody serves."""

        def see(turn: Turn) -> str:
            live_customer(turn, customer)
            query = f"?{urlencode({'return_url': return_url})}" if return_url else ""
            return f"https://gateway.test/portal/{customer}{query}"

        return self._wire.look("billing_portal", {"customer": customer}, see)


@frozen
class FakeCards:
    """A `CardsGateway`."""

    _wire: Wire

    def card(self, card: str) -> GatewayCard:
        """Read a card; a test token becomes a card that nobody has yet."""
        if card in CARDS_BY_TOKEN:
            return self._wire.change(effects.READ_CARD, ReadCard(card=card), key=None)

        def see(turn: Turn) -> GatewayCard:
            return card_of(turn.get(Method, card, param="payment_method"))

        return self._wire.look("card", {"card": card}, see)

    def attach_card(self, card: str, *, customer: str, key: str) -> GatewayCard:
        """Attach a card to a customer."""
        params = AttachCard(card=card, customer=customer)
        return self._wire.change(effects.ATTACH_CARD, params, key=key)

    def detach_card(self, card: str, *, key: str) -> GatewayCard:
        """Detach a card for good."""
        return self._wire.change(effects.DETACH_CARD, DetachCard(card=card), key=key)

    def cards_of(self, customer: str) -> tuple[GatewayCard, ...]:
        """List a customer's cards, newest first."""

        def see(turn: Turn) -> tuple[GatewayCard, ...]:
            live_customer(turn, customer)
            owned = turn.newest(Method, customer)
            return tuple(card_of(method) for method in owned if method.type == "card")

        return self._wire.look("cards_of", {"customer": customer}, see)

    def set_up_card(self, customer: str) -> GatewaySetup:
        """Begin to add a card in the browser."""
        return self._wire.change(effects.SET_UP_CARD, SetUpCard(customer=customer), key=None)
