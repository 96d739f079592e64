"""What a payment refuses, and why."""

from domain.errors import Conflict, Refused


class AmountTooSmall(Refused):
    """Below what the gateway can charge."""

    code = "amount_too_small"


class AmountTooLarge(Refused):
    """Above the platform's limit for one payment."""

    code = "amount_too_large"


class RefundExceedsRefundable(Refused):
    """More than is left to give back."""

    code = "refund_exceeds_refundable"


class PaymentStateConflict(Conflict):
    """The payment's status does not allow this."""

    code = "payment_state_conflict"


class PaymentDisputed(Conflict):
    """Nothing of it can be refunded while a dispute is open."""

    code = "payment_disputed"
