"""What became of each mutant, kept in a file of lines while the trials go on."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from attrs import define, field

from tests.mutation.mutants import Mutant


@define
class Results:
    """The results of one run, in a file."""

    path: Path
    counts: Counter[str] = field(factory=Counter)

    def note(self, mutant: Mutant, result: str) -> None:
        """Keep one result, and tell of every hundredth."""
        row = {"id": mutant.id, "key": mutant.key, "line": mutant.line, "result": result}
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        self.counts[result] += 1
        if self.counts.total() % 100 == 0:
            sys.stderr.write(f"{dict(self.counts)}\n")

    def tried(self) -> set[str]:
        """Return the ids of the mutants that have a result."""
        return {row["id"] for row in self._rows()}

    def survivors(self) -> set[tuple[str, ...]]:
        """Return the keys of the mutants that nothing noticed."""
        return {tuple(row["key"]) for row in self._rows() if row["result"] == "survived"}

    def report(self, to: TextIO) -> None:
        """Write a table by module, in Markdown, and the survivors."""
        rows = sorted(self._rows(), key=lambda row: (row["key"][0], row["line"]))
        to.write("| module | mutants | killed | timeouts | survived | |\n")
        to.write("|---|--:|--:|--:|--:|--:|\n")
        for path in [*dict.fromkeys(row["key"][0] for row in rows), "all"]:
            found = Counter(row["result"] for row in rows if path in {"all", row["key"][0]})
            killed, late, survived = (found[each] for each in ("killed", "timeout", "survived"))
            share = 100 * (killed + late) / found.total()
            cells = (f"`{path}`", found.total(), killed, late, survived, f"{share:.1f} %")
            to.write(f"| {' | '.join(map(str, cells))} |\n")
        for row in rows:
            if row["result"] == "survived":
                path, function, before, after = row["key"]
                to.write(f"{path}:{row['line']} {function}: {before} → {after}\n")

    def _rows(self) -> Iterator[dict[str, Any]]:
        if self.path.exists():
            yield from (json.loads(line) for line in self.path.read_text().splitlines())
