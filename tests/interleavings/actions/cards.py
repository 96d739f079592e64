"""Cards on file."""

from application.ports.records import Answer
from entrypoints.http.controllers import cards
from tests.interleavings.ground import Ground

CHOSEN = {"set_as_default": True}


def student_adds_a_card(ground: Ground) -> Answer:
    return ground.ask(ground.student, cards.add_card, {"payment_method_id": "pm_card_amex"})


def student_adds_a_default_card(ground: Ground) -> Answer:
    body = {"payment_method_id": "pm_card_discover", **CHOSEN}
    return ground.ask(ground.student, cards.add_card, body)


def student_removes_the_default(ground: Ground) -> Answer:
    return ground.ask(ground.student, cards.remove_card, card_id=ground.named["first"])


def student_removes_the_other(ground: Ground) -> Answer:
    return ground.ask(ground.student, cards.remove_card, card_id=ground.named["second"])


def student_chooses_the_other(ground: Ground) -> Answer:
    return ground.ask(
        ground.student, cards.set_default_card, CHOSEN, card_id=ground.named["second"]
    )


def portal_detaches_the_other(ground: Ground) -> None:
    """Detach a card in the gateway's portal, and tell of it."""
    ground.stage.world.outside.detach_card(ground.named["second_at_gateway"])
    told = ground.event("payment_method.detached")
    ground.end_turn()
    ground.hears(told)


def student_sets_a_card_up(ground: Ground) -> Answer:
    return ground.ask(ground.student, cards.set_up_card)
