"""Cancellation policies: how much comes back for how much notice; see docs/domain.md."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from attrs import field, frozen

from domain.errors import InvalidField


@frozen
class Tier:
    """With at least this much notice, this much comes back."""

    notice_minutes: int
    refund_percent: int


def _are_tiers(_: object, __: object, tiers: tuple[Tier, ...]) -> None:
    falling = all(
        upper.notice_minutes > lower.notice_minutes and upper.refund_percent >= lower.refund_percent
        for upper, lower in pairwise(tiers)
    )
    in_range = all(
        0 <= tier.notice_minutes <= 525_600 and 0 <= tier.refund_percent <= 100 for tier in tiers
    )
    if not (tiers and falling and in_range):
        raise InvalidField(
            "cancellation_policy",
            "Tiers fall strictly in notice, never rise in percent, and stay within 0 to 100 %.",
        )


@frozen
class CancellationPolicy:
    """Tiers by notice, the longest notice first; below the last one nothing comes back."""

    name: str
    tiers: tuple[Tier, ...] = field(validator=_are_tiers)

    def tier_at(self, start: datetime, at: datetime) -> Tier | None:
        """Return the first tier whose notice is kept at `at`; the exact boundary is generous."""
        notice = start - at
        for tier in self.tiers:
            if notice >= timedelta(minutes=tier.notice_minutes):
                return tier
        return None

    def refund_percent(self, start: datetime, at: datetime) -> int:
        """Return the percentage that comes back when a lesson at `start` is called off at `at`."""
        tier = self.tier_at(start, at)
        return 0 if tier is None else tier.refund_percent

    def holds_until(self, start: datetime, at: datetime) -> datetime | None:
        """Return the last instant at which the percentage of `at` still applies; None for ever."""
        tier = self.tier_at(start, at)
        return None if tier is None else start - timedelta(minutes=tier.notice_minutes)

    @classmethod
    def parse(cls, text: str) -> "CancellationPolicy":
        """Read a preset's name, or tiers such as `1440:100,720:50` (then named `custom`)."""
        if text in PRESETS:
            return PRESETS[text]
        if re.fullmatch(r"[0-9]{1,6}:[0-9]{1,3}(,[0-9]{1,6}:[0-9]{1,3})*", text) is None:
            raise InvalidField(
                "cancellation_policy",
                f"Use one of {', '.join(PRESETS)}, or tiers such as 1440:100,720:50.",
            )
        tiers = tuple(
            Tier(int(notice), int(percent))
            for notice, percent in (part.split(":") for part in text.split(","))
        )
        return cls("custom", tiers)


PRESETS = {
    policy.name: policy
    for policy in (
        CancellationPolicy("flexible", (Tier(24 * 60, 100), Tier(2 * 60, 50))),
        CancellationPolicy("moderate", (Tier(24 * 60, 100), Tier(12 * 60, 50))),
        CancellationPolicy("strict", (Tier(7 * 24 * 60, 100), Tier(48 * 60, 50))),
    )
}


class Outcome(StrEnum):
    """How a booking ended."""

    COMPLETED = "completed"
    CANCELLED_BY_STUDENT = "cancelled_by_student"
    CANCELLED_BY_TEACHER = "cancelled_by_teacher"
    CANCELLED_BY_PLATFORM = "cancelled_by_platform"
    STUDENT_NO_SHOW = "student_no_show"
    TEACHER_NO_SHOW = "teacher_no_show"
    DECLINED = "declined"
    EXPIRED = "expired"

    @property
    def returns_everything(self) -> bool:
        """Tell whether the student gets all of it back, whatever the notice was."""
        return self in {
            Outcome.CANCELLED_BY_TEACHER,
            Outcome.CANCELLED_BY_PLATFORM,
            Outcome.TEACHER_NO_SHOW,
            Outcome.DECLINED,
            Outcome.EXPIRED,
        }


class Fault(StrEnum):
    """Whose fault a refund is; it decides who bears it."""

    STUDENT = "student"
    TEACHER = "teacher"
    PLATFORM = "platform"
    NONE = "none"


FAULT_OF: dict[Outcome, Fault] = {
    Outcome.COMPLETED: Fault.NONE,
    Outcome.CANCELLED_BY_STUDENT: Fault.STUDENT,
    Outcome.CANCELLED_BY_TEACHER: Fault.TEACHER,
    Outcome.CANCELLED_BY_PLATFORM: Fault.PLATFORM,
    Outcome.STUDENT_NO_SHOW: Fault.STUDENT,
    Outcome.TEACHER_NO_SHOW: Fault.TEACHER,
    Outcome.DECLINED: Fault.TEACHER,
    Outcome.EXPIRED: Fault.NONE,
}
"""Whose fault an outcome is."""
