"""Let actions meet in every order of their turns, and see that each order ends well.

Whatever the order, the actions must end as if one had been carried out after the other: with the
answers and the outcome of one of the serial orders. What a sensible client asks again later, such
as `operation_under_way`, is asked again when the others have ended, and that answer counts.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import combinations_with_replacement, permutations
from math import factorial

from attrs import define, field, frozen

from application.ports.gateway import GatewayRefundStatus
from entrypoints.simulation.client import PASSING_CODES
from tests.crash.stage import PATIENCE
from tests.interleavings.bookmark import Bookmark
from tests.interleavings.crossing import CrossingStage, Errand
from tests.interleavings.ground import Ground
from tests.interleavings.outcomes import Outcome, must_be_sound, outcome_of
from tests.interleavings.schedules import (
    Bounds,
    Explored,
    Trace,
    explore,
    preemptions_of,
    word_of,
)

Act = Callable[[Ground], object]
Codes = tuple[str, ...]
End = tuple[Codes, Outcome]


def _nothing_more(_: Ground, __: Sequence[Errand]) -> None:
    """Ask for nothing beyond what is asked of all."""


@frozen(kw_only=True)
class Excuse:
    """An end that no serial order has, and that is right all the same."""

    why: str
    meetings: tuple[frozenset[Act], ...]
    """Which actions have met; one alone has met itself."""
    fits: Callable[[End, frozenset[End]], bool]
    """Tells whether an end is such a one, given the ends of the serial orders."""


def as_one(end: End, right: frozenset[End]) -> bool:
    """Tell whether all went well, in a world of some serial order."""
    return not any(end[0]) and end[1] in {world for _, world in right}


def shared_by(act: Act) -> Excuse:
    """Excuse that an action which meets itself succeeds for both who asked, and is done once."""
    return Excuse(
        why="Who asks for what is under way waits for it, and is answered the same.",
        meetings=(frozenset({act}),),
        fits=as_one,
    )


@frozen(kw_only=True)
class Group:
    """Actions that may meet, any two of them, and each itself, at something they share."""

    name: str
    open: Callable[[CrossingStage], Ground]
    actions: tuple[Act, ...]
    holds: Callable[[Ground, Sequence[Errand]], None] = _nothing_more
    """What is asked of each end, beyond what is asked of all."""
    excuses: tuple[Excuse, ...] = ()
    compares_cards: bool = False
    """Whether the cards on file have to be those of a serial order too."""


@frozen
class Scene:
    """A group's ground as its opening has left it, and the way back to that."""

    group: Group
    ground: Ground
    bookmark: Bookmark


_scenes: list[Scene] = []
"""The scene that was played last: most often the next meeting is of the same group."""


@contextmanager
def scene_of(group: Group) -> Iterator[Scene]:
    """Lend the scene of a group; one in which something failed is not lent again."""
    while _scenes and _scenes[-1].group is not group:
        _scenes.pop().ground.stage.close()
    if not _scenes:
        ground = group.open(CrossingStage())
        _scenes.append(Scene(group, ground, Bookmark.at(ground.stage)))
    scene = _scenes.pop()
    try:
        yield scene
    except BaseException:
        scene.ground.stage.close()
        raise
    _scenes.append(scene)


def meetings_of(groups: Iterable[Group], size: int) -> dict[str, "Meeting"]:
    """Return every meeting of so many actions, by a name that tells who meets where."""
    return {
        f"{group.name}: {' + '.join(act.__name__ for act in acts)}": Meeting(group, acts)
        for group in groups
        for acts in combinations_with_replacement(group.actions, size)
    }


@define
class Meeting:
    """Some actions of a group, and the ends that they may come to."""

    group: Group
    acts: tuple[Act, ...]
    right: dict[End, str] = field(factory=dict)
    """The ends of the serial orders, each with its schedule."""

    def explore(self, bounds: Bounds, only: str | None = None) -> Explored:
        """Play the schedules within bounds; or the serial ones, and then `only` one."""
        self.right.clear()
        with scene_of(self.group) as scene:

            def play(word: str) -> Trace:
                scene.bookmark.go_back()
                return self._play(scene.ground, word)

            if only is None:
                return explore(play, bounds, are_alike=len(set(self.acts)) == 1)
            serial = factorial(len(self.acts))
            explore(play, Bounds(all_of=serial, some_of=serial))
            play(only)
            return Explored(serial + 1, is_complete=False)

    def _play(self, ground: Ground, word: str) -> Trace:
        crossing = ground.stage.crossing
        actions = [(act.__name__, lambda act=act: act(ground)) for act in self.acts]
        with self._told(ground, word):
            trace = crossing.play(actions, word)
            for errand in crossing.errands:
                _ask_again(ground, errand)
            _let_banks_decide(ground)
            ground.stage.recover()
            must_be_sound(ground)
            self.group.holds(ground, crossing.errands)
            self._must_be_right(ground, trace)
        return trace

    def _must_be_right(self, ground: Ground, trace: Trace) -> None:
        codes = tuple(errand.code for errand in ground.stage.crossing.errands)
        end: End = (codes, outcome_of(ground, with_cards=self.group.compares_cards))
        if not preemptions_of(trace):
            # What meets itself ends the same with the answers exchanged.
            are_alike = len(set(self.acts)) == 1
            for others in permutations(codes) if are_alike else (codes,):
                self.right.setdefault((others, end[1]), word_of(trace))
        elif end not in self.right and not self._is_excused(end):
            raise AssertionError(
                "\n".join(
                    [
                        "no serial order ends like this:",
                        f"  {word_of(trace)}: {end}",
                        *(f"  {schedule}: {right}" for right, schedule in self.right.items()),
                    ]
                )
            )

    def _is_excused(self, end: End) -> bool:
        met = frozenset(self.acts)
        return any(
            met in excuse.meetings and excuse.fits(end, frozenset(self.right))
            for excuse in self.group.excuses
        )

    @contextmanager
    def _told(self, ground: Ground, word: str) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            error.add_note(f"Replay it with TUITION_SCHEDULE={word!r}. What happened:")
            for line in ground.stage.crossing.told:
                error.add_note(line)
            raise


def _let_banks_decide(ground: Ground) -> None:
    """Settle the refunds that still pend, so that nothing is left to wait for."""
    for refund in ground.stage.world.chronicle.refunds():
        if refund.status is GatewayRefundStatus.PENDING:
            ground.stage.world.outside.settle_refund(refund.id)


def _ask_again(ground: Ground, errand: Errand) -> None:
    """Do as a client does that is told to come back later."""
    for _ in range(PATIENCE):
        if errand.code not in PASSING_CODES:
            return
        ground.stage.settle()
        ground.stage.wall.advance(timedelta(seconds=31))
        errand.run()
    raise AssertionError(f"{errand.name} is told to come back for ever: {errand.code}")
