"""What is stored of requests, and in words."""

import re
from collections.abc import Callable

from application.verification.report import Look
from domain.ids import PREFIXES

_OUR_ID = re.compile(rf"(?:{'|'.join(PREFIXES.values())})_0[0-9a-hjkmnp-tv-z]{{25}}")
"""Our ids are as long as two card numbers, and may hold only digits by chance."""

HoldsCardNumber = Callable[[str], bool]


def no_card_number(_: str) -> bool:
    """Find none, where nobody has said how."""
    return False


def check_texts(look: Look, holds_card_number: HoldsCardNumber) -> None:
    """I15: nothing that is stored holds a card number. It is not repeated here."""
    for stored in look.each("texts", look.views.corners.texts()):
        if holds_card_number(stored.text) and holds_card_number(_OUR_ID.sub("id", stored.text)):
            look.wrong("I15", stored.place, "holds what looks like a card number")


def check_answers(look: Look) -> None:
    """I14: an idempotency key is bound to effects that exist, and its answer is whole."""
    for records in look.bunches("answers", look.views.corners.answers()):
        operations = [each for record in records for each in record.operations.values()]
        missing = look.views.belongings.missing(operations)
        for record in records:
            subject = f"key {record.key} of {record.scope}"
            for step, operation in record.operations.items():
                if operation in missing:
                    look.wrong("I14", subject, f"its {step} is {operation}, which does not exist")
            answer = record.answer
            if answer is not None and not (100 <= answer.status < 600 and answer.content_type):
                look.wrong("I14", subject, f"its answer has the status {answer.status}")
