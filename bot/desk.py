"""What the commands work with: the objects of the process that a handler may use."""

from __future__ import annotations

from dataclasses import dataclass

from bot.clock import Clock
from bot.directory.directory import Directory
from bot.health import Health
from bot.people.members import Members
from bot.settings import Settings
from bot.slack.typing import Typing
from bot.whatsapp.dispatch import Dispatch
from bot.whatsapp.library import Library
from bot.whatsapp.opening import Opening
from bot.whatsapp.trial import Trials


@dataclass(frozen=True, slots=True)
class Desk:
    directory: Directory
    library: Library
    dispatch: Dispatch
    opening: Opening
    trials: Trials
    typing: Typing
    members: Members
    health: Health
    settings: Settings
    clock: Clock
    version: str
