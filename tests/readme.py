"""README's tables, made from the code: ``python -m tests.readme --write`` or ``--check``.

A region is the text between ``<!-- name -->`` and ``<!-- /name -->``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from bot import manifest
from bot.cache import CacheStats
from bot.metrics import Metrics
from bot.settings.settings import SETTINGS, Setting
from bot.slack.commands import help as help_
from bot.slack.commands.permissions import Permission, Role
from commands import COMMANDS
from tests.endpoints import iter_endpoint_rows

README = Path(__file__).parents[1] / "README.md"

ROLE_HOLDERS = {
    Role.SENDER: "workspace owners and admins, and the people and groups in `SENDERS`",
    Role.MEMBER: "every other member",
    Role.GUEST: "guests, and people from other workspaces, unless `SENDERS` names them",
}
NEEDED_LABELS = {"always": "required", "http": "required for HTTP"}


def render_regions() -> dict[str, str]:
    """The name of each region with what belongs in it."""
    return {
        "commands": _render_commands(),
        "settings": _render_settings(),
        "roles": _render_roles(),
        "scopes": _render_table(("scope", "why", "off if it is declined"), _list_scopes()),
        "endpoints": _render_table(
            ("Chakra's API", "endpoint", "in Slack", "the client's method"), iter_endpoint_rows()
        ),
        "metrics": ", ".join(f"`{metric}`" for metric in list_metrics()),
    }


def list_metrics() -> tuple[str, ...]:
    """Every series of a running bot, with its labels in braces."""
    metrics = Metrics()
    metrics.track_cache(lambda: CacheStats(items=0, bytes=0, max_bytes=0))
    metrics.track_active_watches(lambda: 0)
    metrics.track_socket(lambda: False)
    return metrics.list_series()


def _render_commands() -> str:
    rows = [(f"`/chakra {c.usage}`", c.summary, f"`{c.example}`") for c in COMMANDS]
    rows.append((f"`/chakra {help_.USAGE}`", help_.SUMMARY, f"`{help_.EXAMPLE}`"))
    return _render_table(("command", "what it does", "example"), rows)


def _render_settings() -> str:
    rows = [(f"`{s.name}`", _format_default(s), s.description, s.where_to_find) for s in SETTINGS]
    return _render_table(("name", "default", "description", "where to find it"), rows)


def _list_scopes() -> list[tuple[str, str, str]]:
    """A scope that can't be declined is required."""
    optional = manifest.list_optional_scopes()
    return [
        (f"`{scope}`", reason, optional.get(scope, "required"))
        for scope, reason in manifest.list_scopes().items()
    ]


def _format_default(setting: Setting) -> str:
    if setting.required in NEEDED_LABELS:
        return NEEDED_LABELS[setting.required]
    return f"`{setting.default}`" if setting.default else "none"


def _render_roles() -> str:
    rows = [
        (ROLE_HOLDERS[role], ", ".join(p.value for p in Permission if p in role.permissions))
        for role in reversed(Role)
    ]
    return _render_table(("who", "may"), rows)


def _render_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(_escape_cell(cell) for cell in line) + " |" for line in lines
    )


def _escape_cell(text: str) -> str:
    return text.replace("|", "\\|") if text else " "


def render_readme(text: str) -> str:
    """Return ``text`` with every region rewritten. Raise ``ValueError`` unless each exists once."""
    for name, content in render_regions().items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(start) != 1 or text.count(end) != 1:
            raise ValueError(f"README.md must hold {start} … {end} once")
        before, rest = text.split(start)
        old, after = rest.split(end)
        inline = "\n" not in old
        text = before + start + (content if inline else f"\n{content}\n") + end + after
    return text


def main(arguments: list[str]) -> None:
    now = README.read_text(encoding="utf-8")
    then = render_readme(now)
    if arguments == ["--write"]:
        README.write_text(then, encoding="utf-8")
    elif arguments != ["--check"]:
        sys.exit("usage: python -m tests.readme --write | --check")
    elif now != then:
        sys.exit("README.md does not say what the code does: run make fix")


if __name__ == "__main__":
    main(sys.argv[1:])
