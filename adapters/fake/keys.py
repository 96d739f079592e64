"""Idempotency keys: the same call gets the answer that the first one got."""

from datetime import datetime, timedelta

from attrs import evolve

from adapters.fake.answers import LOCKED, OTHER_PARAMETERS
from adapters.fake.records import Answer, UsedKey
from adapters.fake.turn import Turn

KEY_LIFE = timedelta(hours=24)
"""How long a key is known, in real time."""

LOCK_LIFE = timedelta(seconds=60)
"""How long a call may be under way; one whose process died frees its key after that."""

_PRUNED_AT_ONCE = 100
_PRUNES = "0"
"""One call in sixteen clears old keys away; an old key is not believed in any case."""


def earlier_answer(turn: Turn, key: str, digest: str, *, wall: datetime) -> Answer | None:
    """Return what the key already stands for: an answer, or why the call is not executed."""
    if digest.startswith(_PRUNES):
        _prune(turn, wall)
    used = turn.find(UsedKey, key)
    if used is None or used.taken_at <= wall - KEY_LIFE:
        return None
    if used.digest != digest:
        return OTHER_PARAMETERS
    if used.answer is not None:
        return used.answer
    return LOCKED if wall < used.taken_at + LOCK_LIFE else None


def given_answer(turn: Turn, key: str, *, wall: datetime) -> Answer | None:
    """Return what a call with this key was answered, if one has come to its end."""
    used = turn.find(UsedKey, key)
    return None if used is None or used.taken_at <= wall - KEY_LIFE else used.answer


def take_key(turn: Turn, key: str, digest: str, *, wall: datetime) -> None:
    """Note that a call with this key is under way."""
    turn.save(UsedKey(id=key, digest=digest, taken_at=wall, due=wall))


def save_answer(turn: Turn, key: str, digest: str, answer: Answer, *, wall: datetime) -> None:
    """Note what the key stands for from now on."""
    used = turn.find(UsedKey, key)
    if used is None or used.taken_at <= wall - KEY_LIFE:
        used = UsedKey(id=key, digest=digest, taken_at=wall, due=wall)
    turn.save(evolve(used, answer=answer))


def _prune(turn: Turn, wall: datetime) -> None:
    for old in turn.due(UsedKey, wall - KEY_LIFE, limit=_PRUNED_AT_ONCE):
        turn.delete(old)
