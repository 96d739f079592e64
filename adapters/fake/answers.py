"""Answers as they are saved under an idempotency key: to be given again, word for word."""

from typing import TypeVar

import msgspec

from adapters.fake.records import Answer
from application.ports.gateway import (
    AuthenticationRequired,
    Declined,
    GatewayBusy,
    GatewayError,
    GatewayPayment,
    GatewayRefused,
    KeyReused,
    OutcomeUnknown,
)

A = TypeVar("A")

BROKEN = Answer(error="OutcomeUnknown", message="The gateway answered 500.")
TIMED_OUT = Answer(error="OutcomeUnknown", message="The gateway did not answer in time.")
LOCKED = Answer(error="GatewayBusy", message="Another request with this key is under way.")
RATE_LIMITED = Answer(error="GatewayBusy", message="Too many requests.")
OTHER_PARAMETERS = Answer(
    error="KeyReused",
    code="idempotency_error",
    message="Keys for idempotent requests can only be used with the same parameters.",
)


def answer_with(value: object) -> Answer:
    """Save a value."""
    return Answer(value=msgspec.json.encode(value).decode())


def answer_with_error(error: Declined | GatewayRefused) -> Answer:
    """Save a definite no."""
    if isinstance(error, GatewayRefused):
        return Answer(
            error=type(error).__name__, message=str(error), code=error.code, param=error.param
        )
    payment = None if error.payment is None else msgspec.json.encode(error.payment).decode()
    return Answer(
        error=type(error).__name__,
        message=error.message,
        code=error.code,
        decline_code=error.decline_code,
        advice=error.advice,
        payment=payment,
    )


def value_of(answer: Answer, of: type[A]) -> A:
    """Return the value that was saved, or raise the error."""
    if answer.value is None:
        raise error_of(answer)
    return msgspec.json.decode(answer.value, type=of)


def error_of(answer: Answer) -> GatewayError:
    """Return the error that was saved."""
    match answer.error:
        case "Declined" | "AuthenticationRequired":
            declined = Declined if answer.error == "Declined" else AuthenticationRequired
            payment = (
                None
                if answer.payment is None
                else msgspec.json.decode(answer.payment, type=GatewayPayment)
            )
            return declined(
                answer.message,
                code=answer.code,
                decline_code=answer.decline_code,
                advice=answer.advice,
                payment=payment,
            )
        case "GatewayRefused":
            return GatewayRefused(answer.message, code=answer.code, param=answer.param)
        case "KeyReused":
            return KeyReused(answer.message, code=answer.code)
        case "GatewayBusy":
            return GatewayBusy(answer.message)
        case _:
            return OutcomeUnknown(answer.message)
