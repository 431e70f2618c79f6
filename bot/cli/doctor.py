"""``chakra-bot doctor``: what is set up, what is wrong, and what to do about it; a line each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from bot import manifest
from bot.aio.clock import Clock
from bot.chakra.client import Chakra
from bot.db.inspection import DatabaseStatus, SchemaState, inspect_database
from bot.errors import (
    AuthenticationError,
    BotError,
    DatabaseUnavailable,
    PermissionDenied,
    RateLimited,
    SlackError,
    Unavailable,
)
from bot.settings.settings import Settings
from bot.slack.client.web_api import SlackClient

MAX_CLOCK_SKEW_SECONDS = 60.0
"""Seconds the clock may be off. Slack's signatures are refused past five minutes; warn early."""
RETRY_ADVICE = "Try again in a minute."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line. ``remedy`` is empty when all is well."""

    subject: str
    message: str
    remedy: str = ""

    @property
    def is_ok(self) -> bool:
        return not self.remedy

    def __str__(self) -> str:
        mark = "ok   " if self.is_ok else "WRONG"
        return f"{mark} {self.subject}: {self.message}" + (f" {self.remedy}" if self.remedy else "")


async def run_checks(settings: Settings, clock: Clock) -> AsyncIterator[CheckResult]:
    """The findings one by one, as they are made; never raises for what it examines."""
    yield CheckResult("Settings", "complete.")
    slack = SlackClient(
        token=settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url,
        clock=clock,
    )
    try:
        async for finding in _check_slack(settings, slack, clock):
            yield finding
    finally:
        await slack.aclose()
    chakra = Chakra(settings.chakra_api_url, settings.chakra_access_token, clock)
    try:
        yield await _check_chakra_reachable(chakra)
        yield await _check_chakra_token(chakra)
    finally:
        await chakra.aclose()
    yield await _check_database(settings.database_url.get_secret_value())


async def _check_slack(
    settings: Settings, slack: SlackClient, clock: Clock
) -> AsyncIterator[CheckResult]:
    try:
        bot = await slack.call("auth.test")
    except SlackError as refused:
        yield _explain_bot_token_error(refused)
        return
    yield CheckResult("Slack token", f"accepted by the workspace {bot.get('team', '?')}.")
    yield _check_scopes(str(bot["_scopes"]))
    yield _check_clock(str(bot["_date"]), clock)
    if settings.slack_app_token is not None:
        yield await _check_app_token(slack, settings.slack_app_token.get_secret_value())
    else:
        yield CheckResult(
            "Slack mode",
            "HTTP. Slack must reach POST /slack/events of this bot; only Slack can test that.",
        )
    for sender in settings.senders:
        yield await _check_sender(slack, sender)


def _explain_bot_token_error(error: SlackError) -> CheckResult:
    return _slack_outage("Slack token", error) or CheckResult(
        "Slack token",
        f"Slack refuses SLACK_BOT_TOKEN ({error.code}).",
        "Copy the Bot User OAuth Token (xoxb-…) of the installed app from "
        "api.slack.com/apps → your app → OAuth & Permissions.",
    )


def _slack_outage(subject: str, error: SlackError) -> CheckResult | None:
    """Where it is not the setting that is wrong, but Slack or the way to it."""
    if error.code == "unreachable":
        return CheckResult(
            subject, "Slack could not be reached.", "Check the network and SLACK_API_URL."
        )
    if error.code == "unreadable":
        return CheckResult(
            subject, "What answers at SLACK_API_URL is not Slack.", "Correct that address."
        )
    if error.retryable:
        return CheckResult(subject, f"Slack fails at the moment ({error.code}).", RETRY_ADVICE)
    return None


def _check_scopes(granted: str) -> CheckResult:
    if not granted.strip():
        return CheckResult("Slack scopes", "not compared: Slack named none.")
    granted_scopes = {scope.strip() for scope in granted.split(",") if scope.strip()}
    missing = [scope for scope in manifest.scopes() if scope not in granted_scopes]
    if not missing:
        return CheckResult("Slack scopes", "all of manifest.yml are granted.")
    return CheckResult(
        "Slack scopes",
        f"missing: {', '.join(missing)}.",
        "Add them under OAuth & Permissions → Scopes (or paste manifest.yml again), then press "
        "Reinstall to Workspace.",
    )


def _check_clock(date: str, clock: Clock) -> CheckResult:
    try:
        skew = clock.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return CheckResult("Clock", "not compared: Slack sent no date.")
    if abs(skew) <= MAX_CLOCK_SKEW_SECONDS:
        return CheckResult("Clock", "agrees with Slack's.")
    side = "ahead of" if skew > 0 else "behind"
    return CheckResult(
        "Clock",
        f"{abs(skew):.0f} seconds {side} Slack's.",
        "Turn time synchronisation on (for example: timedatectl set-ntp true); Slack's requests "
        "are refused when the clocks differ by five minutes.",
    )


async def _check_app_token(slack: SlackClient, token: str) -> CheckResult:
    try:
        await slack.call("apps.connections.open", token=token)
    except SlackError as refused:
        return _slack_outage("Socket Mode", refused) or CheckResult(
            "Socket Mode",
            f"Slack refuses SLACK_APP_TOKEN ({refused.code}).",
            "Make an App-Level Token with the scope connections:write under Basic Information, "
            "and turn Socket Mode on.",
        )
    return CheckResult("Socket Mode", "a connection can be opened.")


async def _check_sender(slack: SlackClient, sender: str) -> CheckResult:
    group = sender.startswith("S")
    try:
        if group:
            await slack.call("usergroups.users.list", usergroup=sender)
        else:
            await slack.call("users.info", user=sender)
    except SlackError as refused:
        kind = "user group" if group else "person"
        is_missing_scope = refused.code == "missing_scope"
        return _slack_outage("SENDERS", refused) or CheckResult(
            "SENDERS",
            f"Slack does not tell about the {kind} {sender} ({refused.code}).",
            "Grant the missing scope first."
            if is_missing_scope
            else "Correct the id, or take it out of SENDERS.",
        )
    return CheckResult("SENDERS", f"{sender} is known to Slack.")


async def _check_chakra_reachable(chakra: Chakra) -> CheckResult:
    return await _check_chakra_call(chakra.health.check, "Chakra", "reachable.")


async def _check_chakra_token(chakra: Chakra) -> CheckResult:
    """The health probe may not check the token (its page does not say), so a read is tried."""
    return await _check_chakra_call(chakra.config.fetch, "Chakra token", "accepted.")


async def _check_chakra_call(
    call: Callable[[], Awaitable[Any]], subject: str, success: str
) -> CheckResult:
    try:
        await call()
    except AuthenticationError as refused:
        return _explain_authentication_error(subject, refused)
    except (Unavailable, RateLimited) as failed:
        if failed.status is not None:
            return CheckResult(
                subject, f"Chakra fails at the moment (HTTP {failed.status}).", RETRY_ADVICE
            )
        return CheckResult(
            subject, "Chakra could not be reached.", "Check the network and CHAKRA_API_URL."
        )
    except BotError as failed:
        return CheckResult(
            subject,
            f"Chakra answered, but not as documented ({failed.kind}).",
            "Check that CHAKRA_API_URL is the API's address, not the dashboard's.",
        )
    return CheckResult(subject, success)


def _explain_authentication_error(subject: str, error: AuthenticationError) -> CheckResult:
    if isinstance(error, PermissionDenied):
        return CheckResult(
            subject,
            "the role of the API key may not read the configuration.",
            "Give the key a larger Access Role in Chakra → Admin → API Keys.",
        )
    return CheckResult(
        subject,
        "Chakra refuses CHAKRA_ACCESS_TOKEN.",
        "Copy it again from Chakra → Admin → API Keys → your key → Access Tokens.",
    )


# --- the database --------------------------------------------------------------------------------

SCHEMA_STATE_TEXT = {
    SchemaState.MISSING: "new; the first start makes its tables.",
    SchemaState.OUTDATED: "of an earlier version; the next start brings it up to date.",
    SchemaState.CURRENT: "can be written to, and is up to date.",
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
DEFAULT_REMEDY = "Check DATABASE_URL, and that the database runs and may be written to."


async def _check_database(url: str) -> CheckResult:
    try:
        status = await inspect_database(url)
    except DatabaseUnavailable as refused:
        reason = refused.message.rstrip(".")
        cause = reason.rpartition(": ")[2]  # before it stand hosts, paths and "FATAL"
        remedies = (remedy for words, remedy in REMEDIES if words in cause)
        return CheckResult("Database", f"{reason}.", next(remedies, DEFAULT_REMEDY))
    return _describe_database(status)


def _describe_database(status: DatabaseStatus) -> CheckResult:
    if status.in_memory:
        return CheckResult(
            "Database",
            "kept in memory: at every stop the bot forgets what it sent.",
            "Name a file in DATABASE_URL, or a postgresql:// address.",
        )
    if status.schema is SchemaState.NEWER:
        return CheckResult(
            "Database",
            f"{status.location}: a later version of this app made its tables.",
            "Install that version again, or name another database in DATABASE_URL.",
        )
    in_use = ", where a bot runs," if status.in_use else ""
    return CheckResult("Database", f"{status.location}{in_use} {SCHEMA_STATE_TEXT[status.schema]}")
