"""Effects on payments: made, tried again, cancelled."""

from typing import ClassVar

from attrs import frozen

from application.applying import Applying, GatewayPaymentRef
from application.effects import EffectKind, failure_of
from application.gateway_effects.probing import PROBE_BACK
from application.ports.clock import Clock
from application.ports.gateway import (
    Confirmation,
    Declined,
    Gateway,
    GatewayBusy,
    GatewayError,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefused,
    KeyReused,
    NewPayment,
)
from application.ports.records import Operation
from application.ports.storage import Unit
from domain.ids import PaymentId

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

    kind: ClassVar[EffectKind] = EffectKind.CREATE_PAYMENT

    def send(self, operation: Operation, key: str) -> GatewayPayment:
        """Make the payment."""
        request = operation.request(NewPayment)
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

    kind: ClassVar[EffectKind] = EffectKind.CONFIRM_PAYMENT

    def send(self, operation: Operation, key: str) -> GatewayPayment:
        """Confirm the payment."""
        request = operation.request(Confirmation)
        return self.gateway.payments.confirm_payment(request, key=key)

    def probe(self, operation: Operation) -> GatewayPayment | None:
        """Tell that it was tried only if the payment has moved on; a failure may be old."""
        seen = self.gateway.payments.payment(str(operation.params["payment"]))
        return seen if seen.status in _MOVED_ON else None


@frozen
class CancelPayment(PaymentEffect):
    """Cancel a payment; one that has moved on meanwhile is applied as it is."""

    kind: ClassVar[EffectKind] = EffectKind.CANCEL_PAYMENT

    def send(self, operation: Operation, key: str) -> GatewayPayment:
        """Cancel the payment, or read what became of it when it is too late for that."""
        payment = operation.request(GatewayPaymentRef).payment
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
