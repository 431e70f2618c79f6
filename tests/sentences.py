"""Every sentence of the product that a person reads, from its source: ``make sentences``."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNREAD = (
    "bot/sandbox/",
    "bot/db/",
    "bot/durable/",
    "bot/aio/",
    "bot/logs.py",
    "bot/metrics.py",
    "bot/slack/commands/understanding.py",
)
"""What no person reads: the stand-ins, storage, logs, and the words that people type."""
DEVELOPERS_ERRORS = {"ValueError", "RuntimeError", "TypeError", "AssertionError", "KeyError"}
GAP = "{…}"
_SENTENCE = re.compile(r"[^\W\d_]{2,}[,.:;]? .*[^\W\d_]{2}")
_CODE = re.compile(r"\\[a-zA-Z(]|\(\?|\[\^|^SELECT |^[a-z_]+( [a-z_]+ ?=.*)$")


def collect() -> str:
    """Return the sentences by file, in the order of the source."""
    parts = []
    for path in sorted([*ROOT.glob("bot/**/*.py"), *ROOT.glob("commands/*.py")]):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(UNREAD) or path.name == "phrases.py":
            continue
        found = list(dict.fromkeys(filter(_is_sentence, _iter_texts(ast.parse(path.read_text())))))
        if found:
            parts.append("\n".join([f"# {name}", *(text.replace("\n", " / ") for text in found)]))
    return "\n\n".join(parts) + "\n"


def _iter_texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts of a tree; docstrings, logs and errors of developers are left out."""
    if _is_unread(node):
        return
    text = _render(node)
    if text is not None:
        yield " ".join(text.split(" ")).strip()
    for child in ast.iter_child_nodes(node):
        if text is None or _render(child) is None:
            yield from _iter_texts(child)


def _render(node: ast.AST) -> str | None:
    """Return the text that an expression makes, with gaps for what differs; ``None`` if none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_render(part) or GAP for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _render(node.left), _render(node.right)
        return None if left is None and right is None else f"{left or GAP}{right or GAP}"
    if not isinstance(node, ast.Call):
        return None
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in ("markup", "Markup", "code", "bold") and node.args:
        inner = "".join(_render(arg) or GAP for arg in node.args)
        return {"code": f"`{inner}`", "bold": f"*{inner}*"}.get(name, inner)
    return None


def _is_unread(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):  # a docstring is a statement of its own
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return getattr(node.exc.func, "id", "") in DEVELOPERS_ERRORS
    if isinstance(node, ast.keyword) and node.arg in ("phrases", "aliases"):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return "log" in ast.unparse(node.func.value).lower()
    return isinstance(node, ast.arg | ast.alias)


def _is_sentence(text: str) -> bool:
    return bool(_SENTENCE.search(text)) and not _CODE.search(text)


if __name__ == "__main__":
    sys.stdout.write(collect())
