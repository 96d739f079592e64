"""The ledger: I1, I2 and I9, over a second set of books that nobody else keeps."""

from collections import Counter

from application.verification.books import NEVER_NEGATIVE, NEVER_POSITIVE
from application.verification.report import kind_and_owner
from domain.earnings import TeacherBalance
from domain.ledger import fee_deferred, held, payable, pending, receivable
from domain.payments import Payment, Stage
from entrypoints.simulation.witness import Sight, always


@always
def every_entry_balances_and_books_a_fact_once(sight: Sight) -> None:
    """I1, I2: an entry sums to zero in each currency, and no key is booked twice."""
    for entry in sight.touched.entries:
        sums: Counter[str] = Counter()
        for line in entry.lines:
            sums[line.amount.currency.code] += line.amount.minor
        if any(sums.values()):
            sight.wrong("I1", entry.key, f"sums to {dict(sums)}")
        if entry.key in sight.mirror.entries:
            sight.wrong("I2", entry.key, "is booked twice")
        sight.mirror.entries[entry.key] = entry


@always
def no_account_has_an_impossible_sign(sight: Sight) -> None:
    """I9: liabilities are never positive, receivables never negative, and never both at once."""
    for account, code in sight.touched.accounts:
        amount = sight.mirror.balance(account, code)
        kind, owner = kind_and_owner(account)
        if (kind in NEVER_NEGATIVE and amount < 0) or (kind in NEVER_POSITIVE and amount > 0):
            sight.wrong("I9", account, f"holds {amount} {code}")
        if owner and kind in {"payable", "receivable"}:
            owes = sight.mirror.balance(receivable(owner), code)
            if owes and sight.mirror.balance(payable(owner), code):
                sight.wrong("I9", owner, f"is owed {code} and owes it at the same time")


@always
def stored_balances_are_what_the_books_say(sight: Sight) -> None:
    """I2: what is stored of a teacher is what the entries sum up to."""
    for _, balance in sight.touched.of(TeacherBalance):
        _compare(sight, balance)


def _compare(sight: Sight, balance: TeacherBalance) -> None:
    code, teacher = balance.currency.code, balance.teacher_id
    for account, stored in (
        (payable(teacher), -balance.payable.minor),
        (held(teacher), -balance.held.minor),
        (receivable(teacher), balance.receivable.minor),
    ):
        booked = sight.mirror.balance(account, code)
        if booked != stored:
            sight.wrong("I2", account, f"is stored as {stored} {code}, and booked as {booked}")


@always
def what_is_pending_is_what_open_lessons_owe(sight: Sight) -> None:
    """I9: the money of a lesson ahead lies with the lesson, and nothing of one that is over."""
    for _, payment in sight.touched.of(Payment):
        if payment.booking_id is None or payment.stage is Stage.SUSPENSE:
            continue
        ahead = payment.stage is Stage.PENDING
        if not ahead and _has_another_ahead(sight, payment):
            continue
        code = payment.amount.currency.code
        for share in payment.shares:
            owed = -share.remaining.minor if ahead else 0
            account = pending(payment.booking_id, share.teacher_id)
            if sight.mirror.balance(account, code) != owed:
                sight.wrong("I9", account, f"is not {owed}: {payment.id} is {payment.stage}")
        owed = -payment.fee_remaining.minor if ahead else 0
        if sight.mirror.balance(fee_deferred(payment.booking_id), code) != owed:
            sight.wrong("I9", fee_deferred(payment.booking_id), f"is not {owed}")


def _has_another_ahead(sight: Sight, payment: Payment) -> bool:
    return any(
        other.booking_id == payment.booking_id and other.stage is Stage.PENDING
        for other in sight.mirror.all("payments")
    )
