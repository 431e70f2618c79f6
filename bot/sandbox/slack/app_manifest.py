"""The parts of the app's manifest that matter here: commands, shortcuts, scopes, events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    """The app's manifest; ``events`` are the bot's, in its order, and ``scopes`` the granted ones.

    ``messages_tab_enabled`` says whether the app and a person may write to each other directly,
    ``accepts_messages`` whether the person may.
    """

    commands: Mapping[str, SlashCommand]
    shortcuts: tuple[ManifestShortcut, ...]
    scopes: tuple[str, ...]
    interactivity_enabled: bool
    events: tuple[str, ...] = ()
    home_tab_enabled: bool = False
    messages_tab_enabled: bool = True
    accepts_messages: bool = True
    unfurl_domains: tuple[str, ...] = ()


def parse_manifest(manifest: Mapping[str, Any], declined: Collection[str] = ()) -> AppManifest:
    """Read the relevant parts; the schema validates the rest.

    ``declined`` are the optional scopes that the installer refuses. Raise ``ValueError`` for one
    that isn't optional, and for an optional scope that isn't in the list of all.
    """
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
        scopes=_list_granted_scopes(manifest.get("oauth_config", {}).get("scopes", {}), declined),
        interactivity_enabled=bool(interactivity.get("is_enabled")),
        events=tuple(settings.get("event_subscriptions", {}).get("bot_events", ())),
        home_tab_enabled=home.get("home_tab_enabled", False),
        messages_tab_enabled=home.get("messages_tab_enabled", True),
        accepts_messages=not home.get("messages_tab_read_only_enabled", False),
        unfurl_domains=tuple(features.get("unfurl_domains", ())),
    )


def _list_granted_scopes(scopes: Mapping[str, Any], declined: Collection[str]) -> tuple[str, ...]:
    """Return the bot's scopes without the declined ones. docs.slack.dev/reference/app-manifest."""
    all_scopes, optional = scopes.get("bot", ()), scopes.get("bot_optional", ())
    if unlisted := set(optional) - set(all_scopes):
        raise ValueError(f"bot_optional has scopes that bot lacks: {sorted(unlisted)}")
    if mandatory := set(declined) - set(optional):
        raise ValueError(f"these scopes can't be declined: {sorted(mandatory)}")
    return tuple(scope for scope in all_scopes if scope not in declined)


def _parse_shortcut(given: Mapping[str, Any]) -> ManifestShortcut:
    return ManifestShortcut(
        callback_id=given["callback_id"],
        name=given["name"],
        description=given.get("description", ""),
        kind="message" if given["type"] == "message" else "global",
    )
