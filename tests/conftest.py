"""What holds for every test: Hypothesis profiles, and in CI that nothing is left out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, Phase, settings

# No deadline, and no health check on speed: two shared cores stall now and then, and that is no
# fault of the code. CI repeats the same examples on each run, so that a failure there is news.
settings.register_profile(
    "default", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "ci", settings.get_profile("default"), max_examples=150, derandomize=True, print_blob=True
)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=5000)
# For thousands of runs on broken code: that a property fails is enough, the smallest example is not
# looked for.
settings.register_profile(
    "mutation",
    settings.get_profile("default"),
    max_examples=25,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)

_IN_CI = os.environ.get("CI") == "true"
_LEFT_OUT = ("skipped", "xfailed", "xpassed", "deselected")
# Each is part of the id of some test that passed, or a layer did not run at all.
_LAYERS = (
    *("tests/domain/", "tests/application/", "tests/contract/", "tests/http/", "tests/e2e/"),
    *("tests/crash/", "tests/races/", "tests/security/", "tests/killing/"),
    *("tests/simulation/", "tests/interleavings/", "tests/planted/"),
    *("memory", "sqlite", "postgres", "fake", "stripe"),
)

_UNTRACED = ("simulation", "crash", "interleavings", "planted", "races", "killing")
"""Layers that tell the same stories thousands of times: to trace them doubles what they cost, and
the bound on branches is kept by the layers that name each behaviour."""

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if _IN_CI else "default"))


@pytest.fixture(autouse=True)
def _traced_where_it_counts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Stop the trace of coverage, where there is one, for the layers that are not traced."""
    trace = Coverage.current()
    if trace is None or request.path.relative_to(Path(__file__).parent).parts[0] not in _UNTRACED:
        yield
        return
    trace.stop()
    yield
    trace.start()


def _ids(config: pytest.Config, outcome: str) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    # A deselected entry is the test itself, the others are reports on one: both have its id.
    return [entry.nodeid for entry in getattr(reporter, "stats", {}).get(outcome, ())]


def _left_out(config: pytest.Config) -> Iterator[str]:
    for outcome in _LEFT_OUT:
        for test in _ids(config, outcome):
            yield f"{outcome}: {test}"
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        passed = [test.lower() for test in _ids(config, "passed")]
        for layer in _LAYERS:
            if not any(layer in test for test in passed):
                yield f"no test of: {layer}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run in CI when a test did not run: a layer that is skipped proves nothing."""
    on_worker = hasattr(session.config, "workerinput")
    finished = session.exitstatus == pytest.ExitCode.OK and not on_worker
    if _IN_CI and finished and any(_left_out(session.config)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was left out, where that fails the run."""
    if _IN_CI and (missing := list(_left_out(config))):
        terminalreporter.section("left out, which CI refuses", red=True)
        for line in missing:
            terminalreporter.line(line)
