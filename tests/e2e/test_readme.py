"""The guides are run: every bash block of theirs, and every line of output that they show.

A block whose language is `bash` is run, all blocks of a guide in one shell, one after the other. A
block of output right after it must be found in what it printed, line by line and in order; a line
with nothing but an ellipsis stands for what was left out. Ids and instants differ from run to run,
and commas at the end of a line depend on what was left out: neither is compared.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from attrs import frozen

from tests.e2e.processes import Place

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ("README.md", "docs/api.md")

PATIENCE_SECONDS = 240
"""A guide starts some two hundred small processes, perhaps on a busy machine."""

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OUTPUTS = {"text", "json", "http"}
_VARYING = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "SEAL"),
    (re.compile(r"\b[a-z]{2,6}_(?=[0-9a-z]*\d)[0-9a-z]{5,}(?:_secret_\w+)?"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "INSTANT"),
)
_BOUNDARY = "=== end of block ==="


@frozen(kw_only=True)
class Step:
    """A block of commands, and the output that the guide shows for it."""

    line: int
    commands: str
    output: str


def steps_of(guide: str) -> Iterator[Step]:
    """Read the steps out of a guide."""
    blocks = list(_FENCED.finditer(guide))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] != "bash":
            continue
        shown = following if following is not None and following[1] in _OUTPUTS else None
        is_next = shown is not None and not guide[block.end() : shown.start()].strip()
        yield Step(
            line=guide[: block.start()].count("\n") + 1,
            commands=block[2],
            output=shown[2] if shown is not None and is_next else "",
        )


def comparable(text: str) -> list[str]:
    """Return the lines of an output without what differs from run to run."""
    for pattern, stand_in in _VARYING:
        text = pattern.sub(stand_in, text)
    return [line.strip().rstrip(",") for line in text.splitlines() if line.strip()]


def missing_from(printed: str, output: str) -> list[str]:
    """Return the lines that the guide shows and the commands did not print in this order."""
    waiting = iter(comparable(printed))
    wanted = [line for line in comparable(output) if line != "…"]
    return [line for line in wanted if not any(line == each for each in waiting)]


def run(steps: list[Step], place: Place, url: str) -> list[str]:
    """Run the steps in one shell; return what each printed. One that fails ends the shell."""
    script = "set -e -o pipefail\n" + "".join(
        f"{step.commands}echo; echo {shlex.quote(_BOUNDARY)}\n" for step in steps
    )
    script = script.replace("127.0.0.1:8000", urlsplit(url).netloc)
    tuition = f"{shlex.quote(sys.executable)} -m entrypoints.cli"
    ended = subprocess.run(
        ["bash", "-c", script.replace(".venv/bin/tuition", tuition)],
        cwd=place.directory,
        env=dict(place.environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    *printed, rest = ended.stdout.split(_BOUNDARY)
    if ended.returncode:
        step = steps[len(printed)]
        pytest.fail(
            f"the block in line {step.line} ended with {ended.returncode}:\n"
            f"{step.commands}\n{rest}\n{ended.stderr}"
        )
    return printed


@pytest.mark.slow
@pytest.mark.timeout(PATIENCE_SECONDS + 30)
@pytest.mark.parametrize("guide", GUIDES)
def test_the_guide_can_be_pasted_and_prints_what_it_says(guide: str, sqlite_place: Place) -> None:
    steps = list(steps_of((ROOT / guide).read_text()))
    assert len(steps) > 5
    with sqlite_place.serve() as server:
        printed = run(steps, sqlite_place, server.url)
    for step, output in zip(steps, printed, strict=True):
        missing = missing_from(output, step.output)
        assert not missing, f"{guide}, block in line {step.line}, printed otherwise:\n{output}"


def test_a_line_that_was_not_printed_is_noticed() -> None:
    assert missing_from('{\n  "price": "60.00"\n}\n', '{\n  "price": "60.00",\n  …\n}\n') == []
    assert missing_from("status: paid\n", "status: failed\n") == ["status: failed"]
    assert missing_from("b: 1\na: 2\n", "a: 2\nb: 1\n") == ["b: 1"]


def test_ids_and_instants_are_not_compared() -> None:
    printed = "id: bk_01m7ykdxwkc3vfhzczjn2ytsvc\nnow: 2026-11-24T11:26:43.481590Z\n"
    assert (
        missing_from(printed, "id: bk_01m7zzzzzzzzzzzzzzzzzzzzzz\nnow: 2026-01-01T00:00:00Z\n")
        == []
    )
