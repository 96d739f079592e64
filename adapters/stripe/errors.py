"""The one translation from Stripe's exceptions to the errors of the port."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from adapters.stripe.reading import advice_on, payment_of
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
from application.ports.open_units import refuse_inside_a_unit

_SECRETS = re.compile(
    r"\b(?:sk|rk|pk|whsec|ek)_[\w*]+|\b\w+_secret_\w+|[^\s@'\"]+@[^\s@'\"]+|\b\d{12,19}\b"
)


@contextmanager
def asking_stripe() -> Iterator[None]:
    """Wrap one call: refuse it inside a unit of work, and raise nothing but the port's errors.

    The SDK's exception carries the answer's body, with client secrets in it, so it is not chained.
    """
    refuse_inside_a_unit()
    try:
        yield
    except stripe.StripeError as error:
        raise translated(error) from None


def translated(error: stripe.StripeError) -> GatewayError:
    """Say in the port's words what an exception of the SDK means."""
    match error:
        case stripe.IdempotencyError() if error.http_status != 409:
            return KeyReused(_told(error), code="idempotency_error")
        case stripe.CardError() if error.error is not None and error.error.type == "card_error":
            return _declined(error.error)
        case stripe.AuthenticationError() | stripe.PermissionError():
            # What Stripe says here quotes the key, or what it may do: not for a log.
            return GatewayRefused(
                f"Stripe does not accept our API key for this{_request(error)}.",
                code=_code(error)
                or ("permission_denied" if error.http_status == 403 else "authentication_failed"),
            )
        case stripe.InvalidRequestError() | stripe.CardError():
            return GatewayRefused(
                _told(error), code=error.code or "invalid_request", param=error.param
            )
        case stripe.RateLimitError():
            return _busy(error)
        case _:
            return _busy(error) if error.http_status == 409 else _unknown(error)


def _code(error: stripe.StripeError) -> str | None:
    return error.error.code if error.error is not None else None


def _busy(error: stripe.StripeError) -> GatewayBusy:
    return GatewayBusy(f"Stripe was busy ({error.http_status}){_request(error)}.")


def _unknown(error: stripe.StripeError) -> OutcomeUnknown:
    what = f"status {error.http_status}" if error.http_status else type(error).__name__
    return OutcomeUnknown(f"Stripe did not answer for certain: {what}{_request(error)}.")


def _declined(details: stripe.ErrorObject) -> Declined:
    code = details.code or "card_declined"
    needs_payer = "authentication_required" in (code, details.decline_code)
    return (AuthenticationRequired if needs_payer else Declined)(
        redacted(details.message or "The card was declined."),
        code=code,
        decline_code=details.decline_code,
        advice=advice_on(code, details.decline_code, details.advice_code),
        payment=_payment(details),
    )


def _payment(details: stripe.ErrorObject) -> GatewayPayment | None:
    return payment_of(details.payment_intent) if details.payment_intent is not None else None


def _told(error: stripe.StripeError) -> str:
    return redacted(error.user_message or "Stripe refused the request.") + _request(error)


def _request(error: stripe.StripeError) -> str:
    return f" (request {error.request_id})" if error.request_id else ""


def redacted(text: str) -> str:
    """Strike keys, client secrets, e-mail addresses and long numbers from a text."""
    return _SECRETS.sub("[redacted]", text)
