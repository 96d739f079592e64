"""What the gateway can charge in a currency."""

from typing import Protocol

from attrs import frozen


@frozen(kw_only=True)
class ChargeLimit:
    """The smallest amount that can be charged in a currency, and the step amounts must keep."""

    minimum: int
    step: int = 1


class ChargeLimits(Protocol):
    """What the gateway can charge in a currency."""

    def __call__(self, currency: str) -> ChargeLimit:
        """Return the limits of a currency; raises `InvalidField` for one it cannot charge."""
        ...
