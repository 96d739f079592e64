"""Our cash against the gateway's own account of it: I3."""

from collections import Counter
from collections.abc import Iterable

from application.ports.gateway import GatewayError, GatewayRefundStatus
from application.ports.records import Operation
from application.verification.lessons import Lessons
from application.verification.report import Look
from application.verification.teachers import Teachers
from domain.refunds import Refund


def check_cash(
    look: Look, lessons: Lessons, teachers: Teachers, under_way: Iterable[Operation]
) -> None:
    """B(cash) + what the gateway did and our books do not know yet = what the gateway holds."""
    try:
        look.gateway_cash = {
            code: amount for code, amount in look.gateway.books.balances().items() if amount
        }
        if look.cash == look.gateway_cash or not look.books_are_readable:
            return
        unapplied = _unapplied(look, lessons, teachers, tuple(under_way))
    except GatewayError as error:
        look.wrong("I3", "cash:gateway", f"the gateway could not be asked: {error}")
        return
    for code in sorted({*look.cash, *look.gateway_cash}):
        ours, theirs = look.cash.get(code, 0), look.gateway_cash.get(code, 0)
        if ours + unapplied[code] != theirs:
            look.wrong(
                "I3",
                "cash:gateway",
                f"our books say {ours} {code}, and {unapplied[code]} is not booked yet; the "
                f"gateway says {theirs}: {theirs - ours - unapplied[code]:+} unexplained",
            )
        elif unapplied[code]:
            look.notes.append(
                f"the gateway moved {unapplied[code]} {code} that our books take in next"
            )


def _unapplied(
    look: Look, lessons: Lessons, teachers: Teachers, under_way: tuple[Operation, ...]
) -> Counter[str]:
    by_subject = {operation.subject: operation for operation in under_way}
    moved = _taken(look, lessons)
    for refund in lessons.open_refunds:
        if _was_refunded(look, refund, by_subject.get(refund.id)):
            moved[refund.amount.currency.code] -= refund.amount.minor
    for payout in teachers.open_transfers:
        if _was_sent(look, by_subject.get(payout.id)):
            moved[payout.amount.currency.code] -= payout.amount.minor
    return moved


def _taken(look: Look, lessons: Lessons) -> Counter[str]:
    """Sum what the gateway took of payers and settled, and our cash does not hold yet."""
    found = [
        look.gateway.books.charge_transaction(charge)
        for charge in (*lessons.open_charges, *look.stray_charges)
    ]
    for payment in look.each("payments under way", look.views.everything.payments()):
        if payment.status.is_live and payment.gateway_id is not None:
            held = look.gateway.payments.payment(payment.gateway_id)
            found.append(held.balance_transaction)
    moved: Counter[str] = Counter()
    # A charge may be found in both ways, and may have been booked as nobody's.
    for movement in {each.id: each for each in found if each is not None}.values():
        if not look.booked(f"charge_settled:{movement.id}").exists:
            moved[movement.currency] += movement.net
    return moved


def _was_refunded(look: Look, refund: Refund, operation: Operation | None) -> bool:
    if refund.gateway_id is not None:
        # The gateway takes a refund from our balance when it is made, not when it arrives.
        seen = look.gateway.refunds.refund(refund.gateway_id)
        return seen.status is not GatewayRefundStatus.FAILED
    if operation is None:
        return False
    found = look.gateway.refunds.find_refund(operation.id, payment=str(operation.params["payment"]))
    return found is not None and found.status is not GatewayRefundStatus.FAILED


def _was_sent(look: Look, operation: Operation | None) -> bool:
    if operation is None:
        return False
    group = str(operation.params["transfer_group"])
    found = look.gateway.transfers.find_transfer(operation.id, transfer_group=group)
    return found is not None
