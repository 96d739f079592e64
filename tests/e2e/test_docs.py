"""The guides' tables say what the code says, and what they name exists."""

import re
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

from adapters.stripe.client import API_VERSION
from adapters.stripe.doctor import ACCOUNT_EVENTS, CONNECT_EVENTS
from adapters.stripe_facts import PUBLISHED_CARDS
from entrypoints.cli.arguments import parser
from entrypoints.http.controllers import MODULES
from entrypoints.http.endpoints import BASE, every
from entrypoints.http.problem_codes import descriptions

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_VARIABLE = re.compile(r"\b(?:TUITION|STRIPE)_[A-Z_]+\b")
_PATH = re.compile(r"`((?:domain|application|adapters|entrypoints|tests|docs)/[\w./]+)`")


def _section(guide: str, title: str) -> str:
    """Return the text from a heading to the next one."""
    headings = re.split(r"^(#+ .*)$", (DOCS / guide).read_text(), flags=re.MULTILINE)
    for heading, text in zip(headings[1::2], headings[2::2], strict=True):
        if heading.lstrip("# ") == title:
            return text
    raise AssertionError(f"{guide} has no section {title}")


def _rows(section: str) -> list[list[str]]:
    """Return the cells of a section's tables whose first one begins with code."""
    lines = (line for line in section.splitlines() if line.startswith("| `"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _names(section: str) -> list[str]:
    """Return the code that each row begins with."""
    return [cells[0].split("`")[1] for cells in _rows(section)]


def _statuses() -> dict[str, int]:
    """Return the status of every code that a client may meet."""
    for name in ("domain", "application", "entrypoints.http"):
        for module in walk_packages(import_module(name).__path__, f"{name}."):
            import_module(module.name)
    return {code: described.status for code, described in descriptions().items()}


def test_every_error_code_is_documented_with_its_status() -> None:
    rows = _rows(_section("api.md", "Error codes"))
    assert {cells[0].strip("`"): int(cells[1]) for cells in rows} == _statuses()


def test_every_test_card_is_documented() -> None:
    rows = _rows(_section("api.md", "Test cards"))
    documented = [(cells[0].strip("`"), cells[1].replace(" ", "")) for cells in rows]
    assert documented == [(card.token, card.number or "–") for card in PUBLISHED_CARDS]


def test_every_route_is_documented() -> None:
    text = "".join((DOCS / guide).read_text() for guide in ("api.md", "operations.md"))
    named = {
        re.sub(r"\{[^}]*\}", "{}", path) for path in re.findall(r"`(?:[A-Z]+ )?(/[^`?\s]*)", text)
    }
    routes = {
        re.sub(r"\{[^}]*\}", "{}", endpoint.path.removeprefix(BASE)) for endpoint in every(MODULES)
    }
    assert routes - named == set()


def test_every_setting_is_documented_and_no_other() -> None:
    sources = (ROOT / "entrypoints" / "settings").glob("*.py")
    read = {name for source in sources for name in _VARIABLE.findall(source.read_text())}
    assert set(_names(_section("operations.md", "Settings"))) == read


def test_the_guides_name_no_variable_that_nothing_reads() -> None:
    named = {name for guide in GUIDES for name in _VARIABLE.findall(guide.read_text())}
    read = {
        name
        for folder in ("entrypoints", "tests")
        for source in (ROOT / folder).rglob("*.py")
        for name in _VARIABLE.findall(source.read_text())
    }
    in_shell = {"STRIPE_", "TUITION_"}
    assert named - read - in_shell == set()


def test_every_command_is_documented_with_its_options() -> None:
    documented = {cells[0].split()[0].strip("`"): cells[0] for cells in _rows_of_commands()}
    offered = _commands()
    assert set(documented) == set(offered)
    for command, options in offered.items():
        assert all(option in documented[command] for option in options), command


def _rows_of_commands() -> list[list[str]]:
    return _rows(_section("operations.md", "Commands"))


def _commands() -> dict[str, list[str]]:
    """Return the long options of each command."""
    (choices,) = (
        action.choices
        for action in parser()._actions
        if action.dest == "command" and isinstance(action.choices, dict)
    )
    return {name: _options(command) for name, command in choices.items()}


def _options(command: ArgumentParser) -> list[str]:
    return [
        option
        for action in command._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    ]


def test_every_figure_is_documented() -> None:
    sources = ("entrypoints/http/figures.py", "entrypoints/composition/around.py")
    made = {
        name
        for each in sources
        for name in re.findall(r'"(tuition_\w+)"', (ROOT / each).read_text())
    }
    documented = re.findall(
        r"`(tuition_\w+?)(?:_total)?[`{]", _section("operations.md", "Monitoring")
    )
    assert set(documented) == made


def test_every_invariant_that_verification_names_is_explained() -> None:
    sources = (ROOT / "application" / "verification").glob("*.py")
    named = {name for each in sources for name in re.findall(r'"(I\d+)"', each.read_text())}
    assert set(_names(_section("domain.md", "What must hold"))) == named


@pytest.mark.parametrize(
    ("endpoint", "events"),
    [("your account", ACCOUNT_EVENTS), ("connected accounts", CONNECT_EVENTS)],
)
def test_the_events_of_a_webhook_endpoint_are_documented(
    endpoint: str, events: tuple[str, ...]
) -> None:
    section = _section("operations.md", "Stripe")
    (row,) = (line for line in section.splitlines() if line.startswith(f"| {endpoint} |"))
    assert re.findall(r"`([^`]+)`", row) == list(events)
    assert f"`{API_VERSION}`" in section


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.relative_to(ROOT).as_posix())
def test_what_a_guide_points_at_exists(guide: Path) -> None:
    text = guide.read_text()
    links = (target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text))
    inside = [guide.parent / link for link in links if link and "://" not in link]
    paths = [ROOT / path for path in _PATH.findall(text)]
    assert [path for path in (*inside, *paths) if not path.exists()] == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.relative_to(ROOT).as_posix())
def test_every_heading_that_is_linked_to_exists(guide: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)\s#]*)#([^)\s]+)\)", guide.read_text()):
        if "://" not in target:
            linked = guide.parent / target if target else guide
            assert anchor in _anchors(linked), f"{guide.name} links to {target}#{anchor}"


def _anchors(guide: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", guide.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
