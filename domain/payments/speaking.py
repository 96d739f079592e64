"""Which of its payments a booking shows."""

from collections.abc import Sequence

from domain.payments.payment import Payment
from domain.payments.states import PAYS


def speaks_for_booking(payment: Payment, all_newest_first: Sequence[Payment]) -> bool:
    """Tell whether a booking shows this payment: the one that pays for it, or else the newest."""
    if payment.stage in PAYS:
        return True
    others = [other for other in all_newest_first if other.id != payment.id]
    is_newest = len(others) == len(all_newest_first) or all_newest_first[0].id == payment.id
    return is_newest and not any(other.stage in PAYS for other in others)
