import io
import json

from entrypoints.terminal import BOLD, GREEN, PlainProgress, Terminal


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
        progress("payments", 500, 1_000)
    assert out.getvalue() == "✓ done\nloud\n"


def test_people_get_colours() -> None:
    out = Screen()
    terminal = Terminal(out=out)
    terminal.say(terminal.styled("done", GREEN))
    assert out.getvalue() == "\x1b[32mdone\x1b[0m\n"


def test_scripts_are_told_how_far_it_is_now_and_then() -> None:
    out, err, seconds = io.StringIO(), io.StringIO(), iter((0, 4, 5, 6, 10))
    progress = PlainProgress(Terminal(out=out, err=err), lambda: next(seconds))
    progress("bookings", 500, 2_000_000)
    progress("bookings", 1_000_000, 2_000_000)
    progress("bookings", 1_000_500, 2_000_000)
    progress("payments", 1_500, None)
    assert err.getvalue() == "bookings: 1,000,000 of 2,000,000\npayments: 1,500\n"
    assert out.getvalue() == ""


def test_people_see_a_bar() -> None:
    out = Screen()
    with Terminal(out=out).progress() as progress:
        progress("bookings", 500, 2_000)
        progress("bookings", 1_000, 2_000)
        progress("payments", 1_500, None)
    shown = out.getvalue()
    assert "bookings" in shown
    assert "50%" in shown
    assert "1,500" in shown


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
