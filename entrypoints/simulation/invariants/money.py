"""Money, in our records and at the gateway: I4, I5 and I6."""

from adapters.fake.records import OPERATION
from adapters.fake.records import Refund as MadeRefund
from adapters.fake.records import Transfer as MadeTransfer
from application.ports.gateway import GatewayPaymentStatus, GatewayRefundStatus
from domain.earnings import EarningLine, Payout, PayoutMethod, PayoutStatus
from domain.payments import Payment
from domain.refunds import Refund, RefundCause, RefundStatus
from entrypoints.simulation.witness import Sight, always

_ON_THEIR_WAY = frozenset({RefundStatus.RESERVED, RefundStatus.PENDING, RefundStatus.SUCCEEDED})


@always
def nothing_is_recorded_that_was_not_captured(sight: Sight) -> None:
    """I4: recorded <= captured at the gateway <= asked for."""
    for _, payment in sight.touched.of(Payment):
        if not payment.captured:
            continue
        made = sight.truth.payment(payment.gateway_id) if payment.gateway_id else None
        captured = made is not None and made.status is GatewayPaymentStatus.SUCCEEDED
        at_gateway = made.amount if captured and made is not None else 0
        if not payment.captured.minor <= at_gateway <= payment.amount.minor:
            sight.wrong("I4", payment.id, f"captured {payment.captured}; it took {at_gateway}")


@always
def no_more_goes_back_than_was_paid(sight: Sight) -> None:
    """I5: refunded + reserved + lost <= captured, and no leg gives more than it has."""
    for _, payment in sight.touched.of(Payment):
        gone = payment.refunded + payment.reserved + payment.lost
        if gone > payment.captured:
            sight.wrong("I5", payment.id, f"gives back {gone} of {payment.captured}")
        parts = (payment.fee_remaining, *(share.remaining for share in payment.shares))
        if any(part.is_negative for part in parts):
            sight.wrong("I5", payment.id, f"owes more than it has: {parts}")


@always
def a_refund_that_is_confirmed_was_made(sight: Sight) -> None:
    """I5: what our books call refunded is at the gateway, to the cent."""
    for _, refund in sight.touched.of(Refund):
        if not refund.has_succeeded and refund.status is not RefundStatus.PENDING:
            continue
        made = sight.truth.refund(refund.gateway_id) if refund.gateway_id else None
        if made is None or made.amount != refund.amount.minor:
            sight.wrong("I5", refund.id, f"is {refund.status}; the gateway has {made}")
        elif refund.has_succeeded and made.status is GatewayRefundStatus.PENDING:
            sight.wrong("I5", refund.id, f"is {refund.status}; at the gateway it still pends")


@always
def a_refund_that_is_made_was_reserved(sight: Sight) -> None:
    """I5: what the gateway gives back for us was set aside before."""
    for made in sight.truth.made:
        if not isinstance(made, MadeRefund) or OPERATION not in made.metadata:
            continue
        refund = sight.mirror.get("refunds", made.metadata.get("refund_id"))
        if refund is None or refund.amount.minor != made.amount:
            sight.wrong("I5", made.id, f"gives {made.amount} back for {refund}")
        elif refund.status not in _ON_THEIR_WAY and not refund.has_succeeded:
            sight.wrong("I5", made.id, f"was made for {refund.id}, which is {refund.status}")


@always
def a_transfer_is_reserved_before_it_is_sent(sight: Sight) -> None:
    """I6: confirmed <= transferred at the gateway <= confirmed + in flight."""
    for made in sight.truth.made:
        if isinstance(made, MadeTransfer) and OPERATION in made.metadata:
            payout = sight.mirror.get("payouts", made.metadata.get("payout_id"))
            if payout is None or payout.amount.minor != made.amount:
                sight.wrong("I6", made.id, f"sends {made.amount} for {payout}")
            elif payout.status is PayoutStatus.FAILED:
                sight.wrong("I6", made.id, f"was sent for {payout.id}, which had failed")
    for _, payout in sight.touched.of(Payout):
        _check_paid(sight, payout)


@always
def a_payout_carries_only_what_is_available(sight: Sight) -> None:
    """I6: a lesson's money is paid out after its hold, and when the gateway's funds are there."""
    for before, line in sight.touched.of(EarningLine):
        if line.payout_id is None or (before is not None and before.payout_id == line.payout_id):
            continue
        payout: Payout | None = sight.mirror.get("payouts", line.payout_id)
        available_at = line.available_at
        if payout is None or available_at is None or available_at > payout.created_at:
            sight.wrong("I6", line.id, f"is carried by {line.payout_id} before {available_at}")


def _check_paid(sight: Sight, payout: Payout) -> None:
    if payout.method is not PayoutMethod.STRIPE or payout.status is not PayoutStatus.PAID:
        return
    made = sight.truth.transfer(payout.gateway_id) if payout.gateway_id else None
    if made is None or made.amount != payout.amount.minor:
        sight.wrong("I6", payout.id, f"is paid; the gateway has {made}")
    elif payout.reversed.minor > made.reversed:
        sight.wrong("I6", payout.id, f"{payout.reversed} came back; {made.reversed} was reversed")


@always
def refunds_of_a_payment_are_what_it_counts(sight: Sight) -> None:
    """I5: what a payment counts as refunded and reserved is what its refunds sum up to."""
    payments = {now.id: now for _, now in sight.touched.of(Payment)}
    payments |= {
        refund.payment_id: sight.mirror.get("payments", refund.payment_id)
        for _, refund in sight.touched.of(Refund)
    }
    for payment in payments.values():
        if payment is not None:
            _compare(sight, payment)


def _compare(sight: Sight, payment: Payment) -> None:
    refunded = reserved = 0
    for refund in sight.mirror.all("refunds"):
        if refund.payment_id != payment.id or refund.cause is RefundCause.OWED:
            continue
        if refund.status is RefundStatus.RESERVED:
            reserved += refund.amount.minor
        elif refund.status is RefundStatus.PENDING or refund.has_succeeded:
            refunded += refund.amount.minor
    if (payment.refunded.minor, payment.reserved.minor) != (refunded, reserved):
        sight.wrong(
            "I5",
            payment.id,
            f"counts {payment.refunded} and {payment.reserved}; its refunds come to "
            f"{refunded} and {reserved}",
        )
