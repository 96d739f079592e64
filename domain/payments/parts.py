"""What a payment is made of, and what the gateway says of it."""

from datetime import datetime

from attrs import field, frozen

from domain.ids import UserId
from domain.money import Money, total
from domain.payments.states import PaymentStatus
from domain.time import instant


@frozen(kw_only=True)
class Share:
    """What a teacher was to get of a payment, and what of that was taken back."""

    teacher_id: UserId
    agreed: Money
    reversed: Money

    @property
    def remaining(self) -> Money:
        """Return what is left of it."""
        return self.agreed - self.reversed


@frozen(kw_only=True)
class Legs:
    """How an amount that goes back is borne; each part is zero or more, and they sum to it.

    `teachers` is in the order of the payment's shares. `suspense` is used alone, for money that was
    never anybody's.
    """

    fee: Money
    teachers: tuple[Money, ...]
    goodwill: Money
    suspense: Money

    @property
    def sum(self) -> Money:
        """Return the amount that they add up to."""
        return total((self.fee, *self.teachers, self.goodwill, self.suspense), self.fee.currency)


@frozen(kw_only=True)
class Failure:
    """Why a try did not work, in words that a payer can be shown."""

    code: str
    message: str
    decline_code: str | None = None
    advice: str | None = None


@frozen(kw_only=True)
class CardUsed:
    """What was paid with."""

    method_type: str | None = None
    brand: str | None = None
    last4: str | None = None


@frozen(kw_only=True)
class Observation:
    """What the gateway said of a payment, read beginning at `read_at`.

    `status` is pending, requires_action, processing, succeeded, failed or canceled.
    """

    status: PaymentStatus
    captured: Money
    gateway_id: str
    read_at: datetime = instant()
    client_secret: str | None = field(default=None, repr=False)
    charge_id: str | None = None
    receipt_url: str | None = None
    used: CardUsed = field(factory=CardUsed)
    failure: Failure | None = None
