"""What a gateway of our own says of each payment and of each payout."""

from collections.abc import Sequence

from attrs import frozen

from application.ports.gateway import Gateway, GatewayError, GatewayRefused
from application.ports.storage import Views
from application.verification.report import Look
from domain.earnings import Payout
from domain.payments import Payment
from domain.refunds import Refund, RefundStatus

_ACCEPTED = {RefundStatus.PENDING, RefundStatus.SUCCEEDED}


@frozen
class Difference:
    """What the gateway says otherwise, and which invariant that is."""

    invariant: str
    detail: str


def of_payment(gateway: Gateway, payment: Payment, refunds: Sequence[Refund]) -> Difference | None:
    """I4, I5: compare what was captured and what went back."""
    if not payment.status.has_succeeded or payment.gateway_id is None:
        return None
    try:
        held = gateway.payments.payment(payment.gateway_id)
    except GatewayRefused as error:
        return Difference("I4", f"the gateway has no {payment.gateway_id}: {error}")
    except GatewayError as error:
        return Difference("I4", f"the gateway could not be asked: {error}")
    if held.captured != payment.captured.minor:
        detail = f"captured {payment.captured.minor}; the gateway says {held.captured}"
        return Difference("I4", detail)
    surely = sum(each.amount.minor for each in refunds if each.status in _ACCEPTED)
    perhaps = sum(each.amount.minor for each in refunds if each.status is RefundStatus.RESERVED)
    if surely <= held.refunded <= surely + perhaps:
        return None
    under_way = f", and {perhaps} under way" if perhaps else ""
    detail = f"the gateway gave back {held.refunded}; our refunds come to {surely}{under_way}"
    return Difference("I5", detail)


def of_payout(gateway: Gateway, payout: Payout) -> Difference | None:
    """I6: compare what was transferred and what came back of it."""
    if payout.gateway_id is None:
        return None
    try:
        sent = gateway.transfers.transfer(payout.gateway_id)
    except GatewayError as error:
        return Difference("I6", f"the gateway does not tell of {payout.gateway_id}: {error}")
    amount, back = payout.amount.minor, payout.reversed.minor
    if (sent.amount, sent.reversed) == (amount, back):
        return None
    return Difference(
        "I6",
        f"{amount} was sent and {back} came back; the gateway says {sent.amount} and "
        f"{sent.reversed}",
    )


def check_doubtful(look: Look, views: Views) -> None:
    """Look once more where the gateway said something else, at the books as they are now.

    It may have been ahead of the books that were being read before.
    """
    found: dict[str, Difference | None] = {}
    for id_ in look.doubtful_payments:
        with look.checking(id_):
            payment = views.payments.find(id_)
            refunds = list(views.belongings.refunds_of([id_]))
            if payment is not None:
                found[id_] = of_payment(look.gateway, payment, refunds)
    for id_ in look.doubtful_payouts:
        with look.checking(id_):
            payout = views.payouts.find(id_)
            if payout is not None:
                found[id_] = of_payout(look.gateway, payout)
    for id_, difference in found.items():
        if difference is not None:
            look.wrong(difference.invariant, id_, difference.detail)
