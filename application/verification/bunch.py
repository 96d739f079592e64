"""Some bookings, or payments, and all that belongs to them, read with a statement a kind."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from attrs import frozen

from application.ports.storage import Credited, Done
from application.verification.report import Look
from domain.ledger import Account, Written
from domain.payments import Payment
from domain.refunds import Refund

T = TypeVar("T")


@frozen
class Booked:
    """What the ledger says of a fact."""

    exists: bool
    lines: Written = ()

    def on(self, account: Account) -> int:
        """Return what it books on an account, in minor units."""
        name = str(account)
        return sum(amount for line, _, amount in self.lines if line == name)


NOT_BOOKED = Booked(exists=False)


@frozen
class Facts:
    """What the ledger says of some facts; counts those that are asked for and found."""

    look: Look
    found: Mapping[str, Written]

    def of(self, kind: str, owner: str) -> Booked:
        """Look a fact up. Asked once for each."""
        lines = self.found.get(f"{kind}:{owner}")
        if lines is None:
            return NOT_BOOKED
        self.look.accounted[kind] += 1
        return Booked(exists=True, lines=lines)


@frozen(kw_only=True)
class Bunch:
    """Payments with their refunds, and what ledger, statements and effects have of them."""

    payments: Sequence[Payment]
    refunds: Mapping[str, Sequence[Refund]]
    credited: Mapping[str, Sequence[Credited]]
    done: Mapping[str, Sequence[Done]]
    facts: Facts


PAYMENT_FACTS = ("payment_succeeded", "lesson_ended")
REFUND_FACTS = ("refund_reserved", "refund_confirmed", "refund_released", "refund_returned")


def bunch_of(look: Look, payments: Sequence[Payment]) -> Bunch:
    """Read what belongs to payments."""
    many = look.views.belongings
    ids = [payment.id for payment in payments]
    refunds = list(look.each("refunds", many.refunds_of(ids)))
    return Bunch(
        payments=payments,
        refunds=by(refunds, lambda refund: refund.payment_id),
        credited=by(many.credited(ids), lambda each: each.payment),
        done=done_for(look, [*ids, *(refund.id for refund in refunds)]),
        facts=facts_of(look, (PAYMENT_FACTS, ids), (REFUND_FACTS, [each.id for each in refunds])),
    )


def bunch_of_strays(look: Look, refunds: Sequence[Refund]) -> Bunch:
    """Read what belongs to refunds whose payment does not exist."""
    ids = [refund.id for refund in refunds]
    return Bunch(
        payments=(),
        refunds={},
        credited={},
        done=done_for(look, ids),
        facts=facts_of(look, (REFUND_FACTS, ids)),
    )


def facts_of(look: Look, *asked: tuple[Sequence[str], Sequence[str]]) -> Facts:
    """Look facts up: of each kind for each owner."""
    keys = [f"{kind}:{owner}" for kinds, owners in asked for owner in owners for kind in kinds]
    return Facts(look, look.views.books.written(keys))


def done_for(look: Look, subjects: Sequence[str]) -> Mapping[str, Sequence[Done]]:
    """Look the effects up that are done for some things."""
    return by(look.views.belongings.done(subjects), lambda each: each.subject)


def by(values: Iterable[T], key: Callable[[T], str]) -> Mapping[str, list[T]]:
    """Group values."""
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return groups
