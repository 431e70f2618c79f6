"""The Slack app's manifest, which is part of the package: its commands, events and scopes."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import yaml

_SCOPE = re.compile(r"^\s*- (?P<scope>[a-z_.:]+) # (?P<reason>.+?)\s*$", re.MULTILINE)


def text() -> str:
    """Return manifest.yml. Next to this file is a link to it; a wheel contains a copy instead."""
    return files("bot").joinpath("manifest.yml").read_text(encoding="utf-8")


def load() -> dict[str, Any]:
    """Return the manifest as data, in the form of Slack's schema 2."""
    manifest: dict[str, Any] = yaml.safe_load(text())
    return manifest


def scopes() -> dict[str, str]:
    """Return the bot's scopes in order, each with its reason, the comment in manifest.yml."""
    reasons = {found["scope"]: found["reason"] for found in _SCOPE.finditer(text())}
    return {scope: reasons.get(scope, "") for scope in load()["oauth_config"]["scopes"]["bot"]}
