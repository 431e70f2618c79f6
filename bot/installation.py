"""What a workspace is opened with: its installation, its identity, and the services of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bot import manifest
from bot.access.policy import AccessPolicy
from bot.aio.clock import Clock
from bot.aio.tasks import TaskSet
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.metrics import Metrics
from bot.outbox.outbox import Outbox
from bot.settings.settings import Settings
from bot.sheets.workers import SheetWorkers
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.dispatcher import Timeouts
from bot.slack.members import Members
from bot.slack.scopes import GrantedScopes
from bot.templates.catalog import TemplateCatalog
from bot.text.phones import PhoneParser
from bot.web.body import BodyReader


@dataclass(frozen=True, slots=True)
class Installation:
    """The tokens of one workspace, and the Chakra account that it works on."""

    slack_bot_token: SecretStr
    chakra_access_token: SecretStr
    chakra_webhook_secret: SecretStr | None
    chakra_plugin_id: str | None
    chakra_waba_id: str | None
    chakra_sender_id: str | None
    phones: PhoneParser
    senders: tuple[str, ...]


def installation_from_settings(settings: Settings) -> Installation:
    """Return the installation that the environment describes, currently the only one."""
    return Installation(
        slack_bot_token=settings.slack_bot_token,
        chakra_access_token=settings.chakra_access_token,
        chakra_webhook_secret=settings.chakra_webhook_secret,
        chakra_plugin_id=settings.chakra_plugin_id,
        chakra_waba_id=settings.chakra_waba_id,
        chakra_sender_id=settings.chakra_whatsapp_phone_number_id,
        phones=PhoneParser(settings.default_region),
        senders=settings.senders,
    )


@dataclass(frozen=True, slots=True)
class Runtime:
    """What all workspaces of a process share."""

    settings: Settings
    clock: Clock
    database: Database
    engine: Engine
    metrics: Metrics
    bodies: BodyReader
    process_id: str
    timeouts: Timeouts | None
    drain_seconds: float
    sheet_workers: SheetWorkers


@dataclass(frozen=True, slots=True)
class Identity:
    """What ``auth.test`` returns about a bot token. docs.slack.dev/reference/methods/auth.test."""

    team_id: str
    url: str
    bot_user_id: str
    response: Mapping[str, Any]
    scopes: GrantedScopes


async def identify(slack: SlackClient) -> Identity:
    """Return the identity of the client's token; log the scopes that it lacks.

    Raise ``SlackError``.
    """
    response = await slack.call("auth.test")
    optional = manifest.list_optional_scopes()
    scopes = GrantedScopes(frozenset(manifest.list_scopes()) - optional.keys(), optional)
    scopes.update(str(response["_scopes"]))
    return Identity(
        team_id=str(response.get("team_id") or ""),
        url=str(response.get("url") or ""),
        bot_user_id=str(response.get("user_id") or ""),
        response=response,
        scopes=scopes,
    )


@dataclass(frozen=True, slots=True)
class WorkspaceServices:
    """The services that every feature of one workspace is built on."""

    runtime: Runtime
    installation: Installation
    identity: Identity
    slack: SlackClient
    chakra: Chakra
    cache: Cache
    outbox: Outbox
    tasks: TaskSet
    catalog: TemplateCatalog
    members: Members

    @property
    def workspace(self) -> str:
        """The workspace's ID in Slack, which its rows, keys and locks have."""
        return self.identity.team_id

    @property
    def hash_secret(self) -> str:
        """The secret of keyed hashes and of what is stored encrypted."""
        return self.installation.chakra_access_token.get_secret_value()

    @property
    def access(self) -> AccessPolicy:
        return AccessPolicy(self.members, self.installation.senders)

    def can_upload(self) -> bool:
        """Return whether the app may upload files to Slack."""
        return self.identity.scopes.has("files:write")

    def can_download(self) -> bool:
        """Return whether the app may read the files that people choose."""
        return self.identity.scopes.has("files:read")
