"""Money in integer minor units, and exact division.

>>> usd = currency("usd")
>>> Money.parse("75.00", usd)
Money(7500, usd)
>>> split(100, (1, 3, 3))
(14, 43, 43)
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache, total_ordering
from typing import Self

from attrs import field, frozen

from domain.errors import BrokenInvariant, CurrencyMismatch, InvalidField

_EXPONENT_0 = "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf"
_EXPONENT_3 = "bhd iqd jod kwd lyd omr tnd"
_EXPONENT_2 = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn"
    " bzd cad cdf chf cny cop crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs"
    " gip gmd gtq gyd hkd hnl htg huf idr ils inr irr jmd kes kgs khr kpw kyd kzt lak lbp lkr"
    " lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd"
    " pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn"
    " svc syp szl thb tjs tmt top try ttd twd tzs uah usd uyu uzs ves wst xcd yer zar zmw zwg"
)
EXPONENTS: dict[str, int] = {
    code: exponent
    for codes, exponent in ((_EXPONENT_0, 0), (_EXPONENT_2, 2), (_EXPONENT_3, 3))
    for code in codes.split()
}
"""ISO 4217: how many digits follow the point, by lower-case currency code."""

MAX_MINOR = 10**15 - 1
"""The largest amount that is accepted anywhere: fifteen digits, far inside a 64-bit integer."""


@frozen
class Currency:
    """An ISO 4217 currency, named by its lower-case code."""

    code: str
    exponent: int = field(eq=False)

    def __repr__(self) -> str:
        return self.code

    def __str__(self) -> str:
        return self.code


@lru_cache(maxsize=256)
def currency(code: str) -> Currency:
    """Look a currency up by its lower-case ISO code.

    Raises `InvalidField` for a code that ISO 4217 does not list.
    """
    if code not in EXPONENTS:
        raise InvalidField("currency", f"{code!r} is not a known currency.", "unknown_currency")
    return Currency(code, EXPONENTS[code])


def _whole(_: object, __: object, value: int) -> None:
    if type(value) is not int:
        raise TypeError(f"minor units are integers, not {type(value).__name__}")
    if abs(value) > MAX_MINOR:
        raise InvalidField("amount", "The amount is too large.", "too_large")


@total_ordering
@frozen(repr=False, order=False)
class Money:
    """An amount of one currency, in its minor units (cents); negative only as a difference."""

    minor: int = field(validator=_whole)
    currency: Currency

    @classmethod
    def zero(cls, of: Currency) -> Self:
        """Return nothing, in a currency."""
        return cls(0, of)

    @classmethod
    def parse(cls, text: str, of: Currency, *, field: str = "amount") -> Self:
        """Read `"75.00"`: digits with exactly the currency's decimals; no sign, exponent or space.

        Raises `InvalidField` naming `field` for anything else.
        """
        point = rf"\.[0-9]{{{of.exponent}}}" if of.exponent else ""
        if len(text) > 20 or re.fullmatch(rf"(0|[1-9][0-9]*){point}", text) is None:
            example = Money(7500 * 10**of.exponent // 100, of)
            raise InvalidField(
                field, f"Give an amount of {of} as a decimal string such as '{example}'."
            )
        minor = int(text.replace(".", ""))
        if minor > MAX_MINOR:
            raise InvalidField(field, "The amount is too large.", "too_large")
        return cls(minor, of)

    def __str__(self) -> str:
        sign, digits = "-" * (self.minor < 0), str(abs(self.minor))
        if not self.currency.exponent:
            return sign + digits
        digits = digits.rjust(self.currency.exponent + 1, "0")
        return f"{sign}{digits[: -self.currency.exponent]}.{digits[-self.currency.exponent :]}"

    def __repr__(self) -> str:
        return f"Money({self.minor}, {self.currency.code})"

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: "Money") -> int:
        if self.currency is not other.currency and self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix.")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    @property
    def is_negative(self) -> bool:
        """Tell whether this is less than nothing."""
        return self.minor < 0

    def percent(self, percent: int) -> "Money":
        """Take whole `percent` of it, rounded half up."""
        return Money(half_up(self.minor * percent, 100), self.currency)

    def in_steps(self, step: int) -> "Money":
        """Round it half up to a multiple of `step` minor units, the least that a gateway moves."""
        return Money(half_up(self.minor, step) * step, self.currency)

    def split(self, weights: Sequence[int]) -> "tuple[Money, ...]":
        """Divide it by weights so that the parts sum to it exactly; see `split`."""
        return tuple(Money(part, self.currency) for part in split(self.minor, weights))


def total(amounts: Iterable[Money], of: Currency) -> Money:
    """Add amounts of one currency up; an empty sum is zero."""
    result = Money.zero(of)
    for amount in amounts:
        result += amount
    return result


def half_up(numerator: int, denominator: int) -> int:
    """Divide non-negative integers, rounding half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def split(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide a non-negative amount by non-negative weights, exactly.

    Largest remainder: each part is floor(amount·wᵢ/W), and the spare units go to the largest
    remainders of amount·wᵢ mod W, ties by position. The parts sum to `amount`. With all weights
    zero, only an amount of zero can be divided.
    """
    whole = sum(weights)
    if amount < 0 or any(weight < 0 for weight in weights) or (whole == 0 and amount):
        raise BrokenInvariant(f"cannot divide {amount} by {tuple(weights)}")
    if whole == 0:
        return tuple(0 for _ in weights)
    parts = [amount * weight // whole for weight in weights]
    # Sorting is stable: ties stay in the order of their positions.
    by_remainder = sorted(range(len(weights)), key=lambda at: -(amount * weights[at] % whole))
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return tuple(parts)
