"""What the app's manifest turns on: its commands, scopes and interactivity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SlashCommand:
    """``escape`` turns typed ``@name`` and ``#channel`` into ids (``should_escape``)."""

    command: str
    description: str
    hint: str
    escape: bool


@dataclass(frozen=True)
class Manifest:
    """``scopes`` are the bot's, in the manifest's order."""

    commands: Mapping[str, SlashCommand]
    scopes: tuple[str, ...]
    interactive: bool


def read_manifest(manifest: Mapping[str, Any]) -> Manifest:
    """Reads the parts that matter here; whether the rest is valid, the schema says."""
    commands = [
        SlashCommand(
            command=given["command"],
            description=given.get("description", ""),
            hint=given.get("usage_hint", ""),
            escape=bool(given.get("should_escape")),
        )
        for given in manifest.get("features", {}).get("slash_commands", ())
    ]
    interactivity = manifest.get("settings", {}).get("interactivity", {})
    return Manifest(
        commands={command.command: command for command in commands},
        scopes=tuple(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        interactive=bool(interactivity.get("is_enabled")),
    )
