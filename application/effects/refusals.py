"""How an effect that did not happen is told: as an error, and in words for a payer."""

from application.ports.gateway import (
    Declined,
    GatewayError,
    GatewayRefused,
)
from domain.errors import Conflict
from domain.payments import Failure

DECLINED = "Declined"
"""How a recorded refusal says that it was the bank's, not the gateway's."""


class OperationUnderWay(Conflict):
    """Another request is doing this very thing; ask again in a moment."""

    code = "operation_under_way"


class GatewayDeclined(Conflict):
    """The gateway refused our request; nothing happened."""

    code = "gateway_refused"


def kind_of(error: GatewayError) -> str:
    return DECLINED if isinstance(error, Declined) else type(error).__name__


def failure_of(error: GatewayError) -> Failure:
    """Put a refusal into words that a payer can be shown."""
    if isinstance(error, Declined):
        return Failure(
            code=error.code,
            message=error.message,
            decline_code=error.decline_code,
            advice=error.advice,
        )
    if isinstance(error, GatewayRefused):
        return Failure(code=error.code, message="The payment gateway refused the request.")
    return Failure(code="gateway_unavailable", message="The payment gateway was not reached.")
