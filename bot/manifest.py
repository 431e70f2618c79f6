"""The Slack app's manifest, which is part of the package: its commands, events and scopes."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

_SCOPE = re.compile(r"^\s*- (?P<scope>[a-z_.:]+) # (?P<comment>.+?)\s*$", re.MULTILINE)
_OPTIONAL_SECTION = re.compile(r"^    bot_optional:.*$", re.MULTILINE)


def read_text() -> str:
    """Return manifest.yml. Next to this file is a link to it; a wheel contains a copy instead."""
    return files("bot").joinpath("manifest.yml").read_text(encoding="utf-8")


def load() -> dict[str, Any]:
    """Return the manifest as data, in the form of Slack's schema 2."""
    import yaml  # 2 MB that a running app does not need

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C, if PyYAML was built with it
    manifest: dict[str, Any] = yaml.load(read_text(), Loader=loader)  # noqa: S506 - a safe one
    return manifest


def list_scopes() -> dict[str, str]:
    """Return the bot's scopes in order, optional ones included, each with its reason."""
    return _read_comments(_OPTIONAL_SECTION.split(read_text())[0])


def list_optional_scopes() -> dict[str, str]:
    """Return the scopes that an installer may decline, each with what is off without it."""
    return _read_comments(_OPTIONAL_SECTION.split(read_text())[1].partition("\n\n")[0])


def _read_comments(section: str) -> dict[str, str]:
    return {found["scope"]: found["comment"] for found in _SCOPE.finditer(section)}
