"""What people and the worker do, one scenario a use case, told in steps that can be done again.

Each function arranges a scene on a stage whose process does not die yet, and returns its steps and
what they come to at the gateway. Steps look everything up when they run, because the process that
takes the next one may be another.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from application.bookings import AdvanceBooking
from application.commands import Actor
from application.ports.gateway import GatewayPaymentStatus
from application.ports.test_mode import Fault, FaultKind
from domain.gigs import Confirmation
from domain.ids import BookingId
from entrypoints.http.controllers import bookings, cards, earnings, operations, payments
from entrypoints.http.endpoints import Endpoint
from tests.crash.client import Body
from tests.crash.stage import Later, Request, Scene, Stage
from tests.crash.whole import Tally
from tests.market import the_id

HOME = {"return_url": None}
PRICE = 75_00
SHARE = 63_75
"""What the teacher earns of 75.00."""

Arrange = Callable[[Stage], Scene]


def _booked(stage: Stage) -> tuple[Actor, Actor, BookingId]:
    teacher, student = stage.teacher(), stage.student()
    return teacher, student, stage.book(student, stage.gig(teacher))


def _paid(stage: Stage, token: str = "pm_card_visa") -> tuple[Actor, Actor, BookingId]:
    teacher, student, booking = _booked(stage)
    stage.pay(student, booking, token)
    return teacher, student, booking


def _taught(stage: Stage, *, has_account: bool) -> Actor:
    """Let a teacher have earned money that is available, and no worker have sent it yet."""
    teacher, _, booking = _paid(stage)
    stage.complete(teacher, booking)
    if has_account:
        stage.enable_account(teacher)
    # The clock alone moves: nothing that falls due has been done yet.
    stage.clock.advance(timedelta(days=3))
    return teacher


def _with_card(stage: Stage, student: Actor, token: str = "pm_card_visa") -> str:
    added = stage.request(student, cards.add_card, {"payment_method_id": token})
    added()
    stage.settle()
    found: str = added.result()["id"]
    return found


def _pays_in_browser(stage: Stage, booking: BookingId, token: str = "pm_card_visa") -> None:
    """Let the payer confirm in the browser, once, if the page ever got there."""
    intent = stage.intent_of(booking)
    if intent is None:
        return
    if stage.world.gateway.payments.payment(intent).status is GatewayPaymentStatus.NEEDS_METHOD:
        stage.world.controls.browser.confirm(intent, token)


# --- Paying --------------------------------------------------------------------------------------


def paying_in_the_browser(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    create = stage.request(student, payments.create_payment_intent, {"booking_id": booking})
    return Scene(
        (create, lambda: _pays_in_browser(stage, booking), stage.settle),
        Tally(charged=PRICE, customers=1),
    )


def confirming_a_payment(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    _pays_in_browser(stage, booking)
    body = {"payment_id": stage.payment_of(booking).id}
    return Scene(
        (stage.request(student, payments.confirm_payment, body), stage.settle),
        Tally(charged=PRICE, customers=1),
    )


def charging_a_saved_card(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    _with_card(stage, student)
    process = stage.request(student, payments.process_payment, {"booking_id": booking})
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def charging_a_fresh_card(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    body = {"booking_id": booking, "payment_method_id": "pm_card_visa"}
    process = stage.request(student, payments.process_payment, body)
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def charging_a_card_for_once(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    body = {
        "card_number": "4242 4242 4242 4242",
        "exp_month": 12,
        "exp_year": 2030,
        "cvc": "123",
        "cardholder_name": "Sam",
        "save_for_future": False,
    }
    add = stage.request(student, cards.add_test_card, body)

    def with_it() -> Request:
        named = {"booking_id": booking, "payment_method_id": add.result()["payment_method_id"]}
        return stage.request(student, payments.process_payment, named)

    return Scene((add, Later(with_it), stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def booking_and_paying_at_once(stage: Stage) -> Scene:
    teacher, student = stage.teacher(), stage.student()
    _with_card(stage, student)
    starts_at = stage.clock.now() + timedelta(days=2)
    body = {"gig_id": stage.gig(teacher), "starts_at": starts_at, "duration_minutes": 60}
    process = stage.request(student, payments.process_payment, body)
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def charging_a_card_for_an_open_intent(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    _with_card(stage, student)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    process = stage.request(student, payments.process_payment, {"booking_id": booking})
    return Scene((process, stage.settle), Tally(charged=PRICE, customers=1, cards=1))


def being_declined_and_trying_another_card(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    _with_card(stage, student, "pm_card_chargeCustomerFail")
    good = _with_card(stage, student, "pm_card_mastercard")
    named = {"booking_id": booking, "payment_method_id": good}
    return Scene(
        (
            stage.request(student, payments.process_payment, {"booking_id": booking}),
            stage.request(student, payments.process_payment, named),
            stage.settle,
        ),
        Tally(charged=PRICE, customers=1, cards=2),
    )


# --- Giving back ---------------------------------------------------------------------------------


def refunding_a_part(stage: Stage) -> Scene:
    _, _, booking = _paid(stage)
    refund = stage.request(
        stage.admin(),
        payments.refund_payment,
        {"amount": "20.00", "reason": "goodwill"},
        payment_id=stage.payment_of(booking).id,
    )
    return Scene((refund, stage.settle), Tally(charged=PRICE, refunded=20_00, customers=1))


def refunding_what_pends(stage: Stage) -> Scene:
    _, _, booking = _paid(stage)
    fault = Fault(method="create_refund", kind=FaultKind.REFUND_PENDS)
    stage.world.controls.faults.add_fault(fault)
    refund = stage.request(
        stage.admin(),
        payments.refund_payment,
        {"reason": "ill"},
        payment_id=stage.payment_of(booking).id,
    )

    def bank_settles() -> None:
        for made in stage.world.chronicle.refunds():
            if made.status == "pending":
                stage.world.controls.outside.settle_refund(made.id)

    return Scene(
        (refund, stage.settle, bank_settles, stage.settle),
        Tally(charged=PRICE, refunded=PRICE, customers=1),
    )


def retrying_what_a_bank_returned(stage: Stage) -> Scene:
    admin, returned = stage.admin(), _returned_refund(stage)
    retry = stage.request(admin, payments.retry_refund, {}, refund_id=returned)
    return Scene((retry, stage.settle), Tally(charged=PRICE, refunded=PRICE, customers=1))


def paying_by_hand_what_a_bank_returned(stage: Stage) -> Scene:
    admin, returned = stage.admin(), _returned_refund(stage)
    by_hand = stage.request(
        admin, payments.mark_refund_paid, {"reference": "wire 7"}, refund_id=returned
    )
    return Scene((by_hand, stage.settle), Tally(charged=PRICE, customers=1))


def _returned_refund(stage: Stage) -> str:
    _, student, booking = _paid(stage)
    refund = stage.request(
        student, payments.refund_payment, {"reason": "ill"}, payment_id=stage.payment_of(booking).id
    )
    refund()
    stage.settle()
    (made,) = stage.world.chronicle.refunds()
    stage.world.controls.outside.fail_refund(made.id)
    stage.settle()
    found: str = refund.result()["refund_id"]
    return found


def cancelling_with_a_refund(stage: Stage) -> Scene:
    _, student, booking = _paid(stage)
    cancel = stage.request(student, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(charged=PRICE, refunded=PRICE, customers=1))


def cancelling_late(stage: Stage) -> Scene:
    _, student, booking = _paid(stage)
    stage.clock.advance(timedelta(hours=28))
    cancel = stage.request(student, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(charged=PRICE, refunded=PRICE // 2, customers=1))


def cancelling_what_is_being_paid(stage: Stage) -> Scene:
    teacher, student, booking = _booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    cancel = stage.request(teacher, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
    return Scene((cancel, stage.settle), Tally(customers=1))


# --- Lessons -------------------------------------------------------------------------------------


def completing_a_lesson(stage: Stage) -> Scene:
    teacher, _, booking = _paid(stage)
    stage.clock.advance(timedelta(days=2, hours=1))
    complete = stage.request(teacher, bookings.complete_booking, {}, booking_id=booking)
    return Scene((complete, stage.settle), Tally(charged=PRICE, customers=1))


def agreeing_and_moving(stage: Stage) -> Scene:
    teacher, student = stage.teacher(), stage.student()
    gig = stage.gig(teacher, confirmation=Confirmation.TEACHER)
    starts_at = stage.clock.now() + timedelta(days=2)
    body = {"gig_id": gig, "starts_at": starts_at, "duration_minutes": 60}
    book = stage.request(student, bookings.book, body)
    later = {"starts_at": starts_at + timedelta(days=1)}

    def then(actor: Actor, endpoint: Endpoint, body: Body) -> Later:
        return Later(lambda: stage.request(actor, endpoint, body, booking_id=book.result()["id"]))

    return Scene(
        (
            book,
            then(teacher, bookings.confirm_booking, {}),
            then(student, bookings.propose_reschedule, later),
            then(teacher, bookings.accept_reschedule, {}),
            stage.settle,
        ),
        Tally(),
    )


def expiring_unpaid(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    stage.clock.advance(timedelta(minutes=16))
    return Scene((stage.settle,), Tally(customers=1))


def ending_by_itself(stage: Stage) -> Scene:
    _paid(stage)
    stage.clock.advance(timedelta(days=4))
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))


def paying_too_late(stage: Stage) -> Scene:
    """Let a payment succeed after its booking expired and its slot went to somebody else."""
    teacher, student = stage.teacher(), stage.student()
    gig, starts_at = stage.gig(teacher), stage.clock.now() + timedelta(days=2)
    booking = stage.book(student, gig, starts_at=starts_at)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    stage.clock.advance(timedelta(minutes=16))
    stage.do(AdvanceBooking(booking_id=booking))
    _pays_in_browser(stage, booking)
    stage.book(stage.student("sue"), gig, starts_at=starts_at)
    return Scene((stage.settle,), Tally(charged=PRICE, refunded=PRICE, customers=1))


def paying_late_for_a_slot_that_is_free(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    stage.clock.advance(timedelta(minutes=16))
    stage.do(AdvanceBooking(booking_id=booking))
    _pays_in_browser(stage, booking)
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))


def learning_the_gateways_fee_late(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    fault = Fault(method="confirm_in_browser", kind=FaultKind.LATE_SETTLEMENT, delay_seconds=60)
    stage.world.controls.faults.add_fault(fault)
    _pays_in_browser(stage, booking)
    stage.settle()
    stage.clock.advance(timedelta(minutes=2))
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))


# --- Earning -------------------------------------------------------------------------------------


def onboarding_a_teacher(stage: Stage) -> Scene:
    teacher = stage.teacher()
    link = stage.request(teacher, earnings.create_onboarding_link, HOME)

    def passes_the_checks() -> None:
        account = stage.storage.read(lambda views: views.people.account(the_id(teacher)))
        if account is None or account.gateway_id is None:
            return
        if not stage.world.gateway.accounts.account(account.gateway_id).transfers_enabled:
            stage.world.controls.outside.enable_account(account.gateway_id)

    return Scene((link, passes_the_checks, stage.settle), Tally(accounts=1))


def paying_out_on_demand(stage: Stage) -> Scene:
    teacher = _taught(stage, has_account=True)
    payout = stage.request(teacher, earnings.request_payout, {})
    return Scene(
        (payout, stage.settle),
        Tally(charged=PRICE, transferred=SHARE, customers=1, accounts=1),
        may_be_forestalled_by="nothing_to_pay_out",
    )


def paying_out_by_the_worker(stage: Stage) -> Scene:
    _taught(stage, has_account=True)
    return Scene((stage.settle,), Tally(charged=PRICE, transferred=SHARE, customers=1, accounts=1))


def paying_out_by_hand(stage: Stage) -> Scene:
    teacher, admin = _taught(stage, has_account=False), stage.admin()
    payout = stage.request(admin, earnings.request_payout, {"teacher_id": the_id(teacher)})
    mark = Later(
        lambda: stage.request(
            admin,
            earnings.mark_payout_paid,
            {"reference": "wire 9"},
            payout_id=payout.result()["id"],
        )
    )
    return Scene((payout, mark, stage.settle), Tally(charged=PRICE, customers=1))


def taking_a_transfer_back(stage: Stage) -> Scene:
    teacher = _taught(stage, has_account=True)
    stage.request(teacher, earnings.request_payout, {})()
    stage.settle()
    (transfer,) = stage.world.chronicle.transfers()
    stage.world.controls.outside.reverse_transfer(transfer.id, 20_00)
    return Scene(
        (stage.settle,),
        Tally(charged=PRICE, transferred=SHARE - 20_00, customers=1, accounts=1),
    )


# --- Cards ---------------------------------------------------------------------------------------


def adding_a_card(stage: Stage) -> Scene:
    student = stage.student()
    add = stage.request(student, cards.add_card, {"payment_method_id": "pm_card_visa"})
    return Scene((add, stage.settle), Tally(customers=1, cards=1))


def adding_a_second_card_as_the_default(stage: Stage) -> Scene:
    student = stage.student()
    _with_card(stage, student)
    body = {"payment_method_id": "pm_card_mastercard", "set_as_default": True}
    return Scene(
        (stage.request(student, cards.add_card, body), stage.settle), Tally(customers=1, cards=2)
    )


def choosing_and_removing_cards(stage: Stage) -> Scene:
    student = stage.student()
    first, second = _with_card(stage, student), _with_card(stage, student, "pm_card_mastercard")
    choose = stage.request(
        student, cards.set_default_card, {"set_as_default": True}, card_id=second
    )
    remove = stage.request(student, cards.remove_card, card_id=first)
    return Scene((choose, remove, stage.settle), Tally(customers=1, cards=1))


def removing_the_only_card(stage: Stage) -> Scene:
    student = stage.student()
    remove = stage.request(student, cards.remove_card, card_id=_with_card(stage, student))
    return Scene((remove, stage.settle), Tally(customers=1))


def setting_a_card_up_in_the_browser(stage: Stage) -> Scene:
    student = stage.student()
    begin = stage.request(student, cards.set_up_card, {})
    portal = stage.request(student, cards.open_billing_portal, HOME)

    def completes() -> None:
        if begin.answer is None:
            return
        secret: str = begin.result()["client_secret"]
        setup = secret.partition("_secret")[0]
        stage.world.controls.browser.complete_setup(setup, "pm_card_visa")

    return Scene((begin, completes, portal, stage.settle), Tally(customers=1))


def losing_a_card_in_the_portal(stage: Stage) -> Scene:
    student = stage.student()
    card, _ = _with_card(stage, student), _with_card(stage, student, "pm_card_mastercard")
    known = stage.storage.read(lambda views: views.people.cards(the_id(student)))
    (gone,) = (each.gateway_id for each in known if each.id == card)
    stage.world.controls.outside.detach_card(gone)
    return Scene((stage.settle,), Tally(customers=1, cards=2))


# --- Webhooks ------------------------------------------------------------------------------------


def replaying_a_delivery(stage: Stage) -> Scene:
    admin, _ = stage.admin(), _paid(stage)
    (told,) = (each for each in stage.world.chronicle.events() if each.type == SUCCEEDED)
    replay = stage.request(admin, operations.replay_webhook_event, {}, event_id=told.id)
    return Scene((replay, stage.settle), Tally(charged=PRICE, customers=1))


def hearing_the_same_fact_twice(stage: Stage) -> Scene:
    _, student, booking = _booked(stage)
    stage.request(student, payments.create_payment_intent, {"booking_id": booking})()
    _pays_in_browser(stage, booking)
    for told in stage.world.chronicle.events():
        stage.world.deliveries.tell_again(told.id)
        stage.world.deliveries.send_again(told.id)
    return Scene((stage.settle,), Tally(charged=PRICE, customers=1))


SUCCEEDED = "payment_intent.succeeded"

SCENARIOS: Mapping[str, Arrange] = {
    arrange.__name__: arrange
    for arrange in (
        paying_in_the_browser,
        confirming_a_payment,
        charging_a_saved_card,
        charging_a_fresh_card,
        charging_a_card_for_once,
        booking_and_paying_at_once,
        charging_a_card_for_an_open_intent,
        being_declined_and_trying_another_card,
        refunding_a_part,
        refunding_what_pends,
        retrying_what_a_bank_returned,
        paying_by_hand_what_a_bank_returned,
        cancelling_with_a_refund,
        cancelling_late,
        cancelling_what_is_being_paid,
        completing_a_lesson,
        agreeing_and_moving,
        expiring_unpaid,
        ending_by_itself,
        paying_too_late,
        paying_late_for_a_slot_that_is_free,
        learning_the_gateways_fee_late,
        onboarding_a_teacher,
        paying_out_on_demand,
        paying_out_by_the_worker,
        paying_out_by_hand,
        taking_a_transfer_back,
        adding_a_card,
        adding_a_second_card_as_the_default,
        choosing_and_removing_cards,
        removing_the_only_card,
        setting_a_card_up_in_the_browser,
        losing_a_card_in_the_portal,
        replaying_a_delivery,
        hearing_the_same_fact_twice,
    )
}
"""Every scenario, by its name."""
