"""What the commands work with: the objects of the process that a handler may use."""

from __future__ import annotations

from dataclasses import dataclass

from bot.bulk.plan import Plans
from bot.clock import Clock
from bot.directory.directory import Directory
from bot.health import Health
from bot.jobs.library import JobLibrary
from bot.people.channels import Channels
from bot.people.members import Members
from bot.settings import Settings
from bot.slack.files import SlackFiles
from bot.slack.typing import Typing
from bot.whatsapp.dispatch import Dispatch
from bot.whatsapp.library import Library
from bot.whatsapp.opening import Opening
from bot.whatsapp.trial import Trials
from bot.work.work import Work


@dataclass(frozen=True, slots=True)
class Desk:
    directory: Directory
    library: Library
    dispatch: Dispatch
    opening: Opening
    trials: Trials
    typing: Typing
    members: Members
    channels: Channels
    files: SlackFiles
    jobs: JobLibrary
    plans: Plans
    work: Work
    health: Health
    settings: Settings
    clock: Clock
    version: str
