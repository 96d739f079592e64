"""Stripe's own minor units, where they differ from ISO 4217's."""

from adapters.stripe_facts import charge_limit, wire_exponent
from application.ports.gateway import GatewayRefused
from domain.errors import InvalidField
from domain.money import EXPONENTS, half_up


def to_wire(amount: int, currency: str) -> int:
    """Turn ISO minor units into what Stripe takes.

    Raises `GatewayRefused` for an amount that Stripe cannot represent, instead of rounding it: what
    is asked for and what is booked must be the same.
    """
    try:
        step = charge_limit(currency).step
    except InvalidField as error:
        raise GatewayRefused(str(error), code="invalid_currency", param="currency") from error
    if amount <= 0 or amount % step:
        raise GatewayRefused(
            f"{amount} minor units of {currency} are no positive multiple of {step}.",
            code="parameter_invalid_integer",
            param="amount",
        )
    return _scaled(amount, wire_exponent(currency) - EXPONENTS[currency])


def from_wire(amount: int, currency: str) -> int:
    """Turn what Stripe says into ISO minor units.

    Payments are always exact. A fee in a currency without decimals may come with a fraction, which
    is rounded half up. A currency unknown to us keeps the number that Stripe gave.
    """
    if currency not in EXPONENTS:
        return amount
    return _scaled(amount, EXPONENTS[currency] - wire_exponent(currency))


def _scaled(amount: int, exponent: int) -> int:
    if exponent >= 0:
        return amount * int(10**exponent)
    sign = -1 if amount < 0 else 1
    return sign * half_up(abs(amount), int(10**-exponent))
