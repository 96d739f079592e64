"""Identifiers and randomness, from the system or from a seed."""

import base64
import secrets
from collections.abc import Callable
from datetime import datetime
from random import Random, SystemRandom
from threading import Lock
from typing import Protocol

from domain.ids import PREFIXES
from domain.time import EPOCH

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_RANDOM_BITS = 80
_STEP_BITS = 32


class Now(Protocol):
    """What tells the instant of minting: any clock."""

    def now(self) -> datetime:
        """Return the current instant."""
        ...


class UlidIds:
    """Mint ids like ULIDs: milliseconds since 1970 in 48 bits, then 80 random bits.

    Within a process each id sorts after the one before, even when the clock stands still or is set
    back. See https://github.com/ulid/spec for the layout; letters are lower-case here.
    """

    def __init__(self, clock: Now, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._lock = Lock()
        self._last = -1

    def new(self, kind: str) -> str:
        """Return a fresh id of a kind: its prefix, `_`, and 26 characters of base 32."""
        return f"{PREFIXES[kind]}_{_base_32(self._next())}"

    def _next(self) -> int:
        since_1970 = self._clock.now() - EPOCH
        milliseconds = since_1970.days * 86_400_000 + (
            since_1970.seconds * 1000 + since_1970.microseconds // 1000
        )
        with self._lock:
            fresh = milliseconds << _RANDOM_BITS | self._random_bits(_RANDOM_BITS)
            if fresh <= self._last or fresh >> _RANDOM_BITS == self._last >> _RANDOM_BITS:
                # A random step keeps neighbours of one millisecond unguessable.
                fresh = self._last + 1 + self._random_bits(_STEP_BITS)
            self._last = fresh
            return fresh


class SeededIds(UlidIds):
    """Mint the same ids from the same seed and clock, for tests and simulators."""

    def __init__(self, clock: Now, seed: int = 0) -> None:
        super().__init__(clock, Random(seed).getrandbits)  # noqa: S311 - repeatable on purpose


class SystemRandomness:
    """Chance from the operating system."""

    def __init__(self) -> None:
        self._random = SystemRandom()

    def secret(self) -> str:
        """Return an unguessable URL-safe token of 256 bits."""
        return secrets.token_urlsafe(32)

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()


class SeededRandomness:
    """The same chance from the same seed, for tests and simulators; its secrets are none."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def secret(self) -> str:
        """Return a URL-safe token of 256 bits that anybody with the seed can foresee."""
        return base64.urlsafe_b64encode(self._random.randbytes(32)).rstrip(b"=").decode()

    def fraction(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()


def _base_32(number: int) -> str:
    """Write 130 bits as 26 characters, two at a time."""
    return "".join(_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10))
