"""Who kills, when, and whom."""

import time
from collections import Counter
from random import Random

from attrs import define, field

from tests.killing.fleet import Fleet, Member

LONGEST_LIFE_SECONDS = 1.2
STARTS_WITHIN_SECONDS = 1.2
HITS_WITHIN_SECONDS = 0.04
"""How long after a request was sent its server is killed: most answers take less than that."""


@define
class Killer:
    """Kill random processes at random moments; the seed decides which and when."""

    fleet: Fleet
    random: Random
    manners: Counter[str] = field(factory=Counter)

    def kill(self, times: int) -> None:
        """Kill so many processes, one after the other."""
        for _ in range(times):
            victim = self.random.choice(self.fleet.members)
            self._lie_in_wait(victim)
            victim.kill()
            victim.start()
        for member in self.fleet.members:
            member.until_ready()

    def _lie_in_wait(self, victim: Member) -> None:
        if self.random.random() < 0.15:
            self.manners["at any moment, while it starts too"] += 1
            time.sleep(self.random.uniform(0, STARTS_WITHIN_SECONDS))
            return
        victim.until_ready()
        time.sleep(self.random.uniform(0.1, LONGEST_LIFE_SECONDS))
        if victim.url is None or self.random.random() < 0.3:
            self.manners["at any moment of its work"] += 1
            return
        self.manners["just after a request was sent to it"] += 1
        self.fleet.shots.wait_for_next(victim.url, seconds=2)
        time.sleep(self.random.uniform(0, HITS_WITHIN_SECONDS))
