"""The Slack app's manifest, as it travels with the package: what the app asks of a workspace."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import yaml

_SCOPE = re.compile(r"^\s*- (?P<scope>[a-z_.:]+) # (?P<reason>.+?)\s*$", re.MULTILINE)


def text() -> str:
    """manifest.yml whole. Beside this file lies a link to it; a wheel holds a copy in its place."""
    return files("bot").joinpath("manifest.yml").read_text(encoding="utf-8")


def load() -> dict[str, Any]:
    """The manifest as data, in the shape of Slack's schema 2."""
    manifest: dict[str, Any] = yaml.safe_load(text())
    return manifest


def scopes() -> dict[str, str]:
    """The bot's scopes in order, each with the reason that stands beside it in manifest.yml."""
    reasons = {found["scope"]: found["reason"] for found in _SCOPE.finditer(text())}
    return {scope: reasons.get(scope, "") for scope in load()["oauth_config"]["scopes"]["bot"]}
