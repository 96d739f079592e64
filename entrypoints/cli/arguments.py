"""What can be typed."""

from argparse import ArgumentParser, ArgumentTypeError
from importlib.metadata import version

_MODULES = {
    "serve": "serving",
    "worker": "working",
    "migrate": "migrating",
    "create-admin": "admins",
    "demo": "demonstrating",
    "verify": "verifying",
    "simulate": "simulating",
    "openapi": "describing",
    "doctor": "examining",
}


def parser() -> ArgumentParser:
    """Return the parser of the whole command line."""
    top = ArgumentParser(
        prog="tuition",
        description="The payments backend for people who sell their time.",
        epilog="Settings come from the environment, or from a .env file beside it.",
    )
    top.add_argument("--version", action="version", version=f"tuition {version('tuition')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, does: str) -> ArgumentParser:
        added = commands.add_parser(name, help=does, description=does)
        added.set_defaults(module=_MODULES[name])
        return added

    serve = command("serve", "Serve the HTTP API, with the worker inside.")
    serve.add_argument("--host", help="address to listen on (TUITION_HOST)")
    serve.add_argument("--port", type=_port, help="port to listen on, 0 for any (TUITION_PORT)")
    serve.add_argument("--workers", type=_count, default=1, help="processes; PostgreSQL only")
    serve.add_argument("--no-worker", action="store_true", help="the worker runs elsewhere")

    worker = command("worker", "Do what is due, until stopped.")
    worker.add_argument("--once", action="store_true", help="stop when nothing is left to do")

    command("migrate", "Bring the database to the schema of this version.")

    admin = command("create-admin", "Make a member of staff.")
    admin.add_argument("email")
    admin.add_argument("--name", default="Admin")
    admin.add_argument("--password-stdin", action="store_true", help="read it from standard input")

    demo = command("demo", "Play the main job over HTTP and show who got what.")
    demo.add_argument("--url", help="a running development server; without it, a fresh one")

    verify = command("verify", "Prove the books: every invariant, on the live database.")
    verify.add_argument("--json", action="store_true", help="for scripts")

    simulate = command("simulate", "Try to lose money in a simulated marketplace, and fail.")
    simulate.add_argument("--seed", type=_number, help="what everything follows from; else any")
    simulate.add_argument("--steps", type=_number, default=300, help="how long a story is")
    simulate.add_argument("--seeds", type=_number, default=1, help="how many stories, one a seed")
    simulate.add_argument("--processes", type=_count, default=1, help="how many at once")
    simulate.add_argument("--storage", choices=("memory", "sqlite"), default="memory")
    simulate.add_argument("--story", action="store_true", help="print all that happens")
    simulate.add_argument("--json", action="store_true", help="for scripts")

    command("openapi", "Print the schema of the HTTP API.")

    doctor = command("doctor", "Look for what would keep this installation from working.")
    doctor.add_argument("--fix", action="store_true", help="register the webhook endpoint")
    doctor.add_argument("--json", action="store_true", help="for scripts")
    return top


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise ArgumentTypeError(f"a whole number above zero, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise ArgumentTypeError(f"from 1 to 64 processes, not {text!r}")
    return int(text)
