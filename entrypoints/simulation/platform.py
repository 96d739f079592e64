"""The platform as its clients meet it: several processes, and answers that must stay the same."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from attrs import define, field, frozen

from application.idempotency import KEPT_FOR
from application.ports.records import Answer
from entrypoints.simulation.client import PASSING_CODES, Asked, code_of
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.process import Process
from entrypoints.simulation.scheduling import Dropped, Killed

PATIENCE = 25
"""How often a client asks again before it gives up."""

PAUSES_SECONDS = (1, 5, 31, 70)

_NOT_KEPT = frozenset({401, 403, 429})


@frozen
class Reply:
    """What a client was told in the end."""

    answer: Answer

    @property
    def is_ok(self) -> bool:
        """Tell whether it was done."""
        return self.answer.status < 300

    @property
    def code(self) -> str:
        """Return the code of a refusal."""
        return code_of(self.answer)

    def __getitem__(self, name: str) -> Any:
        return msgspec.json.decode(self.answer.body)[name]


@define(eq=False)
class Platform:
    """Processes behind one address."""

    market: Marketplace
    processes: list[Process]
    told: dict[str, tuple[Asked, Answer]] = field(factory=dict)
    """What was answered to each idempotency key."""
    first_sent: dict[str, datetime] = field(factory=dict)

    def send(self, asked: Asked) -> Answer | None:
        """Send a request to some process; None when no answer came back."""
        process = self.market.one_of([each for each in self.processes if each.is_alive])
        if process is None:
            return None
        try:
            return process.client.send(asked)
        except Dropped:
            raise
        except Killed:
            self.market.diary.count("requests whose process was killed")
            return None

    def ask(self, asked: Asked) -> Reply | None:
        """Ask until there is an answer, as a sensible client does; None when patience ran out."""
        if asked.key is not None:
            self.first_sent.setdefault(asked.key, self.market.clock.now())
        for _ in range(PATIENCE):
            answer = self.send(asked)
            if answer is None or code_of(answer) in PASSING_CODES:
                self.market.sleep(self.market.chance.choice(PAUSES_SECONDS))
                continue
            self.note(asked, answer)
            if not self.market.troubles.post_is_reliable and self.market.happens(0.05):
                self.market.diary.count("answers lost on their way to a client")
                continue
            self.market.diary.count(f"answered {code_of(answer) or 'ok'}")
            return Reply(answer)
        self.market.diary.count("requests given up")
        return None

    def note(self, asked: Asked, answer: Answer) -> None:
        """Compare an answer with what the same key was answered before: I14."""
        if asked.key is None or answer.status in _NOT_KEPT:
            return
        first, before = self.told.setdefault(asked.key, (asked, answer))
        if first == asked and before != answer and self._is_fresh(asked.key):
            told = f"was told {before.body!r}, and then {answer.body!r}"
            self.market.witness.report("I14", asked.url, told)

    def _is_fresh(self, key: str) -> bool:
        # Clocks of processes differ, and a request may take long.
        age = self.market.clock.now() - self.first_sent[key]
        return age < KEPT_FOR - timedelta(hours=1)

    def fresh_requests(self) -> list[Asked]:
        """Return the requests with a key whose answers are still kept."""
        return [asked for key, (asked, _) in self.told.items() if self._is_fresh(key)]
