"""The kinds of effects on the gateway: how each is sent, found again, and booked either way.

A new kind is a class here and a line in `EFFECTS`; recovery, crash tests and the worker find it by
itself.
"""

from datetime import timedelta
from typing import Any, ClassVar

from attrs import evolve, frozen

from application.applying import Applying, GatewayPaymentRef
from application.card_file import CardFile, CardOfCustomer, NewCard
from application.effects import Effect, failure_of
from application.payout_booking import PayoutBooking
from application.ports.clock import Clock
from application.ports.gateway import (
    Confirmation,
    Declined,
    Gateway,
    GatewayAccount,
    GatewayBusy,
    GatewayCard,
    GatewayCustomer,
    GatewayError,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefund,
    GatewayRefused,
    GatewayTransfer,
    KeyReused,
    NewAccount,
    NewCustomer,
    NewPayment,
    NewRefund,
    NewTransfer,
)
from application.ports.records import Operation
from application.ports.storage import Unit
from domain.earnings import TeacherAccount
from domain.ids import PaymentId, PayoutId, RefundId, UserId

PROBE_BACK = timedelta(days=3)
"""How far before an operation a probe looks, for clocks that differ and for second attempts."""

_MOVED_ON = {
    GatewayPaymentStatus.NEEDS_ACTION,
    GatewayPaymentStatus.PROCESSING,
    GatewayPaymentStatus.SUCCEEDED,
    GatewayPaymentStatus.CANCELED,
}


@frozen
class PaymentEffect:
    """What the three effects on a payment have in common: how they are booked."""

    gateway: Gateway
    applying: Applying
    clock: Clock

    def apply(self, unit: Unit, operation: Operation, made: GatewayPayment) -> str | None:
        """Apply the payment as the gateway holds it."""
        self.applying.payment(unit, PaymentId(operation.subject), made, read_at=self.clock.now())
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Show the payer why, or let the try be repeated when the gateway never saw it."""
        payment = PaymentId(operation.subject)
        if isinstance(error, Declined) and error.payment is not None:
            self.applying.payment(unit, payment, error.payment, read_at=self.clock.now())
        if isinstance(error, GatewayBusy):
            self.applying.try_dropped(unit, payment)
        else:
            self.applying.try_failed(unit, payment, failure_of(error))


@frozen
class CreatePayment(PaymentEffect):
    """Make a payment, and try it at once when it names a payment method."""

    kind: ClassVar[str] = "payment.create"

    def send(self, operation: Operation, key: str) -> GatewayPayment:
        """Make the payment."""
        request = NewPayment(**operation.params)  # type: ignore[arg-type]
        return self.gateway.payments.create_payment(request, key=key)

    def probe(self, operation: Operation) -> GatewayPayment | None:
        """Look among the customer's payments. Raises `Declined` when it was tried and refused."""
        seen = self.gateway.payments.find_payment(
            operation.id,
            customer=str(operation.params["customer"]),
            since=operation.created_at - PROBE_BACK,
        )
        failure = seen.failure if seen is not None else None
        if seen is None or failure is None or operation.params["payment_method"] is None:
            return seen
        if seen.status in _MOVED_ON:
            return seen
        # Whoever asks again is told what the bank said, like one who got the first answer.
        raise Declined(
            failure.message,
            code=failure.code,
            decline_code=failure.decline_code,
            advice=failure.advice,
            payment=seen,
        )


@frozen
class ConfirmPayment(PaymentEffect):
    """Try a payment again from the server."""

    kind: ClassVar[str] = "payment.confirm"

    def send(self, operation: Operation, key: str) -> GatewayPayment:
        """Confirm the payment."""
        request = Confirmation(**operation.params)  # type: ignore[arg-type]
        return self.gateway.payments.confirm_payment(request, key=key)

    def probe(self, operation: Operation) -> GatewayPayment | None:
        """Tell that it was tried only if the payment has moved on; a failure may be old."""
        seen = self.gateway.payments.payment(str(operation.params["payment"]))
        return seen if seen.status in _MOVED_ON else None


@frozen
class CancelPayment(PaymentEffect):
    """Cancel a payment; one that has moved on meanwhile is applied as it is."""

    kind: ClassVar[str] = "payment.cancel"

    def send(self, operation: Operation, key: str) -> GatewayPayment:
        """Cancel the payment, or read what became of it when it is too late for that."""
        payment = GatewayPaymentRef(**operation.params).payment  # type: ignore[arg-type]
        try:
            return self.gateway.payments.cancel_payment(payment, key=key)
        except KeyReused:
            raise
        except GatewayRefused:
            return self.gateway.payments.payment(payment)

    def probe(self, operation: Operation) -> GatewayPayment | None:
        """Tell whether it is over."""
        seen = self.gateway.payments.payment(str(operation.params["payment"]))
        over = {GatewayPaymentStatus.CANCELED, GatewayPaymentStatus.SUCCEEDED}
        return seen if seen.status in over else None

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Leave it canceling; what it becomes is told by the gateway's events."""


@frozen
class CreateRefund:
    """Give money back."""

    gateway: Gateway
    applying: Applying
    kind: ClassVar[str] = "refund.create"

    def send(self, operation: Operation, key: str) -> GatewayRefund:
        """Make the refund."""
        request = NewRefund(**operation.params)  # type: ignore[arg-type]
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
    kind: ClassVar[str] = "transfer.create"

    def send(self, operation: Operation, key: str) -> GatewayTransfer:
        """Make the transfer."""
        request = NewTransfer(**operation.params)  # type: ignore[arg-type]
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


@frozen
class CreateCustomer:
    """Make the gateway's customer for a user."""

    gateway: Gateway
    kind: ClassVar[str] = "customer.create"

    def send(self, operation: Operation, key: str) -> GatewayCustomer:
        """Make the customer."""
        request = NewCustomer(**operation.params)  # type: ignore[arg-type]
        return self.gateway.customers.create_customer(request, key=key)

    def probe(self, operation: Operation) -> GatewayCustomer | None:
        """Look among the customers with the user's address."""
        return self.gateway.customers.find_customer(
            operation.id,
            email=str(operation.params["email"]),
            since=operation.created_at - PROBE_BACK,
        )

    def apply(self, unit: Unit, operation: Operation, made: GatewayCustomer) -> str | None:
        """Remember the customer; the first one stays."""
        user = unit.users.get(UserId(operation.subject))
        if user.gateway_customer_id is None:
            unit.users.save(user.known_to_gateway_as(made.id))
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Nothing was reserved."""


@frozen
class AttachCard:
    """Attach a card to a customer, and save it."""

    gateway: Gateway
    file: CardFile
    kind: ClassVar[str] = "card.attach"

    def send(self, operation: Operation, key: str) -> GatewayCard:
        """Attach the card."""
        asked = NewCard(**operation.params)  # type: ignore[arg-type]
        return self.gateway.cards.attach_card(asked.card, customer=asked.customer, key=key)

    def probe(self, operation: Operation) -> GatewayCard | None:
        """Tell whether it is the customer's. A test token, which becomes a card of another id,
        never is: there the same key has to tell.
        """
        card = self.gateway.cards.card(str(operation.params["card"]))
        return card if card.customer == operation.params["customer"] else None

    def apply(self, unit: Unit, operation: Operation, made: GatewayCard) -> str | None:
        """Save the card as was asked, once."""
        asked = NewCard(**operation.params)  # type: ignore[arg-type]
        self.file.keep(
            unit, UserId(operation.subject), made, listed=asked.listed, default=asked.default
        )
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Nothing was reserved."""


@frozen
class DetachCard:
    """Detach a removed card at the gateway."""

    gateway: Gateway
    kind: ClassVar[str] = "card.detach"

    def send(self, operation: Operation, key: str) -> GatewayCard:
        """Detach the card."""
        asked = CardOfCustomer(**operation.params)  # type: ignore[arg-type]
        return self.gateway.cards.detach_card(asked.card, key=key)

    def probe(self, operation: Operation) -> GatewayCard | None:
        """Tell whether nobody owns it any more."""
        card = self.gateway.cards.card(str(operation.params["card"]))
        return card if card.customer is None else None

    def apply(self, unit: Unit, operation: Operation, made: GatewayCard) -> str | None:
        """Nothing to book: the card is off file already."""
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Leave it: it is gone at the gateway too, which is what was wanted."""


@frozen
class SetDefaultCard:
    """Set the card that a customer's invoices are charged to."""

    gateway: Gateway
    kind: ClassVar[str] = "card.set_default"

    def send(self, operation: Operation, key: str) -> GatewayCustomer:
        """Set the default."""
        asked = CardOfCustomer(**operation.params)  # type: ignore[arg-type]
        self.gateway.customers.set_default_card(asked.customer, asked.card or None, key=key)
        return GatewayCustomer(id=asked.customer)

    def probe(self, operation: Operation) -> GatewayCustomer | None:
        """Tell whether it is set."""
        customer = self.gateway.customers.customer(str(operation.params["customer"]))
        wanted = operation.params["card"] or None
        return customer if customer.default_card == wanted else None

    def apply(self, unit: Unit, operation: Operation, made: GatewayCustomer) -> str | None:
        """Nothing to book: our default is set already."""
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Leave it: our default stands; the gateway's is set with the next change."""


@frozen
class CreateAccount:
    """Make a teacher's connected account."""

    gateway: Gateway
    clock: Clock
    kind: ClassVar[str] = "account.create"

    def send(self, operation: Operation, key: str) -> GatewayAccount:
        """Make the account."""
        request = NewAccount(**operation.params)  # type: ignore[arg-type]
        return self.gateway.accounts.create_account(request, key=key)

    def probe(self, operation: Operation) -> GatewayAccount | None:
        """Look among the accounts made since."""
        return self.gateway.accounts.find_account(
            operation.id, since=operation.created_at - PROBE_BACK
        )

    def apply(self, unit: Unit, operation: Operation, made: GatewayAccount) -> str | None:
        """Remember the account and what it may do; the first one stays."""
        account = unit.accounts.get(UserId(operation.subject))
        if account.gateway_id in {None, made.id}:
            apply_account(unit, account, made, self.clock)
        return made.id

    def refuse(self, unit: Unit, operation: Operation, error: GatewayError) -> None:
        """Nothing was reserved."""


def apply_account(unit: Unit, account: TeacherAccount, made: GatewayAccount, clock: Clock) -> None:
    """Take in what a connected account, locked in this unit, may do."""
    known = evolve(
        account,
        gateway_id=made.id,
        charges_enabled=made.charges_enabled,
        payouts_enabled=made.payouts_enabled,
        transfers_enabled=made.transfers_enabled,
        details_submitted=made.details_submitted,
    )
    if known != account:
        unit.accounts.save(evolve(known, updated_at=clock.now()))


EFFECTS: tuple[type[Any], ...] = (
    CreatePayment,
    ConfirmPayment,
    CancelPayment,
    CreateRefund,
    CreateTransfer,
    CreateCustomer,
    AttachCard,
    DetachCard,
    SetDefaultCard,
    CreateAccount,
)
"""Every kind of effect; the composition root builds one of each."""


def by_kind(effects: tuple[Effect, ...]) -> dict[str, Effect]:
    """Index effects by their kind."""
    return {effect.kind: effect for effect in effects}
