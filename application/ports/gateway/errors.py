"""What a call to the gateway may raise."""

from application.ports.gateway.held import GatewayPayment


class GatewayError(Exception):
    """Something about a call to the gateway; `str(error)` is safe to log."""


class Declined(GatewayError):
    """The bank said no: definite.

    `code` and `decline_code` are the gateway's. `advice` is one of `try_again_later`,
    `confirm_card_data`, `do_not_try_again`, `use_another_card`. `payment` is what the gateway holds
    of the payment, when it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        decline_code: str | None = None,
        advice: str | None = None,
        payment: GatewayPayment | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.decline_code = decline_code
        self.advice = advice
        self.payment = payment


class AuthenticationRequired(Declined):
    """The bank wants the cardholder present (3-D Secure); charging without them was refused."""


class GatewayRefused(GatewayError):
    """Our request is wrong or names something absent: definite, and the same again will fail too.

    `code` is the gateway's code, such as `resource_missing` or `charge_already_refunded`.
    `param` names the parameter at fault where the gateway told.
    """

    def __init__(
        self, message: str, *, code: str = "invalid_request", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class KeyReused(GatewayRefused):
    """The key was used with other parameters: our bug, and an earlier call ran. Probe."""


class GatewayBusy(GatewayError):
    """Not executed, try later with the same key: another call holds a lock, or too many calls."""


class OutcomeUnknown(GatewayError):
    """It may have happened: a timeout, a reset, a 5xx. Probe, then the same key again."""


class BadSignature(GatewayError):
    """The delivery is not from the gateway, or stale, or altered."""
