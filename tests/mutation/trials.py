"""Trials: do the tests notice a mutant? Each trial is a fork, so that nothing is left behind.

A mutant of a function is tried in a process that has collected all tests already: the function's
code is exchanged, and the tests that call it run, the fastest first, until one fails. A mutant of
what surrounds functions is imported anew, with all tests, file by file. That both ways let what is
not mutated pass is tried first.
"""

import gc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from attrs import define, field

from tests.mutation.mutants import Mutant

# No shrinking and no database: that a test fails is all that a trial asks. Time is processor time.
OPTIONS = (
    *("-q", "-x", "--tb=no", "--capture=no"),
    *("-p", "no:cacheprovider", "-p", "pytest_timeout", "--timeout=0"),
)
PROCESSOR_SECONDS = 60


def forked(run: Callable[[], int]) -> str:
    """Run something in a fork, silently: `survived` (it returned 0), `killed` (1) or `timeout`.

    Raises when it raised: that is a fault of the trial, and not the work of a test.
    """
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 10))
        try:
            os._exit(run())
        except BaseException:  # noqa: BLE001 - a fork must never return to its parent's work
            traceback.print_exc()
            os._exit(2)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return {0: "survived", 1: "killed", -signal.SIGXCPU: "timeout"}[status]


@define(eq=False)
class Trials:
    """A plugin that tries mutants of functions, in place of running the tests once."""

    mutants: Sequence[Mutant]
    tell: Callable[[Mutant, str], None]
    notes: Path
    failed: bool = False
    functions: dict[str, list[FunctionType]] = field(factory=dict)
    reached: dict[str, Any] = field(factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure which test calls which function, then try one mutant after the other."""
        if forked(lambda: self._measure(session)) != "survived":
            raise pytest.UsageError("the tests fail without any mutant")
        self.reached = json.loads(self.notes.read_text())
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                self.functions.setdefault(_name_of(each.__code__), []).append(each)
        gc.freeze()  # A collection in a fork would copy all of this.
        for mutant in self.mutants:
            code = _code_of(mutant)
            # Others have to be imported: no test calls it, or it closes over something else.
            if self._reaching(session, mutant) and self._takes(mutant, code):
                self.tell(mutant, forked(partial(self._try, session, mutant, code)))
        return True

    def _measure(self, session: pytest.Session) -> int:
        reached = {}
        for item in session.items:
            called: set[str] = set()

            def note(frame: FrameType, event: str, _: object, called: set[str] = called) -> None:
                if event == "call" and "/domain/" in frame.f_code.co_filename:
                    called.add(_name_of(frame.f_code))

            began = time.process_time()
            sys.setprofile(note)
            self._passes(item)
            sys.setprofile(None)
            reached[item.nodeid] = (time.process_time() - began, sorted(called))
        self.notes.write_text(json.dumps(reached))
        return int(self.failed)

    def _takes(self, mutant: Mutant, code: CodeType) -> bool:
        functions = self.functions[_function_of(mutant)]
        return all(each.__code__.co_freevars == code.co_freevars for each in functions)

    def _try(self, session: pytest.Session, mutant: Mutant, code: CodeType) -> int:
        for function in self.functions[_function_of(mutant)]:
            function.__code__ = code
        return 0 if all(self._passes(item) for item in self._reaching(session, mutant)) else 1

    def _reaching(self, session: pytest.Session, mutant: Mutant) -> list[pytest.Item]:
        """Return the tests that call the mutant's function, the fastest first."""
        name = _function_of(mutant)
        items = [item for item in session.items if name in self.reached[item.nodeid][1]]
        return sorted(items, key=lambda item: float(self.reached[item.nodeid][0]))

    def _passes(self, item: pytest.Item) -> bool:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self.failed


def _function_of(mutant: Mutant) -> str:
    return f"{Path(mutant.path).resolve()}:{mutant.function}"


def _name_of(code: CodeType) -> str:
    """Name the outermost function that a code is of, by its file."""
    return f"{code.co_filename}:{code.co_qualname.partition('.<locals>')[0]}"


def _code_of(mutant: Mutant) -> CodeType:
    def within(code: CodeType) -> Iterator[CodeType]:
        for each in code.co_consts:
            if isinstance(each, CodeType):
                yield each
                yield from within(each)

    module = compile(mutant.source, str(Path(mutant.path).resolve()), "exec")
    return next(each for each in within(module) if _name_of(each) == _function_of(mutant))


class _Instead(importlib.machinery.SourceFileLoader):
    """Loads one module from a mutant's source."""

    source = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")


@define(eq=False)
class _Finder:
    mutant: Mutant

    def find_spec(self, name: str, *_: object) -> Any:
        """Find the mutated module where the real one would be found."""
        module = self.mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if name != module:
            return None
        path = str(Path(self.mutant.path).resolve())
        loader = _Instead(name, path)
        loader.source = self.mutant.source
        return importlib.util.spec_from_file_location(name, path, loader=loader)


def fastest_first(notes: Path) -> list[str]:
    """Return the files of tests by how long each takes, as it was measured."""
    seconds = Counter[str]()
    for test, (taken, _) in json.loads(notes.read_text()).items():
        seconds[test.partition("::")[0]] += taken
    return sorted(seconds, key=lambda file: seconds[file])


def imported_anew(mutant: Mutant, files: Sequence[str]) -> str:
    """Try a mutant in a process that has imported nothing of ours yet, file by file."""

    def run() -> int:
        sys.meta_path.insert(0, _Finder(mutant))
        return int(any(pytest.main([*OPTIONS, file]) != 0 for file in files))

    return forked(run)
