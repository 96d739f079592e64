"""Mutants of a module: its source with one mistake in it.

The mistakes are those of mutmut's operators (of a word only the first one) and five of our own,
tried on every node of the syntax tree: in functions, properties and validators, and in the tables,
defaults and classes around them.

What is left alone: imports, `__all__`, annotations and `NewType`s, docstrings, decorators, and the
wording of errors (a text with a space in it, where something is raised).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import libcst as cst
import libcst.matchers as m
from attrs import frozen
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider
from mutmut.mutation.mutators import mutation_operators

_LEFT_ALONE = (
    m.Annotation()
    | m.Decorator()
    | m.Import()
    | m.ImportFrom()
    | m.Assign(targets=[m.AssignTarget(target=m.Name("__all__"))])
    | m.Assign(value=m.Call(func=m.Name("NewType")))
    | m.Expr(value=m.SimpleString() | m.ConcatenatedString())
)
# Functions that others keep hold of as objects: they notice when the code of such a one changes.
_TRANSPARENT = m.Name("property") | m.Name("classmethod") | m.Attribute(attr=m.Name("validator"))


@frozen(kw_only=True)
class Mutant:
    """A module with one mistake; `function` is where it is, None outside of all functions."""

    path: str
    line: int
    function: str | None
    before: str
    after: str
    source: str

    @property
    def id(self) -> str:
        """Return what names it in one run."""
        return hashlib.sha256(f"{self.path}\n{self.source}".encode()).hexdigest()[:16]

    @property
    def key(self) -> tuple[str, ...]:
        """Return what names it even when lines were added above."""
        return (self.path, self.function or "", self.before, self.after)


def unchanged(path: Path) -> Mutant:
    """Return no mutant at all, which no test may notice."""
    source = path.read_text()
    return Mutant(path=str(path), line=1, function=None, before="", after="", source=source)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file, in the order of its lines; no two have the same source."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text()), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    parents = wrapper.resolve(ParentNodeProvider)
    module, seen = wrapper.module, {wrapper.module.code}
    for names, statement, module_with in _statements(module):
        for node, function in _places(statement, names):
            for changed in _mistakes(node, parents):
                source = module_with(statement.deep_replace(node, changed)).code
                if source in seen or not _compiles(source):
                    continue
                seen.add(source)
                yield Mutant(
                    path=str(path),
                    line=positions[node].start.line,
                    function=function,
                    before=_text(module, node),
                    after=_text(module, changed),
                    source=source,
                )


def _statements(module: cst.Module) -> Iterator[tuple[tuple[str, ...], Any, Callable[[Any], Any]]]:
    """Yield what a module and its classes consist of, and a way to put another in its place."""
    for statement in module.body:
        if isinstance(statement, cst.ClassDef):
            for member in statement.body.body:
                change = partial(_class_with, module, statement, member)
                yield (statement.name.value,), member, change
        else:
            yield (), statement, partial(_with, module, statement)


def _class_with(module: cst.Module, owner: cst.ClassDef, old: Any, new: Any) -> Any:
    return _with(module, owner, owner.with_changes(body=_with(owner.body, old, new)))


def _with(parent: Any, old: Any, new: Any) -> Any:
    return parent.with_changes(body=[new if each is old else each for each in parent.body])


def _places(
    node: cst.CSTNode, names: tuple[str, ...], function: str | None = None
) -> Iterator[tuple[cst.CSTNode, str | None]]:
    """Walk through all that may be mutated, with the outermost function that it is code of."""
    if m.matches(node, _LEFT_ALONE):
        return
    yield node, function
    for child in node.children:
        inner = function
        if isinstance(node, cst.FunctionDef) and child is node.body and function is None:
            swappable = all(m.matches(each.decorator, _TRANSPARENT) for each in node.decorators)
            inner = ".".join((*names, node.name.value)) if swappable else None
        yield from _places(child, names, inner)


def _mistakes(node: cst.CSTNode, parents: Any) -> Iterator[Any]:
    if _is_wording(node, parents):
        return
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            # A word that is marked is not that word: in capitals it would be the same mistake.
            is_word = isinstance(node, cst.SimpleString) and not node.prefix
            yield from islice(operator(node), 1 if is_word else None)
    yield from _ours(node)


def _ours(node: cst.CSTNode) -> Iterator[Any]:
    if isinstance(node, cst.If):  # A guard that always, or never, stops.
        test = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        for operator, constant in ((cst.And(), "False"), (cst.Or(), "True")):
            forced = cst.BooleanOperation(left=test, operator=operator, right=cst.Name(constant))
            yield node.with_changes(test=forced)
    if isinstance(node, cst.Expr) and m.matches(node.value, m.Call()):  # A forgotten check.
        yield node.with_changes(value=cst.Ellipsis())
    if isinstance(node, cst.Set | cst.Dict | cst.List | cst.Tuple) and len(node.elements) > 1:
        for index in range(len(node.elements)):  # A row that is missing from a table.
            yield node.with_changes(elements=_without(node.elements, index))
    if isinstance(node, cst.FormattedString):  # Another text around what is filled in.
        mark = cst.FormattedStringText("XX")
        yield node.with_changes(parts=[mark, *node.parts, mark])
    if isinstance(node, cst.Comparison) and len(node.comparisons) > 1:  # A range without its end.
        yield node.with_changes(comparisons=node.comparisons[:-1])


def _without(elements: Sequence[Any], index: int) -> Sequence[Any]:
    kept = [*elements[:index], *elements[index + 1 :]]
    return [*kept[:-1], kept[-1].with_changes(comma=cst.Comma())]


def _is_wording(node: cst.CSTNode, parents: Any) -> bool:
    """Tell whether it is a text for people, within a `raise`."""
    texts = m.SimpleString() | m.FormattedString()
    if not m.matches(node, texts) or " " not in cst.Module([]).code_for_node(node):
        return False
    while node in parents:
        if isinstance(node, cst.Raise):
            return True
        node = parents[node]
    return False


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _text(module: cst.Module, node: Any) -> str:
    """Return a node's source in one line; of a compound statement its head only."""
    if isinstance(node, cst.If):
        return f"if {_text(module, node.test)}"
    return " ".join(module.code_for_node(node).split())
