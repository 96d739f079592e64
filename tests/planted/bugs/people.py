"""Mistakes with people and their cards."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attrs import evolve

from application.bookings.access import party_of
from application.card_file import CardFile
from application.commands import Actor
from application.ports.storage import Unit
from domain.bookings import Booking
from domain.cards import SavedCard
from domain.errors import Forbidden, NotFound
from entrypoints.http.controllers import cards
from tests.http.shop import Shop
from tests.planted.catalogue import planted
from tests.planted.layers import TEN_STORIES, One
from tests.planted.planting import Mistake, everywhere, instead
from tests.security import test_authorisation
from tests.security.world import CALLERS, World


@contextmanager
def a_world() -> Iterator[tuple[Any, ...]]:
    with Shop() as shop:
        yield (World(shop),)


ANOTHER_STUDENT = next(kind for kind in CALLERS if kind.counts_as == "student")


@planted(
    stands_for="rules 5: exactly one default card per student",
    caught_by=TEN_STORIES,
    says="2 defaults",
)
def a_student_has_two_default_cards() -> Iterator[None]:
    def beside_the_old_one(
        _: Mistake, self: CardFile, unit: Unit, cards: object, chosen: SavedCard
    ) -> SavedCard:
        saved = unit.cards.save(evolve(chosen, is_default=True))
        self.tell_gateway(unit, chosen.student_id, chosen.gateway_id)
        return saved

    with instead(CardFile, "choose", beside_the_old_one):
        yield


@planted(
    stands_for="I15; a card number in the database",
    caught_by=TEN_STORIES,
    says="I15",
)
def a_test_cards_number_is_kept() -> Iterator[None]:
    numbers: list[str] = []

    def notes(right: Mistake, body: Any, call: Any) -> Any:
        numbers.append(body.card_number.replace(" ", ""))
        return right(body, call)

    def keeps(right: Mistake, *card: Any) -> SavedCard:
        made: SavedCard = right(*card)
        return evolve(made, country=numbers[-1] if numbers else None)

    with instead(cards, "_published", notes), instead(CardFile, "_unlisted", keeps):
        yield


@planted(
    stands_for="authorisation: another's equals absent",
    caught_by=One(
        test_authorisation.test_what_is_anothers_in_the_path_looks_like_what_is_absent,
        a_world,
        (ANOTHER_STUDENT,),
    ),
    says="403|forbidden",
)
def what_is_anothers_is_forbidden_and_so_told_to_be_there() -> Iterator[None]:
    def tells(right: Mistake, actor: Actor, booking: Booking | None) -> Any:
        try:
            return right(actor, booking)
        except NotFound:
            if booking is None:
                raise
            raise Forbidden from None

    with everywhere(party_of, tells):
        yield
