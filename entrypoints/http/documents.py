"""What tells people how to use the API: the schema, its page, and what each problem means."""

import html
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from domain.errors import NotFound
from entrypoints.http.endpoints import Call, Endpoint, Raw, Reply, Resource
from entrypoints.http.openapi import openapi
from entrypoints.http.policies import PUBLIC
from entrypoints.http.problem_codes import ProblemDescription, descriptions
from entrypoints.http.services import Services

_STATIC: Mapping[str, str] = {
    "docs.css": "text/css; charset=utf-8",
    "docs.html": "text/html; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
}
_CACHED = {"Cache-Control": "public, max-age=300"}

documents = Resource("", tag="Documentation", base="")


def document_endpoints(services: Services, endpoints: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    """Return the routes that document the given ones. They do not document themselves."""

    @cache
    def schema_bytes() -> bytes:
        return json.dumps(openapi(endpoints, services.settings), indent=2).encode()

    @documents.get("/schema/openapi.json", who=PUBLIC, answers={200: None})
    def openapi_schema() -> Reply:
        """Read this schema."""
        return Reply(200, Raw("application/json", schema_bytes()), _CACHED)

    return (openapi_schema, *_FIXED)


def _file(name: str) -> Reply:
    content = files("entrypoints.http").joinpath("static", name).read_bytes()
    return Reply(200, Raw(_STATIC[name], content), _CACHED)


@documents.get("/schema", who=PUBLIC, answers={200: None})
def docs_page() -> Reply:
    """Read the documentation."""
    return _file("docs.html")


@documents.get("/schema/docs.js", who=PUBLIC, answers={200: None})
def docs_script() -> Reply:
    """Fetch what draws the documentation."""
    return _file("docs.js")


@documents.get("/schema/docs.css", who=PUBLIC, answers={200: None})
def docs_style() -> Reply:
    """Fetch how the documentation looks."""
    return _file("docs.css")


@documents.get("/problems", who=PUBLIC, answers={200: None})
def problem_list(call: Call) -> Reply:
    """List what can go wrong."""
    return _explained(call, list(descriptions().values()))


@documents.get("/problems/{code}", who=PUBLIC, answers={200: None})
def problem_page(call: Call, code: str) -> Reply:
    """Explain a problem's code."""
    described = descriptions().get(code)
    if described is None:
        raise NotFound("This problem code")
    return _explained(call, [described])


_FIXED = (docs_page, docs_script, docs_style, problem_list, problem_page)


def _explained(call: Call, problems: Sequence[ProblemDescription]) -> Reply:
    if "text/html" in (call.header("accept") or ""):
        page = _PAGE.format(rows="\n".join(_row(problem) for problem in problems))
        return Reply(200, Raw("text/html; charset=utf-8", page.encode()), _CACHED)
    shown = [
        {
            "type": f"/problems/{problem.code}",
            "code": problem.code,
            "title": problem.title,
            "status": problem.status,
            "meaning": problem.meaning,
        }
        for problem in problems
    ]
    value = shown[0] if len(shown) == 1 else {"items": shown}
    return Reply(200, Raw("application/json", json.dumps(value).encode()), _CACHED)


def _row(problem: ProblemDescription) -> str:
    return (
        f'<article id="{html.escape(problem.code)}"><h2>{html.escape(problem.title)}</h2>'
        f'<p class="code"><span class="status">{problem.status}</span>'
        f' <a href="/problems/{html.escape(problem.code)}">{html.escape(problem.code)}</a></p>'
        f"<p>{html.escape(problem.meaning)}</p></article>"
    )


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Problems – Tuition</title>
<link rel="stylesheet" href="/schema/docs.css">
</head>
<body>
<main class="problems">
<h1>Problems</h1>
<p><a href="/schema">API</a> · <a href="/problems">All problems</a></p>
{rows}
</main>
</body>
</html>
"""
