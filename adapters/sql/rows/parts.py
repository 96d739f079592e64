"""Values inside aggregates, as they lie in columns of JSON text.

Most rows of a page have the same terms, the same policy or the same teachers as others. All are
immutable, so that each text is read once and its value shared.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from domain.bookings import Terms
from domain.fees import FeeBearing, FeeOnRefund, FeeSchedule
from domain.gigs import Teaching
from domain.ids import UserId
from domain.money import Money, currency
from domain.policies import CancellationPolicy, Tier

Json = Mapping[str, Any]


def from_teachers(teachers: Sequence[Teaching]) -> str:
    """Return teachers and their weights, in their order."""
    return _text([{"id": each.teacher_id, "weight": each.weight} for each in teachers])


@lru_cache(maxsize=4096)
def to_teachers(text: str) -> tuple[Teaching, ...]:
    """Read teachers and their weights."""
    return tuple(Teaching(UserId(each["id"]), each["weight"]) for each in json.loads(text))


def from_policy(policy: CancellationPolicy) -> str:
    """Return a policy's name and its tiers as pairs of notice in minutes and percent."""
    return _text(_from_policy(policy))


@lru_cache(maxsize=1024)
def to_policy(text: str) -> CancellationPolicy:
    """Read a policy."""
    return _to_policy(json.loads(text))


def from_terms(terms: Terms) -> str:
    """Return what was agreed on."""
    fees = terms.fees
    data = {
        "currency": fees.minimum.currency.code,
        "basis_points": fees.basis_points,
        "minimum": fees.minimum.minor,
        "cap": None if fees.cap is None else fees.cap.minor,
        "bearing": terms.fee_on_refund.bearing,
        "kept_percent": terms.fee_on_refund.kept_percent,
        "policy": _from_policy(terms.policy),
    }
    return _text(data)


@lru_cache(maxsize=1024)
def to_terms(text: str) -> Terms:
    """Read what was agreed on."""
    data = json.loads(text)
    of = currency(data["currency"])
    return Terms(
        fees=FeeSchedule(
            basis_points=data["basis_points"],
            minimum=Money(data["minimum"], of),
            cap=None if data["cap"] is None else Money(data["cap"], of),
        ),
        policy=_to_policy(data["policy"]),
        fee_on_refund=FeeOnRefund(FeeBearing(data["bearing"]), data["kept_percent"]),
    )


def _from_policy(policy: CancellationPolicy) -> dict[str, Any]:
    tiers = [[tier.notice_minutes, tier.refund_percent] for tier in policy.tiers]
    return {"name": policy.name, "tiers": tiers}


def _to_policy(data: Json) -> CancellationPolicy:
    return CancellationPolicy(data["name"], tuple(Tier(*tier) for tier in data["tiers"]))


def _text(data: object) -> str:
    return json.dumps(data, separators=(",", ":"))
