"""Kill at every point of a scenario, and the recovery from each at points of its own."""

from collections.abc import Callable, Iterator

from attrs import field, frozen

from tests.crash.killing import Client, Kill, Run, told
from tests.crash.points import Point
from tests.crash.scenarios import Arrange
from tests.crash.stage import Stage

NewStage = Callable[[], Stage]

ASKING = (Client.ASKS_AGAIN, Client.ASKS_LATER)
"""The clients whose recovery carries the request on, so that it always has points."""


@frozen
class Enumeration:
    """The kills of one scenario."""

    arrange: Arrange
    new_stage: NewStage = Stage
    unharmed: Run = field()
    """The run without a kill. It is the same on every storage."""

    @unharmed.default
    def _tell_unharmed(self) -> Run:
        return Run(self.arrange, self.new_stage()).tell()

    @property
    def points(self) -> tuple[Point, ...]:
        """Return where the process can die."""
        return self.unharmed.points

    def kill_everywhere(self) -> int:
        """Kill at each point; return how many runs it took.

        Where a request was hit, its client asks again at once, or later, or never; or, where the
        gateway did something, when its webhook came.
        """
        return sum(self._kill(at) for at in range(len(self.points)))

    def kill_here_and_there(self, every: int, first: int) -> int:
        """Kill at every so many-th point, beginning somewhere, with one client after the other;
        return how many runs it took.
        """
        at_points = range(first % min(every, len(self.points)), len(self.points), every)
        clients = tuple(Client)
        for at in at_points:
            self.tell(Kill(at=at, client=clients[(at + first) % len(clients)]))
        return len(at_points)

    @property
    def pairs_at_least(self) -> int:
        """Return how many pairs there are with one recovery from each kill; the last has none."""
        return len(self.points) - 1

    def kill_recoveries(self, every: int = 1) -> int:
        """Kill at every so many-th point but the last, and each recovery once; return how many.

        From one point to the next, the recovery is killed further on in its course, and begun by
        another client.
        """
        return sum(self._kill_one_recovery(at) for at in range(0, self.pairs_at_least, every))

    def kill_every_recovery_everywhere(self) -> int:
        """Kill at each point, and each recovery at each of its own; return how many pairs."""
        pairs = 0
        for at in range(len(self.points)):
            for client in self._clients_at(at):
                pairs += sum(1 for _ in self._recoveries_killed(at, client))
        return pairs

    def tell(self, kill: Kill) -> Run:
        """Tell the scenario with a kill, and compare it with the run without one."""
        assert kill.at is not None
        point = self.points[kill.at]
        with told(f"killed {point} ({kill.at}); the client {kill.client}; then {kill.then_at}"):
            run = Run(self.arrange, self.new_stage(), kill).tell()
            assert run.processes[0].is_dead
            assert run.points == self.points[: kill.at + 1], "another run than without a kill"
            if not run.gave_up:
                assert run.refusals == self.unharmed.refusals
                assert run.came_to == self.unharmed.came_to
                assert run.made == self.unharmed.made, f"made {run.made}, not {self.unharmed.made}"
        return run

    def _kill(self, at: int) -> int:
        for runs, client in enumerate(self._clients_at(at), 1):
            if not self.tell(Kill(at=at, client=client)).client_was_hit:
                return runs  # Nobody asked: no client can do anything else.
        return len(self._clients_at(at))

    def _clients_at(self, at: int) -> tuple[Client, ...]:
        loses_an_answer = self.points[at].loses_an_answer
        return tuple(
            client for client in Client if loses_an_answer or client is not Client.ASKS_ONCE_TOLD
        )

    def _kill_one_recovery(self, at: int) -> int:
        client = ASKING[at // 2 % len(ASKING)]  # What is even is before something, always.
        wanted = 5 * at % (len(self.points) - at)
        recovery = self.tell(Kill(at=at, then_at=wanted, client=client)).processes[1]
        if not recovery.is_dead:  # It was shorter than what was left to do.
            wanted %= len(recovery.seen)
            recovery = self.tell(Kill(at=at, then_at=wanted, client=client)).processes[1]
            assert recovery.is_dead
        return 1

    def _recoveries_killed(self, at: int, client: Client) -> Iterator[Run]:
        then_at = 0
        while True:
            run = self.tell(Kill(at=at, then_at=then_at, client=client))
            if not run.processes[1].is_dead:
                return
            yield run
            then_at += 1
