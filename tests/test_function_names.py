"""Functions are named by imperative verbs: CONTRIBUTING, Naming, rule 9."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VERBS = frozenset((ROOT / "tests/data/verbs.txt").read_text(encoding="utf-8").split())

VOCABULARIES = {
    "bot/db/columns.py",
    "bot/slack/blocks.py",
    "bot/slack/choice_fields.py",
    "bot/slack/data_table.py",
    "bot/slack/work_objects.py",
    "tests/messages/test_contacts_of_files.py",
    "tests/sandbox/limit_payloads.py",
    "tests/sandbox/test_embedded_chakra_carousels.py",
    "tests/templates/test_event_copy.py",
    "tests/webhooks/test_parser_fields.py",
}
"""Files whose constructors have the name of what they construct: tables are written with them."""

PREDICATES = {
    "are",
    "can",
    "did",
    "had",
    "has",
    "have",
    "is",
    "may",
    "must",
    "needs",
    "was",
    "will",
}
CONVERTERS = {"as", "from", "to", "with", "without"}
EVENTS = {"on", "pytest"}
FOREIGN = {
    "aclose",
    "async_process",
    "connection_lost",
    "connection_made",
    "cursor",
    "data_received",
    "demo",
    "doctor",
    "engine_created",
    "executemany",
    "executescript",
    "fetchall",
    "handleError",
    "main",
    "monotonic",
    "reducer_override",
    "settings_customise_sources",
    "time",
}
"""Names that the standard library, a package or a convention asks for."""
SLACK_METHODS = "bot/sandbox/slack/methods/"
"""Where a function has the name of the Web API method that it answers."""
NAMED_BY_THE_THING = {
    "asynccontextmanager",
    "cached_property",
    "composite",
    "contextmanager",
    "field_validator",
    "fixture",
    "hookimpl",
    "model_validator",
    "property",
    "setter",
}
"""Decorators of what its callers do not use as a function."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def list_decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the last name of each decorator, whatever it is called with."""
    called = (d.func if isinstance(d, ast.Call) else d for d in function.decorator_list)
    return {d.attr if isinstance(d, ast.Attribute) else ast.unparse(d) for d in called}


def is_well_named(file: str, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a name begins with a verb, or is of a kind that has none."""
    name = function.name
    if name in FOREIGN or name.startswith("__") or file in VOCABULARIES:
        return True
    if file.startswith(SLACK_METHODS) and not name.startswith("_"):
        return True
    first, *words = name.strip("_").split("_")
    if first in VERBS | PREDICATES | CONVERTERS | EVENTS or {"from", "to"} & set(words):
        return True
    returns = ast.unparse(function.returns) if function.returns else ""
    if returns == "pytest.MarkDecorator" or (first.endswith("s") and returns == "bool"):
        return True
    return bool(list_decorators(function) & NAMED_BY_THE_THING)


def iter_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions of a file, without tests and what is inside them."""
    for node in ast.iter_child_nodes(tree):
        is_test = isinstance(node, FUNCTIONS) and node.name.startswith("test_")
        if isinstance(node, FUNCTIONS) and not is_test:
            yield node
        if not is_test:
            yield from iter_functions(node)


def list_misnamed(file: str, text: str) -> list[str]:
    """Return the place and the name of each function without a verb."""
    return [
        f"{file}:{function.lineno}: {function.name}"
        for function in iter_functions(ast.parse(text))
        if not is_well_named(file, function)
    ]


def test_functions_are_named_by_verbs() -> None:
    """A migration is a record, and may name things as it was written."""
    paths = [path for top in ("bot", "commands", "tests") for path in (ROOT / top).rglob("*.py")]
    files = {path.relative_to(ROOT).as_posix(): path for path in paths}
    misnamed = [
        place
        for file, path in files.items()
        if "/versions/" not in file
        for place in list_misnamed(file, path.read_text(encoding="utf-8"))
    ]
    assert not misnamed, (
        f"{misnamed}: name it as an imperative verb, as in render_summary or find_user; if it "
        "returns a bool, as a predicate, as in is_open; if it only converts, as in from_row or "
        "to_json. If its first word is a verb that was not used before, add it to "
        "tests/data/verbs.txt."
    )


def test_verbs_are_sorted() -> None:
    lines = (ROOT / "tests/data/verbs.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(set(lines)), "sort tests/data/verbs.txt; a verb is there once"


@pytest.mark.parametrize(
    ("source", "misnamed"),
    [
        ("def render_summary(): ...", []),
        ("def summary(): ...", ["summary"]),
        ("def _button_row(): ...", ["_button_row"]),
        ("class Card:\n    def title(self): ...", ["title"]),
        ("class Card:\n    @property\n    def title(self): ...", []),
        ("class Card:\n    @classmethod\n    def from_row(cls): ...", []),
        ("def find_user():\n    def best(): ...", ["best"]),
        ("def is_open() -> bool: ...", []),
        ("def fits(text) -> bool: ...", []),
        ("def fields(text) -> list[str]: ...", ["fields"]),
        ("def row_to_json(): ...", []),
        ("@asynccontextmanager\nasync def background_tasks(): ...", []),
        ("@pytest.fixture\ndef acme(): ...", []),
        ("def test_anything():\n    def slow(): ...", []),
    ],
)
def test_a_name_without_a_verb_is_found(source: str, misnamed: list[str]) -> None:
    found = list_misnamed("bot/card.py", source)
    assert [place.rpartition(" ")[2] for place in found] == misnamed
