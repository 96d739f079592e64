import io
import json

from entrypoints.terminal import BOLD, GREEN, Terminal


class Screen(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_scripts_get_plain_lines() -> None:
    out = io.StringIO()
    terminal = Terminal(out=out)
    terminal.good("done")
    terminal.say(terminal.styled("loud", BOLD))
    with terminal.progress() as progress:
        progress("payments", 500)
    assert out.getvalue() == "✓ done\nloud\n"


def test_people_get_colours() -> None:
    out = Screen()
    terminal = Terminal(out=out)
    terminal.say(terminal.styled("done", GREEN))
    assert out.getvalue() == "\x1b[32mdone\x1b[0m\n"


def test_people_see_progress() -> None:
    out = Screen()
    with Terminal(out=out).progress() as progress:
        progress("payments", 1500)
    assert "…" in out.getvalue() or "payments" in out.getvalue()


def test_who_asks_for_json_gets_nothing_else() -> None:
    out = Screen()
    terminal = Terminal(out=out, asks_json=True)
    terminal.bad("broken")
    terminal.table(("a", "b"), [("1", "2")])
    terminal.answer({"clean": False})
    assert json.loads(out.getvalue()) == {"clean": False}


def test_complaints_go_elsewhere() -> None:
    out, err = io.StringIO(), io.StringIO()
    Terminal(out=out, err=err).complain("no")
    assert (out.getvalue(), err.getvalue()) == ("", "no\n")


def test_a_table_is_aligned() -> None:
    out = io.StringIO()
    Terminal(out=out).table(("", "usd"), [("student", "1.00"), ("platform", "10.00")])
    assert out.getvalue().splitlines() == ["            usd", "student    1.00", "platform  10.00"]
