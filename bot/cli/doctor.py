"""``chakra-bot doctor``: what is set up, what is wrong, and what to do about it; a line each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from bot import manifest
from bot.aio.clock import Clock
from bot.chakra.client import Chakra
from bot.db.inspection import Look, Tables, look
from bot.errors import (
    BotError,
    KeyRefused,
    RoleTooSmall,
    SlackError,
    StoreUnavailable,
    Throttled,
    Unavailable,
)
from bot.settings.settings import Settings
from bot.slack.client.web_api import SlackClient

MOST_SKEW = 60.0
"""Seconds the clock may be off. Slack's signatures are refused past five minutes; warn early."""
AGAIN = "Try again in a minute."


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. ``remedy`` is empty when all is well."""

    subject: str
    told: str
    remedy: str = ""

    @property
    def well(self) -> bool:
        return not self.remedy

    def __str__(self) -> str:
        mark = "ok   " if self.well else "WRONG"
        return f"{mark} {self.subject}: {self.told}" + (f" {self.remedy}" if self.remedy else "")


async def examine(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """The findings one by one, as they are made; never raises for what it examines."""
    yield Finding("Settings", "complete.")
    slack = SlackClient(
        token=settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url,
        clock=clock,
    )
    try:
        async for finding in _slack(settings, slack, clock):
            yield finding
    finally:
        await slack.aclose()
    chakra = Chakra(settings.chakra_api_url, settings.chakra_access_token, clock)
    try:
        yield await _chakra_reached(chakra)
        yield await _chakra_token(chakra)
    finally:
        await chakra.aclose()
    yield await _database(settings.database_url.get_secret_value())


async def _slack(settings: Settings, slack: SlackClient, clock: Clock) -> AsyncIterator[Finding]:
    try:
        bot = await slack.call("auth.test")
    except SlackError as refused:
        yield _bot_token_refused(refused)
        return
    yield Finding("Slack token", f"accepted by the workspace {bot.get('team', '?')}.")
    yield _scopes(str(bot["_scopes"]))
    yield _clock(str(bot["_date"]), clock)
    if settings.slack_app_token is not None:
        yield await _app_token(slack, settings.slack_app_token.get_secret_value())
    else:
        yield Finding(
            "Slack mode",
            "HTTP. Slack must reach POST /slack/events of this bot; only Slack can test that.",
        )
    for sender in settings.senders:
        yield await _sender(slack, sender)


def _bot_token_refused(refused: SlackError) -> Finding:
    return _slack_fails("Slack token", refused) or Finding(
        "Slack token",
        f"Slack refuses SLACK_BOT_TOKEN ({refused.code}).",
        "Copy the Bot User OAuth Token (xoxb-…) of the installed app from "
        "api.slack.com/apps → your app → OAuth & Permissions.",
    )


def _slack_fails(subject: str, refused: SlackError) -> Finding | None:
    """Where it is not the setting that is wrong, but Slack or the way to it."""
    if refused.code == "unreachable":
        return Finding(
            subject, "Slack could not be reached.", "Check the network and SLACK_API_URL."
        )
    if refused.code == "unreadable":
        return Finding(
            subject, "What answers at SLACK_API_URL is not Slack.", "Correct that address."
        )
    if refused.repeat_helps:
        return Finding(subject, f"Slack fails at the moment ({refused.code}).", AGAIN)
    return None


def _scopes(granted: str) -> Finding:
    if not granted.strip():
        return Finding("Slack scopes", "not compared: Slack named none.")
    has = {scope.strip() for scope in granted.split(",") if scope.strip()}
    missing = [scope for scope in manifest.scopes() if scope not in has]
    if not missing:
        return Finding("Slack scopes", "all of manifest.yml are granted.")
    return Finding(
        "Slack scopes",
        f"missing: {', '.join(missing)}.",
        "Add them under OAuth & Permissions → Scopes (or paste manifest.yml again), then press "
        "Reinstall to Workspace.",
    )


def _clock(date: str, clock: Clock) -> Finding:
    try:
        skew = clock.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Finding("Clock", "not compared: Slack sent no date.")
    if abs(skew) <= MOST_SKEW:
        return Finding("Clock", "agrees with Slack's.")
    side = "ahead of" if skew > 0 else "behind"
    return Finding(
        "Clock",
        f"{abs(skew):.0f} seconds {side} Slack's.",
        "Turn time synchronisation on (for example: timedatectl set-ntp true); Slack's requests "
        "are refused when the clocks differ by five minutes.",
    )


async def _app_token(slack: SlackClient, token: str) -> Finding:
    try:
        await slack.call("apps.connections.open", token=token)
    except SlackError as refused:
        return _slack_fails("Socket Mode", refused) or Finding(
            "Socket Mode",
            f"Slack refuses SLACK_APP_TOKEN ({refused.code}).",
            "Make an App-Level Token with the scope connections:write under Basic Information, "
            "and turn Socket Mode on.",
        )
    return Finding("Socket Mode", "a connection can be opened.")


async def _sender(slack: SlackClient, sender: str) -> Finding:
    group = sender.startswith("S")
    try:
        if group:
            await slack.call("usergroups.users.list", usergroup=sender)
        else:
            await slack.call("users.info", user=sender)
    except SlackError as refused:
        kind = "user group" if group else "person"
        lacking = refused.code == "missing_scope"
        return _slack_fails("SENDERS", refused) or Finding(
            "SENDERS",
            f"Slack does not tell about the {kind} {sender} ({refused.code}).",
            "Grant the missing scope first."
            if lacking
            else "Correct the id, or take it out of SENDERS.",
        )
    return Finding("SENDERS", f"{sender} is known to Slack.")


async def _chakra_reached(chakra: Chakra) -> Finding:
    return await _asked(chakra.health.check, "Chakra", "reachable.")


async def _chakra_token(chakra: Chakra) -> Finding:
    """The health probe may not check the token (its page does not say), so a read is tried."""
    return await _asked(chakra.config.fetch, "Chakra token", "accepted.")


async def _asked(ask: Callable[[], Awaitable[Any]], subject: str, well: str) -> Finding:
    try:
        await ask()
    except KeyRefused as refused:
        return _key_refused(subject, refused)
    except (Unavailable, Throttled) as failed:
        if failed.status is not None:
            return Finding(subject, f"Chakra fails at the moment (HTTP {failed.status}).", AGAIN)
        return Finding(
            subject, "Chakra could not be reached.", "Check the network and CHAKRA_API_URL."
        )
    except BotError as failed:
        return Finding(
            subject,
            f"Chakra answered, but not as documented ({failed.kind}).",
            "Check that CHAKRA_API_URL is the API's address, not the dashboard's.",
        )
    return Finding(subject, well)


def _key_refused(subject: str, refused: KeyRefused) -> Finding:
    if isinstance(refused, RoleTooSmall):
        return Finding(
            subject,
            "the role of the API key may not read the configuration.",
            "Give the key a larger Access Role in Chakra → Admin → API Keys.",
        )
    return Finding(
        subject,
        "Chakra refuses CHAKRA_ACCESS_TOKEN.",
        "Copy it again from Chakra → Admin → API Keys → your key → Access Tokens.",
    )


# --- the database --------------------------------------------------------------------------------

STANDS = {
    Tables.NONE: "new; the first start makes its tables.",
    Tables.OLDER: "of an earlier version; the next start brings it up to date.",
    Tables.CURRENT: "can be written to, and is up to date.",
}

REMEDIES = (
    ("password authentication failed", "Correct the user and the password in DATABASE_URL."),
    ("no password supplied", "Put the user's password into DATABASE_URL."),
    ('role "', "Correct the user in DATABASE_URL, or make that user."),
    ("does not exist", "Make the database, or correct its name in DATABASE_URL."),
    ("no pg_hba.conf entry", "Let this host and user in, in the server's pg_hba.conf."),
    ("takes no writes", "Name the primary server in DATABASE_URL."),
    ("may not", "Grant the user of DATABASE_URL the rights to make and write tables."),
    ("permission denied", "Grant the user of DATABASE_URL the rights to make and write tables."),
    ("not a database", "Name another file in DATABASE_URL, or move that one away."),
    ("locked", "Another program works on that file: stop it."),
    ("unable to open", "Let the user that runs the bot read and write that file."),
    ("readonly", "Let the user that runs the bot write to the file and its folder."),
    ("No such file or directory", "Make that folder, or name another one in DATABASE_URL."),
    ("Not a directory", "Name a file in a folder in DATABASE_URL."),
    ("denied", "Let the user that runs the bot write to that folder."),
    ("Read-only", "Name a file in DATABASE_URL that lies where files can be written."),
)
"""By words of what Postgres, SQLite or the system says; the first that is found counts."""
ANY_REMEDY = "Check DATABASE_URL, and that the database runs and may be written to."


async def _database(url: str) -> Finding:
    try:
        seen = await look(url)
    except StoreUnavailable as refused:
        reason = refused.message.rstrip(".")
        said = reason.rpartition(": ")[2]  # before it stand hosts, paths and "FATAL"
        remedies = (remedy for words, remedy in REMEDIES if words in said)
        return Finding("Database", f"{reason}.", next(remedies, ANY_REMEDY))
    return _stands(seen)


def _stands(seen: Look) -> Finding:
    if seen.in_memory:
        return Finding(
            "Database",
            "kept in memory: at every stop the bot forgets what it sent.",
            "Name a file in DATABASE_URL, or a postgresql:// address.",
        )
    if seen.tables is Tables.NEWER:
        return Finding(
            "Database",
            f"{seen.place}: a later version of this app made its tables.",
            "Install that version again, or name another database in DATABASE_URL.",
        )
    by = ", where a bot runs," if seen.in_use else ""
    return Finding("Database", f"{seen.place}{by} {STANDS[seen.tables]}")
