"""Which schedules there are, and which of them are run: those with few preemptions first.

A schedule is a word: the letters of the tasks in the order in which they take their turns, such as
`aabab`. A preemption is a turn that is given to another task although the last one could go on.
Only by playing does one learn whose turn it can be; so each schedule that was played tells of the
ones that branch off it. Every schedule branches off exactly one other, so that none is played twice
and, without a limit, none is left out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import comb

from attrs import frozen


@frozen
class Turn:
    """A turn that was taken, and the letters of those who could have taken it."""

    taken: str
    able: str


Trace = tuple[Turn, ...]
Play = Callable[[str], Trace]
"""Plays a schedule that begins with a word; then whoever is at it goes on for as long as it can."""


@frozen
class Bounds:
    """How much is played: all there is up to `all_of`, and else the first `some_of`."""

    all_of: int
    some_of: int


@frozen
class Explored:
    """How many schedules were played, and whether that was all there are."""

    played: int
    is_complete: bool


def explore(play: Play, bounds: Bounds, *, are_alike: bool = False) -> Explored:
    """Play schedules in the order of their preemptions: all of them, or an even spread.

    How many there are is reckoned from the serial ones, which come first; tasks that wait for each
    other take more or fewer turns, so that it is an estimate. What there is no room for among those
    with so many preemptions is left out evenly. Of tasks that `are_alike` the first one begins: the
    schedules in which another does are the same under other names.
    """
    waiting: defaultdict[int, list[str]] = defaultdict(list)
    waiting[0].append("")
    played, at_most = 0, bounds.all_of
    while waiting and played < at_most:
        fewest = min(waiting)
        for word in spread(waiting.pop(fewest), at_most - played):
            trace = play(word)
            played += 1
            if not fewest and orders_of(trace) > bounds.all_of:
                at_most = bounds.some_of
            for preemptions, branch in branches(trace, fixed=len(word)):
                if not are_alike or len(branch) > 1:
                    waiting[preemptions].append(branch)
    return Explored(played, is_complete=not waiting)


def orders_of(trace: Trace) -> int:
    """Count the orders in which tasks can take as many turns as they have taken here."""
    word = word_of(trace)
    orders, placed = 1, 0
    for letter in set(word):
        placed += word.count(letter)
        orders *= comb(placed, word.count(letter))
    return orders


def branches(trace: Trace, *, fixed: int) -> Iterator[tuple[int, str]]:
    """Tell what could have been played instead from turn `fixed` on, with its preemptions."""
    word = word_of(trace)
    for at in range(fixed, len(trace)):
        for other in trace[at].able:
            if other != trace[at].taken:
                turns = (*trace[:at], Turn(other, trace[at].able))
                yield preemptions_of(turns), word[:at] + other


def preemptions_of(trace: Sequence[Turn]) -> int:
    """Count the turns that another took although the one before could go on."""
    return sum(
        turn.taken != before.taken and before.taken in turn.able for before, turn in pairwise(trace)
    )


def word_of(trace: Sequence[Turn]) -> str:
    """Write a schedule down."""
    return "".join(turn.taken for turn in trace)


def spread(words: Sequence[str], most: int) -> Sequence[str]:
    """Return `most` of the words, evenly spaced, in their order; all if there are no more."""
    if len(words) <= most:
        return words
    return [words[place * len(words) // most] for place in range(most)]
