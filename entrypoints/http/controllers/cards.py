"""Cards on file."""

from typing import Any

from adapters.stripe_facts import CARDS_BY_NUMBER, PublishedCard
from application.cards import (
    AddCard,
    GetCard,
    ListCards,
    OpenBillingPortal,
    RemoveCard,
    SetDefaultCard,
    SetUpCard,
)
from application.customers import CardDeclined, PaymentMethodInvalid
from domain.errors import Conflict, InvalidField, Refused
from domain.ids import CardId, UserId
from entrypoints.http import limits
from entrypoints.http.endpoints import Call, Do, Resource, nothing, shown_as
from entrypoints.http.policies import STUDENT, STUDENT_OR_ADMIN
from entrypoints.http.presenters import cards as present
from entrypoints.http.problems import FieldProblem
from entrypoints.http.reading import Invalid
from entrypoints.http.return_urls import allowed_return_url
from entrypoints.http.schemas import cards as schema

cards = Resource("/payment-methods", tag="Cards")
portal = Resource("/billing-portal", tag="Cards")

_AWAY = ("gateway_unavailable", "operation_under_way")


class CardInUse(Conflict):
    """A live subscription is paid with this card."""

    code = "card_in_use"


class TestCardUnknown(Refused):
    """Only the test card numbers that Stripe publishes are taken."""

    code = "test_card_unknown"


@cards.get("", who=STUDENT_OR_ADMIN, answers={200: schema.Cards}, problems=("not_found",))
def list_cards(query: schema.CardQuery, call: Call) -> Do[Any]:
    """List one's cards, newest first; staff names the student."""
    student = None if query.student_id is None else UserId(query.student_id)
    now = call.services.clock.now()
    return Do(ListCards(student_id=student), shown_as(200, lambda found: present.cards(found, now)))


@cards.get("/{card_id}", who=STUDENT_OR_ADMIN, answers={200: schema.Card})
def show_card(card_id: str, call: Call) -> Do[Any]:
    """Show a card."""
    now = call.services.clock.now()
    return Do(
        GetCard(card_id=CardId(card_id)), shown_as(200, lambda found: present.card(found, now))
    )


@cards.post(
    "",
    who=STUDENT,
    limits=limits.ADD_CARD,
    answers={200: schema.Card, 201: schema.Card},
    refuses=(CardDeclined, PaymentMethodInvalid),
    problems=_AWAY,
)
def add_card(body: schema.NewCard, call: Call) -> Do[Any]:
    """Put a card on file by the `pm_…` that Stripe.js made; the first one becomes the default.

    One that is on file already is answered as it is (200).
    """
    command = AddCard(payment_method_id=body.payment_method_id, set_as_default=body.set_as_default)
    return Do(command, present.card_added(call.services.clock.now()))


@cards.post(
    "/setup-intent",
    who=STUDENT,
    limits=limits.ADD_CARD,
    answers={201: schema.SetupIntent},
    problems=_AWAY,
)
def set_up_card() -> Do[Any]:
    """Begin to add a card with Stripe Elements in the browser."""
    return Do(SetUpCard(), shown_as(201, present.setup))


@cards.put("/{card_id}", who=STUDENT, answers={200: schema.Card}, problems=_AWAY)
def set_default_card(card_id: str, body: schema.CardChanges, call: Call) -> Do[Any]:
    """Make a card the default."""
    if not body.set_as_default:
        raise InvalidField("set_as_default", "Make another card the default instead.")
    command = SetDefaultCard(card_id=CardId(card_id))
    return Do(command, present.card_by_id(call.services.clock.now()))


@cards.delete("/{card_id}", who=STUDENT, answers={204: None}, refuses=(CardInUse,), problems=_AWAY)
def remove_card(card_id: str) -> Do[Any]:
    """Take a card off file, here and at the gateway; the next one becomes the default."""
    return Do(RemoveCard(card_id=CardId(card_id)), nothing)


@portal.post("", who=STUDENT, answers={200: schema.Portal}, problems=_AWAY)
def open_billing_portal(body: schema.PortalReturn, call: Call) -> Do[Any]:
    """Open the gateway's own page for cards and invoices."""
    return_url = allowed_return_url(body.return_url, call.services.settings)
    command = OpenBillingPortal(return_url=return_url)
    return Do(command, shown_as(200, lambda url: schema.Portal(portal_url=url)))


@cards.post(
    "/test-card",
    who=STUDENT,
    limits=limits.ADD_CARD,
    answers={200: schema.TestCardAdded, 201: schema.TestCardAdded},
    refuses=(CardDeclined, TestCardUnknown),
    problems=_AWAY,
    may_hold_card_number=frozenset({"card_number"}),
)
def add_test_card(body: schema.TestCard, call: Call) -> Do[Any]:
    """Add one of Stripe's published test cards. There is no such route where money is real.

    The number is exchanged for its token at once; it is neither stored nor logged.
    """
    published = _published(body, call)
    command = AddCard(payment_method_id=published.token, listed=body.save_for_future)
    return Do(command, present.test_card_added)


def _published(body: schema.TestCard, call: Call) -> PublishedCard:
    number = body.card_number.replace(" ", "").replace("-", "")
    published = CARDS_BY_NUMBER.get(number)
    if published is None:
        raise TestCardUnknown("Use one of the test card numbers that Stripe publishes.")
    now = call.services.clock.now()
    wrong = []
    if (body.exp_year, body.exp_month) < (now.year, now.month):
        wrong.append(FieldProblem(field="exp_year", code="expired", message="The card is expired."))
    if not (body.cvc.isascii() and body.cvc.isdigit() and len(body.cvc) == published.cvc_length):
        message = f"The CVC has {published.cvc_length} digits."
        wrong.append(FieldProblem(field="cvc", code="invalid", message=message))
    if not body.cardholder_name.strip():
        wrong.append(
            FieldProblem(field="cardholder_name", code="too_short", message="Name the holder.")
        )
    if wrong:
        raise Invalid(wrong)
    return published
