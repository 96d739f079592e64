"""What the platform keeps of a price, and of a refund. "Fees" in docs/domain.md."""

from enum import StrEnum

from attrs import field, frozen

from domain.errors import InvalidField
from domain.money import Money, half_up


@frozen(kw_only=True)
class FeeSchedule:
    """A rate in basis points of the list price, with a floor and a ceiling, in one currency."""

    basis_points: int = field()
    minimum: Money
    cap: Money | None = None

    @basis_points.validator
    def _within_the_whole(self, _: object, value: int) -> None:
        if not 0 <= value <= 10_000:
            raise InvalidField("fee_basis_points", "A fee is between 0 and 10000 basis points.")

    def fee(self, list_price: Money) -> Money:
        """Return `min(L, max(minimum, min(cap, ⌊(L·bps + 5000)/10000⌋)))`."""
        rate = Money((list_price.minor * self.basis_points + 5000) // 10_000, list_price.currency)
        capped = rate if self.cap is None else min(self.cap, rate)
        return min(list_price, max(self.minimum, capped))

    @property
    def percentage(self) -> str:
        """Return the rate as a percentage with two decimals, such as `"15.00"`."""
        return f"{self.basis_points // 100}.{self.basis_points % 100:02d}"


class FeeBearing(StrEnum):
    """Who bears a refund, when no side is at fault that rules it otherwise."""

    PROPORTIONAL = "proportional"
    KEPT = "kept"
    ABSORBED = "absorbed"


@frozen
class FeeOnRefund:
    """What becomes of the fee when money goes back.

    `kept_percent` of the fee's part stays with the platform, where the bearing is `kept`.
    """

    bearing: FeeBearing = FeeBearing.PROPORTIONAL
    kept_percent: int = field(default=100)

    @kept_percent.validator
    def _is_a_percentage(self, _: object, value: int) -> None:
        if not 0 <= value <= 100:
            raise InvalidField("fee_on_refund", "A kept share is between 0 and 100 percent.")

    @classmethod
    def parse(cls, text: str) -> "FeeOnRefund":
        """Read `proportional`, `absorbed`, `kept` or `kept:30`. Raises `InvalidField`."""
        name, colon, percent = text.partition(":")
        is_number = percent.isascii() and percent.isdigit() and len(percent) <= 3
        is_whole = is_number and name == FeeBearing.KEPT if colon else name in set(FeeBearing)
        if not is_whole:
            raise InvalidField("fee_on_refund", "Use proportional, kept, kept:30 or absorbed.")
        return cls(FeeBearing(name), int(percent or 100))

    def __str__(self) -> str:
        if self.bearing is FeeBearing.KEPT and self.kept_percent != 100:
            return f"kept:{self.kept_percent}"
        return str(self.bearing)

    def kept(self, fee_part: int) -> int:
        """Return how many minor units of the fee's part of a refund the platform keeps."""
        return half_up(fee_part * self.kept_percent, 100)
