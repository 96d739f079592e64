"""What the operator may choose; `entrypoints/settings` reads it from the environment.

Bookings, payments and payouts freeze what they need of these when they are made; a setting that is
changed later never touches them.
"""

from collections.abc import Mapping
from datetime import timedelta

from attrs import field, frozen

from domain.bookings import BookingRules
from domain.errors import InvalidField
from domain.fees import FeeOnRefund, FeeSchedule
from domain.money import Currency, Money, currency
from domain.policies import PRESETS, CancellationPolicy

_LARGEST_PAYMENT_MINOR = 1_000_000
_HOURLY_RATES_BEYOND_A_PAYMENT = 100


@frozen(kw_only=True)
class PlatformRules:
    """The operator's choices, with their defaults.

    Mappings are by currency code; what they do not name has no minimum and no cap, or the default.
    The first of `currencies` is the default one.
    """

    currencies: tuple[Currency, ...] = (
        currency("usd"),
        currency("eur"),
        currency("gbp"),
        currency("jpy"),
    )
    fee_basis_points: int = 1500
    fee_minimum: Mapping[str, Money] = field(factory=dict)
    fee_cap: Mapping[str, Money] = field(factory=dict)
    fee_on_refund: FeeOnRefund = field(factory=FeeOnRefund)
    policy: CancellationPolicy = PRESETS["moderate"]
    bookings: BookingRules = field(factory=BookingRules)
    minimum_lesson_minutes: int = 15
    maximum_lesson_minutes: int = 480
    maximum_payment: Mapping[str, Money] = field(factory=dict)
    payout_minimum: Mapping[str, Money] = field(factory=dict)
    payout_hold: timedelta = timedelta(hours=48)
    allows_reserved_domains: bool = True
    """Whether addresses below `.test`, `.example` and the like may register: not in production."""

    def currency(self, code: str) -> Currency:
        """Return a currency that may be used here, by its code. Raises `InvalidField`."""
        for known in self.currencies:
            if known.code == code:
                return known
        allowed = ", ".join(known.code for known in self.currencies)
        raise InvalidField("currency", f"Use one of {allowed}.", "currency_not_allowed")

    def fees_for(self, of: Currency, teacher_basis_points: int | None = None) -> FeeSchedule:
        """Return a currency's fee schedule; a teacher's own rate comes before the platform's."""
        rate = self.fee_basis_points if teacher_basis_points is None else teacher_basis_points
        return FeeSchedule(
            basis_points=rate,
            minimum=self.fee_minimum.get(of.code, Money.zero(of)),
            cap=self.fee_cap.get(of.code),
        )

    def largest_payment(self, of: Currency) -> Money:
        """Return the most that one payment may be: 10,000.00, or a million where cents are none."""
        digits = 10 ** max(0, of.exponent - 2)
        return self.maximum_payment.get(of.code, Money(_LARGEST_PAYMENT_MINOR * digits, of))

    def largest_hourly_rate(self, of: Currency) -> Money:
        """Return a bound for hourly rates: far above any payment, but no nonsense."""
        return Money(_HOURLY_RATES_BEYOND_A_PAYMENT * self.largest_payment(of).minor, of)

    def smallest_payout(self, of: Currency) -> Money:
        """Return the least that is paid out: 10.00."""
        return self.payout_minimum.get(of.code, Money(10 * 10**of.exponent, of))
