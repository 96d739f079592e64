"""What meets at a student's customer and cards, at an address, and at a session."""

from datetime import timedelta

from entrypoints.http.controllers import people
from tests.interleavings.actions.cards import (
    portal_detaches_the_other,
    student_adds_a_card,
    student_adds_a_default_card,
    student_chooses_the_other,
    student_removes_the_default,
    student_removes_the_other,
    student_sets_a_card_up,
)
from tests.interleavings.actions.paying import (
    gateway_delivers_what_waits,
    student_charges_a_fresh_card,
    student_charges_the_card,
    student_opens_an_intent,
    student_opens_an_intent_for_the_other,
    worker_recovers,
    worker_recovers_after_a_lease,
)
from tests.interleavings.actions.people import (
    pat_registers_as_a_student,
    pat_registers_as_a_teacher,
    session_is_ended,
    session_is_refreshed,
    somebody_uses_the_old_token,
)
from tests.interleavings.crossing import CrossingStage
from tests.interleavings.ground import (
    Ground,
    add_card,
    answered_by,
    open_ground,
    with_booking,
    with_names,
)
from tests.interleavings.meeting import Excuse, Group, as_one, shared_by
from tests.interleavings.outcomes import cards_of
from tests.market import PASSWORD


def _no_customer(stage: CrossingStage) -> Ground:
    ground = with_booking(open_ground(stage))
    later = ground.starts_at + timedelta(days=1)
    other = stage.book(ground.student, ground.gig, starts_at=later)
    return with_names(ground, other_booking=other)


NO_CUSTOMER = Group(
    name="a student without a customer",
    open=_no_customer,
    actions=(
        student_opens_an_intent,
        student_opens_an_intent_for_the_other,
        student_charges_a_fresh_card,
        student_adds_a_card,
        student_sets_a_card_up,
        worker_recovers_after_a_lease,
    ),
)


def _two_cards(stage: CrossingStage) -> Ground:
    ground = with_booking(open_ground(stage))
    first, second = add_card(ground), add_card(ground, "pm_card_mastercard")
    (at_gateway,) = (card.gateway_id for card in cards_of(ground) if card.id == second)
    return with_names(ground, first=first, second=second, second_at_gateway=at_gateway)


TWO_CARDS = Group(
    name="a student with two cards",
    open=_two_cards,
    actions=(
        student_adds_a_card,
        student_adds_a_default_card,
        student_removes_the_default,
        student_removes_the_other,
        student_chooses_the_other,
        portal_detaches_the_other,
        student_charges_the_card,
        gateway_delivers_what_waits,
        worker_recovers,
    ),
    excuses=(
        shared_by(student_charges_the_card),
        Excuse(
            why="""The card was chosen, and then removed before it was charged: the gateway refuses,
            and nothing is charged. Whoever asks again is charged on the new default.""",
            meetings=(frozenset({student_removes_the_default, student_charges_the_card}),),
            fits=lambda end, _: "gateway_refused" in end[0] and not end[1].at_gateway.charged,
        ),
        Excuse(
            why="""Both take the card away, and each finds it still there when it looks.""",
            meetings=(frozenset({student_removes_the_other, portal_detaches_the_other}),),
            fits=as_one,
        ),
    ),
    compares_cards=True,
)

ADDRESS = Group(
    name="an address",
    open=open_ground,
    actions=(pat_registers_as_a_student, pat_registers_as_a_teacher),
)


def _session(stage: CrossingStage) -> Ground:
    ground = open_ground(stage)
    body = {"email": "sam@school.test", "password": PASSWORD}
    first = answered_by(ground.ask(ground.student, people.log_in, body))["refresh_token"]
    refresh = {"refresh_token": first}
    second = answered_by(ground.ask(ground.student, people.refresh_session, refresh))
    return with_names(ground, used_token=first, refresh_token=second["refresh_token"])


SESSION = Group(
    name="a session",
    open=_session,
    actions=(session_is_refreshed, session_is_ended, somebody_uses_the_old_token),
)

GROUPS = (NO_CUSTOMER, TWO_CARDS, ADDRESS, SESSION)
