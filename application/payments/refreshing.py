"""Reading a payment at the gateway, and applying what it says."""

from collections.abc import Callable

from attrs import frozen

from application.applying import Applying
from application.ports.clock import Clock
from application.ports.gateway import (
    Gateway,
    GatewayBusy,
    GatewayPayment,
    GatewayRefused,
    OutcomeUnknown,
)
from application.ports.storage import Unit, UnitOfWork
from domain.errors import GatewayUnavailable, NotFound
from domain.payments import Payment


@frozen
class Refreshing:
    """Read a payment at the gateway and apply what it says."""

    work: UnitOfWork
    clock: Clock
    gateway: Gateway
    applying: Applying

    def read(self, gateway_id: str) -> GatewayPayment:
        """Ask the gateway. Raises `GatewayUnavailable`, or `NotFound` for what it does not know."""
        try:
            return self.gateway.payments.payment(gateway_id)
        except GatewayRefused as refused:
            raise NotFound("This payment") from refused
        except (GatewayBusy, OutcomeUnknown) as error:
            raise GatewayUnavailable("The payment gateway did not answer.") from error

    def refresh(self, payment: Payment, then: Callable[[Unit], object]) -> None:
        """Apply what the gateway holds now; `then` runs in the same unit."""
        if payment.gateway_id is None:
            self.work(then)
            return
        read_at = self.clock.now()
        seen = self.read(payment.gateway_id)

        def decide(unit: Unit) -> None:
            self.applying.payment(unit, payment.id, seen, read_at=read_at)
            then(unit)

        self.work(decide)
