"""Mutate the domain, and count which mutants its tests notice: `make mutants`.

python -m tests.mutation                                     all of domain
python -m tests.mutation domain/fees.py                      some files
python -m tests.mutation --again                             what survived the last time
python -m tests.mutation --again --tests=tests/application   … tried on other tests
"""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

import hypothesis.stateful  # noqa: F401  # Here, so that no trial has to import it.
import pytest

from tests.mutation.mutants import Mutant, mutants_of, unchanged
from tests.mutation.results import Results
from tests.mutation.trials import OPTIONS, Trials, fastest_first, imported_anew

NOTES = Path(".mutants")


def main(arguments: list[str]) -> int:
    """Try all mutants that are asked for, and print the table and the survivors."""
    parser = ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("files", nargs="*", type=Path, default=sorted(Path("domain").rglob("*.py")))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--tests", default="tests/domain")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("HYPOTHESIS_PROFILE", "mutation")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    NOTES.mkdir(exist_ok=True)
    results = Results(NOTES / "results.jsonl")
    survived = results.survivors()
    mutants = [
        mutant
        for path in asked.files
        for mutant in mutants_of(path)
        if not asked.again or mutant.key in survived
    ]
    results.path.unlink(missing_ok=True)
    _try_all(mutants, asked.tests, results)
    results.report(sys.stdout)
    return 0


def _try_all(mutants: list[Mutant], tests: str, results: Results) -> None:
    notes = NOTES / "tests.json"
    of_functions = Trials([each for each in mutants if each.function], results.note, notes)
    if os.fork() == 0:
        os._exit(pytest.main([*OPTIONS, tests], plugins=[of_functions]))
    if os.wait()[1] != 0:
        raise SystemExit("The tests fail without any mutant.")
    tried, files = results.tried(), fastest_first(notes)
    if imported_anew(unchanged(Path("domain/money.py")), files) != "survived":
        raise SystemExit("The tests fail without any mutant when they run file by file.")
    for mutant in mutants:
        if mutant.id not in tried:
            results.note(mutant, imported_anew(mutant, files))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
