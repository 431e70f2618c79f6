"""manifest.yml: Slack takes it, it asks for no more than is needed, and it travels in the wheel."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot import manifest
from bot.sandbox.slack.events import SCOPES
from bot.slack.events import (
    ADDRESSED_EVENTS,
    HOME_OPENED,
    JOINED_CHANNEL,
    REVOCATION_EVENTS,
)
from commands import COMMANDS

ROOT = Path(__file__).parents[1]
OLDEST_SETUPTOOLS = 77  # as in pyproject.toml's build-system

MAX_HINT_LENGTH = 40

# github.com/slackapi/manifest-schema, with its licence beside it.
SCHEMA = json.loads((ROOT / "tests/data/manifest.schema.2.0.0.json").read_text(encoding="utf-8"))


def build_http_manifest() -> dict[str, Any]:
    """The variation that the file's first lines describe, made by doing what they say."""
    text = manifest.read_text().replace("socket_mode_enabled: true", "socket_mode_enabled: false")
    text, lines = re.subn(r"^( *)# HTTP: ", r"\1", text, flags=re.MULTILINE)
    assert lines == 4
    app_manifest: dict[str, Any] = yaml.safe_load(text)
    return app_manifest


def test_the_manifest_is_valid() -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(manifest.load())


def test_the_http_variation_is_valid_too() -> None:
    app_manifest = build_http_manifest()
    jsonschema.Draft7Validator(SCHEMA).validate(app_manifest)
    [command] = app_manifest["features"]["slash_commands"]
    interactivity = app_manifest["settings"]["interactivity"]
    urls = {
        command["url"],
        interactivity["request_url"],
        interactivity["message_menu_options_url"],
        app_manifest["settings"]["event_subscriptions"]["request_url"],
    }
    assert urls == {"https://chakra-bot.example.com/slack/events"}
    assert app_manifest["settings"]["socket_mode_enabled"] is False


def test_socket_mode_needs_no_url() -> None:
    app_manifest = manifest.load()
    assert app_manifest["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(app_manifest)


def test_the_command_gets_ids_for_members_and_channels() -> None:
    [command] = manifest.load()["features"]["slash_commands"]
    assert command["command"] == "/chakra"
    assert command["should_escape"] is True


def test_each_scope_has_its_reason_and_none_is_unused() -> None:
    scopes = manifest.list_scopes()
    assert list(scopes) == [
        "commands",
        "users:read",
        "users:read.email",
        "usergroups:read",
        "team:read",
        "app_mentions:read",
        "chat:write",
        "channels:read",
        "groups:read",
        "im:write",
        "im:history",
        "channels:history",
        "groups:history",
        "files:read",
        "links:read",
        "links:write",
        "files:write",
    ]
    assert all(scopes.values())
    assert list(scopes) == manifest.load()["oauth_config"]["scopes"]["bot"]


def test_each_optional_scope_is_listed_and_says_what_is_off_without_it() -> None:
    loaded = manifest.load()["oauth_config"]["scopes"]
    assert list(manifest.list_optional_scopes()) == loaded["bot_optional"]
    assert all(manifest.list_optional_scopes().values())
    required = set(loaded["bot"]) - set(loaded["bot_optional"])
    assert required == {"commands", "users:read", "chat:write", "im:write"}
    assert set(loaded) == {"bot", "bot_optional"}


def test_only_the_surfaces_in_use_are_enabled() -> None:
    surfaces = {"bot_user", "app_home", "slash_commands", "shortcuts", "unfurl_domains"}
    assert set(manifest.load()["features"]) == surfaces


def test_each_event_has_the_scope_that_slack_requires() -> None:
    loaded = manifest.load()
    granted = set(loaded["oauth_config"]["scopes"]["bot"])
    for event in loaded["settings"]["event_subscriptions"]["bot_events"]:
        needed = {scope for name, scope in SCOPES.items() if name.partition(".C")[0] == event}
        assert needed <= granted, event


def test_the_usage_hint_fits_and_names_commands() -> None:
    """Slack shows a short part of the hint beside the command while a person types."""
    [command] = manifest.load()["features"]["slash_commands"]
    hint = command["usage_hint"]
    names = {"help", *(word for command in COMMANDS for word in (command.name, *command.aliases))}
    unknown = [word for word in hint.split(" | ") if word not in names]
    assert not unknown, (
        f"manifest.yml's usage_hint names {unknown}, which no command answers to. Write the names "
        'of a few commands, as in "send | user | bulk | help"; help lists the others.'
    )
    assert len(hint) <= MAX_HINT_LENGTH, (
        f"manifest.yml's usage_hint has {len(hint)} characters and Slack shows about "
        f"{MAX_HINT_LENGTH}. Leave commands out; help lists them all."
    )


def test_each_shortcut_belongs_to_a_command() -> None:
    entries = {
        entry["callback_id"]: entry["type"] for entry in manifest.load()["features"]["shortcuts"]
    }
    answered = [shortcut for command in COMMANDS for shortcut in command.shortcuts]
    assert entries == {
        shortcut.id: "message" if shortcut.is_message_shortcut else "global"
        for shortcut in answered
    }


def test_the_texts_of_shortcuts_fit_slacks_limits() -> None:
    """docs.slack.dev/reference/app-manifest: the longest that Slack takes."""
    for entry in manifest.load()["features"]["shortcuts"]:
        assert 0 < len(entry["name"]) <= 24
        assert 0 < len(entry["description"]) <= 150
        assert 0 < len(entry["callback_id"]) <= 255


def test_package_reads_the_root_manifest() -> None:
    assert manifest.read_text() == (ROOT / "manifest.yml").read_text(encoding="utf-8")


@pytest.mark.skipif(
    int(version("setuptools").split(".")[0]) < OLDEST_SETUPTOOLS,
    reason="setuptools here is older than pyproject.toml asks for; `make test` has the right one",
)
def test_wheel_contains_the_manifest_and_the_demo(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    leave = shutil.ignore_patterns(".*", "__pycache__", "tests", "build", "dist", "*.egg-info")
    shutil.copytree(ROOT, tree, symlinks=True, ignore=leave)
    build = "import setuptools.build_meta as b; print(b.build_wheel('.'))"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", build], cwd=tree, capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(tree / done.stdout.split()[-1]) as wheel:
        assert wheel.read("bot/manifest.yml") == (ROOT / "manifest.yml").read_bytes()
        names = set(wheel.namelist())
    sandbox = (path for path in (ROOT / "bot/sandbox").rglob("*.*") if path.is_file())
    ours = {path.relative_to(ROOT).as_posix() for path in sandbox if path.suffix != ".pyc"}
    assert ours <= names
    assert {"bot/py.typed", "commands/__init__.py"} <= names
    assert not [name for name in names if name.startswith("tests")]


def test_the_manifest_subscribes_to_what_is_handled() -> None:
    handled = {JOINED_CHANNEL, HOME_OPENED, *ADDRESSED_EVENTS, *REVOCATION_EVENTS}
    handled |= {event.type for command in COMMANDS for event in command.events}
    assert set(manifest.load()["settings"]["event_subscriptions"]["bot_events"]) == handled
