from datetime import UTC, datetime, timedelta

from adapters.clock import ManualClock, OffsetClock, SystemClock
from application.ports.clock import Clock, WallClock
from application.ports.test_mode import MovableClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class HeldOffset:
    """An offset of this process only; it begins at zero and never falls."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def read(self) -> timedelta:
        """Return the offset."""
        return self._offset

    def keep(self, offset: timedelta) -> None:
        """Hold this offset, unless a larger one is held already."""
        self._offset = max(self._offset, offset)


def an_offset_clock(wall: WallClock) -> OffsetClock:
    offset = HeldOffset()
    return OffsetClock(wall, offset.read, offset.keep)


def test_the_system_clock_tells_instants_in_utc_that_do_not_fall() -> None:
    clock: WallClock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert first <= second


def test_the_system_clock_sleeps() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.001)
    assert clock.now() > before


def test_business_time_is_the_walls_until_it_is_moved() -> None:
    wall = ManualClock(NOON)
    clock: Clock = an_offset_clock(wall)
    assert clock.now() == NOON


def test_business_time_moves_ahead_and_goes_on_with_the_wall() -> None:
    wall = ManualClock(NOON)
    clock = an_offset_clock(wall)
    assert clock.advance(HOUR) == NOON + HOUR
    wall.advance(HOUR)
    assert clock.now() == NOON + 2 * HOUR
    assert wall.now() == NOON + HOUR


def test_business_time_is_moved_to_an_instant() -> None:
    clock: MovableClock = an_offset_clock(ManualClock(NOON))
    assert clock.move_to(NOON + 3 * HOUR) == NOON + 3 * HOUR


def test_business_time_never_goes_back() -> None:
    clock = an_offset_clock(ManualClock(NOON))
    clock.move_to(NOON + 3 * HOUR)
    assert clock.move_to(NOON + HOUR) == NOON + 3 * HOUR
    assert clock.advance(-HOUR) == NOON + 3 * HOUR


def test_two_clocks_on_one_offset_tell_one_time() -> None:
    wall, offset = ManualClock(NOON), HeldOffset()
    one = OffsetClock(wall, offset.read, offset.keep)
    other = OffsetClock(wall, offset.read, offset.keep)
    one.advance(HOUR)
    assert other.now() == NOON + HOUR


def test_a_manual_clock_stands_still() -> None:
    clock: MovableClock = ManualClock(NOON)
    assert clock.now() == clock.now() == NOON


def test_a_manual_clock_moves_when_something_sleeps() -> None:
    clock = ManualClock(NOON)
    clock.sleep(1.5)
    assert clock.now() == NOON + timedelta(seconds=1.5)


def test_a_manual_clock_never_goes_back() -> None:
    clock = ManualClock(NOON)
    assert clock.move_to(NOON - HOUR) == NOON
    assert clock.advance(-HOUR) == NOON
