"""What came of a schedule, told without ids and instants, so that it can be compared."""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations

from attrs import evolve, frozen

from domain.cards import SavedCard
from domain.payments import PaymentStatus
from tests.crash.whole import Tally, must_be_whole, tally_of
from tests.interleavings.ground import Ground
from tests.market import the_id


@frozen(kw_only=True)
class Outcome:
    """Where all ended up. Two schedules with equal outcomes left the same world behind."""

    at_gateway: Tally
    books: tuple[tuple[str, int], ...]
    bookings: tuple[str, ...]
    payments: tuple[str, ...]
    refunds: tuple[str, ...]
    payouts: tuple[str, ...]
    cards: tuple[str, ...]


def outcome_of(ground: Ground, *, with_cards: bool) -> Outcome:
    """Look at everything; at cards only where they are what is shared."""
    names = ground.stage.names
    at_gateway = tally_of(ground.stage)
    return Outcome(
        at_gateway=at_gateway if with_cards else evolve(at_gateway, cards=0),
        books=tuple(sorted(ground.stage.books().items())),
        bookings=_sorted(
            f"{names[each.student_id]} {each.period.start} {each.status} {each.payment_status}"
            for each in ground.everything("bookings")
        ),
        payments=_sorted(
            f"{each.amount} {each.status}, {each.refundable} refundable"
            for each in ground.everything("payments")
        ),
        refunds=_sorted(
            f"{each.amount} {each.status}{' owed' if each.is_owed else ''}"
            for each in ground.everything("refunds")
        ),
        payouts=_sorted(
            f"{each.amount} {each.status} {each.method}" for each in ground.everything("payouts")
        ),
        cards=_sorted(
            f"{card.brand} {'default' if card.is_default else 'other'}"
            for card in cards_of(ground)
            if with_cards
        ),
    )


def _sorted(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(lines))


def cards_of(ground: Ground) -> tuple[SavedCard, ...]:
    """Return the student's listed cards."""
    return ground.stage.storage.read(lambda views: views.people.cards(the_id(ground.student)))


def must_be_sound(ground: Ground) -> None:
    """Check what holds at rest, whoever met whom."""
    must_be_whole(ground.stage)
    live = Counter(
        payment.booking_id for payment in ground.everything("payments") if payment.status.is_live
    )
    assert all(count == 1 for count in live.values()), "a booking has two live payments"
    assert not any(
        payment.status is PaymentStatus.CANCELING for payment in ground.everything("payments")
    ), "a payment is being cancelled for ever"
    _no_overlap(ground)
    cards = cards_of(ground)
    assert [card.is_default for card in cards].count(True) == min(len(cards), 1)


def _no_overlap(ground: Ground) -> None:
    """See that nobody is in two lessons at once; seats of one group lesson are one lesson."""
    held = [each for each in ground.everything("bookings") if each.status.holds_its_slot]
    for one, other in combinations(held, 2):
        if set(one.people) & set(other.people) and one.period.overlaps(other.period):
            is_one_lesson = one.gig_id == other.gig_id and one.period == other.period
            assert is_one_lesson, f"{one.id} and {other.id} are at the same time"
            assert one.student_id != other.student_id, "a student has two seats in one lesson"
