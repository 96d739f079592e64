"""Numbers out of many tries."""

import time
from collections.abc import Callable, Sequence

from attrs import frozen


@frozen(kw_only=True)
class Result:
    """What one measurement came to."""

    what: str
    where: str
    count: int
    each_second: float | None
    p50_ms: float
    p99_ms: float

    @property
    def cells(self) -> tuple[str, ...]:
        """Return it as a row of a table."""
        rate = "" if self.each_second is None else f"{self.each_second:,.0f}"
        return (
            f"{self.what}, {self.where}",
            f"{self.count:,}",
            rate,
            f"{self.p50_ms:.1f}",
            f"{self.p99_ms:.1f}",
        )


HEADS = ("", "n", "per second", "p50 ms", "p99 ms")


def summed(what: str, where: str, seconds: Sequence[float], took: float | None = None) -> Result:
    """Sum tries up; `took` is how long all of them took together."""
    ordered = sorted(seconds)
    return Result(
        what=what,
        where=where,
        count=len(ordered),
        each_second=None if took is None else len(ordered) / took,
        p50_ms=1000 * ordered[len(ordered) // 2],
        p99_ms=1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
    )


def timed(tries: Sequence[Callable[[], object]]) -> tuple[list[float], float]:
    """Run tries one after the other; return how long each and all took."""
    seconds = []
    began = time.perf_counter()
    for each in tries:
        before = time.perf_counter()
        each()
        seconds.append(time.perf_counter() - before)
    return seconds, time.perf_counter() - began
