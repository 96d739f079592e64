"""All words that are stored, whoever wrote them."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, LargeBinary, Select, Text, cast, or_, select

from adapters.sql.mapper import Row
from adapters.sql.tables import (
    audit_log,
    bookings,
    deliveries,
    gigs,
    idempotency_keys,
    operations,
    outbox,
    payments,
    payouts,
    refunds,
    users,
)
from application.ports.storage import BETWEEN_WORDS, StoredText
from domain.events import WORDY

_WORDS: tuple[tuple[Column[Any], ...], ...] = (
    (users.c.id, users.c.name, users.c.email),
    (gigs.c.id, gigs.c.title, gigs.c.description),
    (bookings.c.id, bookings.c.cancel_reason),
    (payments.c.id, payments.c.failure),
    (refunds.c.id, refunds.c.reason, refunds.c.failure_reason),
    (payouts.c.id, payouts.c.reference, payouts.c.failure_reason),
    (operations.c.id, operations.c.params, operations.c.error, operations.c.refusal),
    (deliveries.c.id, deliveries.c.facts, deliveries.c.body),
    (outbox.c.id, outbox.c.body),
    (idempotency_keys.c.key, idempotency_keys.c.answer_body),
    (audit_log.c.id, audit_log.c.before, audit_log.c.after, audit_log.c.request_id),
)
"""The column that names a row, and those in which somebody's words are."""


def _statement(name: Column[Any], *words: Column[Any]) -> Select[Any]:
    statement = select(
        name.label("row_name"),
        *(
            (column if isinstance(column.type, LargeBinary) else cast(column, Text)).label(
                f"word_{place}"
            )
            for place, column in enumerate(words)
        ),
    ).where(or_(*(column.is_not(None) for column in words)))
    # Most events hold ids and nothing else.
    return statement.where(outbox.c.name.in_(WORDY)) if name.table is outbox else statement


TEXTS = tuple((words[0].table.name, _statement(*words)) for words in _WORDS)


def texts_of(table: str, rows: Iterable[Row]) -> Iterator[StoredText]:
    """Return the words of a table's rows, each with the place where it lies."""
    for name, *words in rows:
        text = BETWEEN_WORDS.join(_text(word) for word in words if word is not None)
        yield StoredText(f"{table} {name}", text)


def _text(word: str | bytes) -> str:
    return word.decode(errors="replace") if isinstance(word, bytes) else word
