"""The parts of the app's manifest that matter here: commands, shortcuts, scopes, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ShortcutKind = Literal["global", "message"]


@dataclass(frozen=True)
class SlashCommand:
    """A slash command; ``escape`` is ``should_escape``: names become IDs."""

    command: str
    description: str
    hint: str
    escapes_names: bool


@dataclass(frozen=True)
class ManifestShortcut:
    """A shortcut; ``name`` is its label in Slack's menu, ``kind`` which menu that is."""

    callback_id: str
    name: str
    description: str
    kind: ShortcutKind


@dataclass(frozen=True)
class AppManifest:
    """The app's manifest; ``scopes`` and ``events`` are the bot's, in its order.

    ``messages_tab`` says whether the app and a person may write to each other directly, ``listens``
    whether the person may.
    """

    commands: Mapping[str, SlashCommand]
    shortcuts: tuple[ManifestShortcut, ...]
    scopes: tuple[str, ...]
    interactivity_enabled: bool
    events: tuple[str, ...] = ()
    messages_tab_enabled: bool = True
    accepts_messages: bool = True


def parse_manifest(manifest: Mapping[str, Any]) -> AppManifest:
    """Read the relevant parts; the schema validates the rest."""
    features = manifest.get("features", {})
    commands = [
        SlashCommand(
            command=given["command"],
            description=given.get("description", ""),
            hint=given.get("usage_hint", ""),
            escapes_names=bool(given.get("should_escape")),
        )
        for given in features.get("slash_commands", ())
    ]
    home = features.get("app_home", {})
    settings = manifest.get("settings", {})
    interactivity = settings.get("interactivity", {})
    return AppManifest(
        commands={command.command: command for command in commands},
        shortcuts=tuple(_parse_shortcut(given) for given in features.get("shortcuts", ())),
        scopes=tuple(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ())),
        interactivity_enabled=bool(interactivity.get("is_enabled")),
        events=tuple(settings.get("event_subscriptions", {}).get("bot_events", ())),
        messages_tab_enabled=home.get("messages_tab_enabled", True),
        accepts_messages=not home.get("messages_tab_read_only_enabled", False),
    )


def _parse_shortcut(given: Mapping[str, Any]) -> ManifestShortcut:
    return ManifestShortcut(
        callback_id=given["callback_id"],
        name=given["name"],
        description=given.get("description", ""),
        kind="message" if given["type"] == "message" else "global",
    )
