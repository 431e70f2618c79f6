"""What the commands work with: the objects of the process that a handler may use."""

from __future__ import annotations

from dataclasses import dataclass

from bot.aio.clock import Clock
from bot.bulk.plan import BulkPlanner
from bot.durable.workflows import Work
from bot.health import Health
from bot.jobs.reader import JobReader
from bot.messages.form_loader import Opening
from bot.messages.service import Dispatch
from bot.messages.test_sends import Trials
from bot.settings.settings import Settings
from bot.slack.channels import Channels
from bot.slack.client.files import SlackFiles
from bot.slack.debounce import Debouncer
from bot.slack.members import Members
from bot.templates.catalog import Library
from bot.users.directory import Directory


@dataclass(frozen=True, slots=True)
class Desk:
    directory: Directory
    library: Library
    dispatch: Dispatch
    opening: Opening
    trials: Trials
    typing: Debouncer
    members: Members
    channels: Channels
    files: SlackFiles
    jobs: JobReader
    plans: BulkPlanner
    work: Work
    health: Health
    settings: Settings
    clock: Clock
    version: str
