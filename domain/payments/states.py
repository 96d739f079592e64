"""Where a payment stands, and where its money lies."""

from enum import StrEnum

from domain.bookings import PaymentState


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELING = "canceling"
    CANCELED = "canceled"

    @property
    def is_live(self) -> bool:
        """Tell whether money may still come in through it."""
        return self in LIVE

    @property
    def has_succeeded(self) -> bool:
        """Tell whether its money was captured."""
        return self in CAPTURED


LIVE = frozenset(
    {
        PaymentStatus.PENDING,
        PaymentStatus.REQUIRES_ACTION,
        PaymentStatus.PROCESSING,
        PaymentStatus.FAILED,
    }
)
CAPTURED = frozenset(
    {PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}
)

BOOKING_STATES: dict[PaymentStatus, PaymentState] = {
    PaymentStatus.PENDING: PaymentState.PENDING,
    PaymentStatus.REQUIRES_ACTION: PaymentState.PENDING,
    PaymentStatus.PROCESSING: PaymentState.PENDING,
    PaymentStatus.SUCCEEDED: PaymentState.PAID,
    PaymentStatus.PARTIALLY_REFUNDED: PaymentState.PARTIALLY_REFUNDED,
    PaymentStatus.REFUNDED: PaymentState.REFUNDED,
    PaymentStatus.FAILED: PaymentState.FAILED,
    PaymentStatus.CANCELING: PaymentState.UNPAID,
    PaymentStatus.CANCELED: PaymentState.UNPAID,
}
"""How a booking shows what became of its money."""


class Stage(StrEnum):
    """Where the captured money of a payment lies in the books."""

    UNFUNDED = "unfunded"
    """Nothing was captured yet."""
    PENDING = "pending"
    """The lesson is ahead: shares are pending, the fee is deferred."""
    EARNED = "earned"
    """The lesson ended: shares are the teachers', the fee is revenue."""
    SUSPENSE = "suspense"
    """Nobody's yet: the money came for something that was over already, and goes back."""


PAYS = frozenset({Stage.PENDING, Stage.EARNED})
"""The stages in which a payment's money is for its lesson."""
