"""What people ask of a process that may die of it: they ask again, and never otherwise."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec
from attrs import define, evolve, fields, frozen

from application.ports.records import Answer
from entrypoints.http.keys import RequestKey
from entrypoints.simulation.client import PASSING_CODES, Asked, Client, code_of


class Asking(Protocol):
    """Where requests are sent to."""

    @property
    def client(self) -> Client:
        """Return who sends requests to the process that lives now."""
        ...

    def waits(self) -> Iterator[None]:
        """Let a client wait, again and again, until it loses patience."""
        ...


@define
class Request:
    """A request that its sender repeats, with the same key, until it has an answer."""

    stage: Asking
    asked: Asked
    answer: Answer | None = None

    def __call__(self) -> Answer:
        """Send it, and again while it is said to be under way."""
        for _ in self.stage.waits():
            answer = self.stage.client.send(self.asked)
            if code_of(answer) not in PASSING_CODES:
                self._must_be_what_it_was(answer)
                return answer
        raise AssertionError(f"{self.asked.url} is never answered")

    def repeat(self) -> None:
        """Send it once more, if it was answered: a key makes the same bytes of it (I14)."""
        if self.answer is not None and self.asked.key is not None:
            assert self.stage.client.send(self.asked) == self.answer, self.asked.url

    def alter(self) -> None:
        """Send another body under its key, if it was answered: that is refused (I14)."""
        if self.answer is None or self.asked.key is None:
            return
        refusal = self.stage.client.send(altered(self.asked))
        assert (refusal.status, code_of(refusal)) == (422, "idempotency_key_reused")

    @property
    def refusal(self) -> str:
        """Return the code with which it was refused, if it was.

        Without a key nobody can tell that it was done before: such a refusal counts for nothing.
        """
        return code_of(self.answer) if self.answer is not None and self.asked.key else ""

    def result(self) -> Any:
        """Return what was answered, read as JSON."""
        assert self.answer is not None
        return msgspec.json.decode(self.answer.body)

    def _must_be_what_it_was(self, answer: Answer) -> None:
        if self.asked.key is not None and self.answer is not None:
            assert answer == self.answer, self.asked.url
        self.answer = answer


@define
class Later:
    """A request that can be told only when an earlier one was answered."""

    make: Callable[[], Request]
    made: Request | None = None

    def __call__(self) -> Answer:
        """Tell it, the first time, and send it."""
        self.made = self.made or self.make()
        return self.made()

    @property
    def refusal(self) -> str:
        """Return the code with which it was refused, if it was."""
        return self.made.refusal if self.made is not None else ""

    def repeat(self) -> None:
        """Send it once more, if it was answered."""
        if self.made is not None:
            self.made.repeat()

    def alter(self) -> None:
        """Send another body under its key, if it was answered."""
        if self.made is not None:
            self.made.alter()


@frozen(kw_only=True)
class _Altered(Asked):
    """A request whose body has other bytes; what they say is checked only after the key."""

    def request_key(self) -> RequestKey | None:
        """Return the key, bound to another body."""
        key = super().request_key()
        return None if key is None else evolve(key, body_sha256="0" * 64)


def altered(asked: Asked) -> Asked:
    """Return a request that has everything of another, but for the bytes of its body."""
    return _Altered(**{each.name: getattr(asked, each.name) for each in fields(Asked)})
