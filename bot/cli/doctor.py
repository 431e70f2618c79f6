"""``chakra-bot doctor``: check the setup, and say what to change; one line per check."""

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
from bot.slack.client.files import describe_file_hosts
from bot.slack.client.web_api import SlackClient

MAX_CLOCK_SKEW_SECONDS = 60.0
"""Seconds the clock may be off. Slack's signatures expire after five minutes; warn early."""
RETRY_ADVICE = "Try again in a minute."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check. ``remedy`` is "" if the check passed."""

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
    """Yield each result as soon as its check ends. A failed check is a result, not an exception."""
    yield CheckResult("Settings", "complete.")
    slack = SlackClient(
        token=settings.slack_bot_token.get_secret_value(),
        base_url=settings.slack_api_url,
        clock=clock,
    )
    try:
        async for result in _check_slack(settings, slack, clock):
            yield result
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
    yield CheckResult("Slack files", f"from {describe_file_hosts(settings.slack_api_url)}.")
    yield _check_clock(str(bot["_date"]), clock)
    if settings.slack_app_token is not None:
        yield await _check_app_token(slack, settings.slack_app_token.get_secret_value())
    else:
        yield CheckResult(
            "Slack mode",
            "HTTP. Slack must reach POST /slack/events of this app; only Slack can test that.",
        )
    for sender in settings.senders:
        yield await _check_sender(slack, sender)


def _explain_bot_token_error(error: SlackError) -> CheckResult:
    return _explain_slack_outage("Slack token", error) or CheckResult(
        "Slack token",
        f"Slack rejected SLACK_BOT_TOKEN ({error.code}).",
        "Copy the Bot User OAuth Token (xoxb-…) of the installed app from "
        "api.slack.com/apps → your app → OAuth & Permissions.",
    )


def _explain_slack_outage(subject: str, error: SlackError) -> CheckResult | None:
    """Return a result if Slack or the network is at fault; None if the setting is."""
    if error.code == "unreachable":
        return CheckResult(
            subject, "Slack could not be reached.", "Check the network and SLACK_API_URL."
        )
    if error.code == "unreadable":
        return CheckResult(
            subject, "SLACK_API_URL is not the address of Slack's API.", "Correct that address."
        )
    if error.retryable:
        return CheckResult(subject, f"Slack is failing right now ({error.code}).", RETRY_ADVICE)
    return None


def _check_scopes(granted: str) -> CheckResult:
    if not granted.strip():
        return CheckResult("Slack scopes", "not checked: Slack listed none.")
    granted_scopes = {scope.strip() for scope in granted.split(",") if scope.strip()}
    missing = [scope for scope in manifest.list_scopes() if scope not in granted_scopes]
    if not missing:
        return CheckResult("Slack scopes", "all of manifest.yml are granted.")
    optional = manifest.list_optional_scopes()
    if optional.keys() >= set(missing):
        off = "; ".join(f"{scope} ({optional[scope]})" for scope in missing)
        return CheckResult("Slack scopes", f"granted, except for optional ones. Off: {off}.")
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
        return CheckResult("Clock", "not checked: Slack sent no date.")
    if abs(skew) <= MAX_CLOCK_SKEW_SECONDS:
        return CheckResult("Clock", "agrees with Slack's.")
    side = "ahead of" if skew > 0 else "behind"
    return CheckResult(
        "Clock",
        f"{abs(skew):.0f} seconds {side} Slack's.",
        "Turn on time synchronization (for example: timedatectl set-ntp true); Slack's requests "
        "are rejected when the clocks differ by five minutes.",
    )


async def _check_app_token(slack: SlackClient, token: str) -> CheckResult:
    try:
        await slack.call("apps.connections.open", token=token)
    except SlackError as refused:
        return _explain_slack_outage("Socket Mode", refused) or CheckResult(
            "Socket Mode",
            f"Slack rejected SLACK_APP_TOKEN ({refused.code}).",
            "Create an app-level token with the scope connections:write under Basic Information, "
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
        return _explain_slack_outage("SENDERS", refused) or CheckResult(
            "SENDERS",
            f"Slack returned no information about the {kind} {sender} ({refused.code}).",
            "Grant the missing scope first."
            if is_missing_scope
            else "Correct the ID, or remove it from SENDERS.",
        )
    return CheckResult("SENDERS", f"{sender} is known to Slack.")


async def _check_chakra_reachable(chakra: Chakra) -> CheckResult:
    return await _check_chakra_call(chakra.health.check, "Chakra", "reachable.")


async def _check_chakra_token(chakra: Chakra) -> CheckResult:
    """Read the configuration: the docs don't say whether the health check verifies the token."""
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
                subject, f"Chakra is failing right now (HTTP {failed.status}).", RETRY_ADVICE
            )
        return CheckResult(
            subject, "Chakra could not be reached.", "Check the network and CHAKRA_API_URL."
        )
    except BotError as failed:
        return CheckResult(
            subject,
            f"Chakra's answer is not as documented ({failed.kind}).",
            "Check that CHAKRA_API_URL is the API's address, not the dashboard's.",
        )
    return CheckResult(subject, success)


def _explain_authentication_error(subject: str, error: AuthenticationError) -> CheckResult:
    if isinstance(error, PermissionDenied):
        return CheckResult(
            subject,
            "the API key's role doesn't have permission to read the configuration.",
            "Give the key a role with more permissions in Chakra → Admin → API Keys.",
        )
    return CheckResult(
        subject,
        "Chakra rejected CHAKRA_ACCESS_TOKEN.",
        "Copy it again from Chakra → Admin → API Keys → your key → Access Tokens.",
    )


# --- the database --------------------------------------------------------------------------------

SCHEMA_STATE_TEXT = {
    SchemaState.MISSING: "is new; the first start creates its tables.",
    SchemaState.OUTDATED: "is from an earlier version; the next start brings it up to date.",
    SchemaState.CURRENT: "is writable and up to date.",
}

REMEDIES = (
    ("password authentication failed", "Correct the user and the password in DATABASE_URL."),
    ("no password supplied", "Put the user's password into DATABASE_URL."),
    ('role "', "Correct the user in DATABASE_URL, or create that user."),
    ("does not exist", "Create the database, or correct its name in DATABASE_URL."),
    ("no pg_hba.conf entry", "Allow this host and user in the server's pg_hba.conf."),
    ("does not accept writes", "Set DATABASE_URL to the primary server."),
    ("may not", "Grant the user of DATABASE_URL the rights to create and write tables."),
    ("permission denied", "Grant the user of DATABASE_URL the rights to create and write tables."),
    ("not a database", "Set DATABASE_URL to another file, or move that one away."),
    ("locked", "Another program is using that file: stop it."),
    ("unable to open", "Let the user that runs this app read and write that file."),
    ("readonly", "Let the user that runs this app write to the file and its folder."),
    ("No such file or directory", "Create that folder, or set DATABASE_URL to another one."),
    ("Not a directory", "Set DATABASE_URL to a file in a folder."),
    ("denied", "Let the user that runs this app write to that folder."),
    ("Read-only", "Set DATABASE_URL to a file in a writable folder."),
)
"""Words in the error of Postgres, SQLite or the system -> remedy; the first match counts."""
DEFAULT_REMEDY = "Check DATABASE_URL, and that the database is running and writable."


async def _check_database(url: str) -> CheckResult:
    try:
        status = await inspect_database(url)
    except DatabaseUnavailable as refused:
        reason = refused.message.rstrip(".")
        cause = reason.rpartition(": ")[2]  # after hosts, paths and "FATAL"
        remedies = (remedy for words, remedy in REMEDIES if words in cause)
        return CheckResult("Database", f"{reason}.", next(remedies, DEFAULT_REMEDY))
    return _describe_database(status)


def _describe_database(status: DatabaseStatus) -> CheckResult:
    if status.in_memory:
        return CheckResult(
            "Database",
            "stored in memory: everything in it is lost when this app stops.",
            "Set DATABASE_URL to a file, or to a postgresql:// address.",
        )
    if status.schema is SchemaState.NEWER:
        return CheckResult(
            "Database",
            f"{status.location}: its tables are from a later version of this app.",
            "Install that version again, or set DATABASE_URL to another database.",
        )
    in_use = ", in use by a running app," if status.in_use else ""
    return CheckResult("Database", f"{status.location}{in_use} {SCHEMA_STATE_TEXT[status.schema]}")
