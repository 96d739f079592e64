"""Cards: of those on file, exactly one is the default."""

from domain.cards import SavedCard
from domain.ids import UserId
from entrypoints.simulation.witness import Sight, always


@always
def one_card_on_file_is_the_default(sight: Sight) -> None:
    """Cards: a student who has any on file has one default; what is not on file is none."""
    for student in {card.student_id for _, card in sight.touched.of(SavedCard)}:
        _check_cards(sight, student)


def _check_cards(sight: Sight, student: UserId) -> None:
    cards = [card for card in sight.mirror.all("cards") if card.student_id == student]
    on_file = [card for card in cards if card.is_listed and card.removed_at is None]
    defaults = [card for card in cards if card.is_default]
    if len(defaults) != bool(on_file) or any(card not in on_file for card in defaults):
        sight.wrong("cards", student, f"has {len(on_file)} on file and {len(defaults)} defaults")
