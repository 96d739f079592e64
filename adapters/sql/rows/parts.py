"""Values inside aggregates, as they lie in columns of structure."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.bookings import Terms
from domain.fees import FeeBearing, FeeOnRefund, FeeSchedule
from domain.gigs import Teaching
from domain.ids import UserId
from domain.money import Money, currency
from domain.policies import CancellationPolicy, Tier

Json = Mapping[str, Any]


def from_teachers(teachers: Sequence[Teaching]) -> list[dict[str, Any]]:
    """Return teachers and their weights, in their order."""
    return [{"id": teaching.teacher_id, "weight": teaching.weight} for teaching in teachers]


def to_teachers(data: Sequence[Json]) -> tuple[Teaching, ...]:
    """Read teachers and their weights."""
    return tuple(Teaching(UserId(each["id"]), each["weight"]) for each in data)


def from_policy(policy: CancellationPolicy) -> dict[str, Any]:
    """Return a policy's name and its tiers as pairs of notice in minutes and percent."""
    tiers = [[tier.notice_minutes, tier.refund_percent] for tier in policy.tiers]
    return {"name": policy.name, "tiers": tiers}


def to_policy(data: Json) -> CancellationPolicy:
    """Read a policy."""
    return CancellationPolicy(data["name"], tuple(Tier(*tier) for tier in data["tiers"]))


def from_terms(terms: Terms) -> dict[str, Any]:
    """Return what was agreed on."""
    fees = terms.fees
    return {
        "currency": fees.minimum.currency.code,
        "basis_points": fees.basis_points,
        "minimum": fees.minimum.minor,
        "cap": None if fees.cap is None else fees.cap.minor,
        "bearing": terms.fee_on_refund.bearing,
        "kept_percent": terms.fee_on_refund.kept_percent,
        "policy": from_policy(terms.policy),
    }


def to_terms(data: Json) -> Terms:
    """Read what was agreed on."""
    of = currency(data["currency"])
    return Terms(
        fees=FeeSchedule(
            basis_points=data["basis_points"],
            minimum=Money(data["minimum"], of),
            cap=None if data["cap"] is None else Money(data["cap"], of),
        ),
        policy=to_policy(data["policy"]),
        fee_on_refund=FeeOnRefund(FeeBearing(data["bearing"]), data["kept_percent"]),
    )
