"""Identifiers and randomness."""

from typing import Protocol


class Ids(Protocol):
    """Mint identifiers."""

    def new(self, kind: str) -> str:
        """Return a fresh id for a kind of `domain.ids.PREFIXES`: its prefix, then 26 characters
        that sort by the instant of minting.
        """
        ...


class Randomness(Protocol):
    """Unpredictable and predictable chance; one port, so that a simulator can own both."""

    def secret(self) -> str:
        """Return an unguessable URL-safe token of 256 bits."""
        ...

    def fraction(self) -> float:
        """Return a number in [0, 1), for jitter; never for money."""
        ...
