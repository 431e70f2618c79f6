"""Channels that don't accept messages: their rules show it, the authors are notified once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog

from bot.aio.clock import Clock
from bot.errors import SlackError
from bot.notifications.channel_states import ChannelStates
from bot.notifications.matching import find_filters_to_ask
from bot.notifications.problem_messages import (
    render_outsiders,
    render_problem,
    render_undecided,
)
from bot.notifications.repository import RuleRepository
from bot.notifications.rule import EventGroup, Rule
from bot.outbox.error_policy import MESSAGE_NOT_FOUND, UNCERTAIN, UNUSABLE_THREAD_CODES
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox
from bot.slack.channel_mask import is_private

OUTSIDERS = "outsiders"
"""Our own code: people from other companies read the channel, and the rule's author was asked."""
MESSAGE_CODES = frozenset(
    {
        "",
        MESSAGE_NOT_FOUND,
        *UNUSABLE_THREAD_CODES,
        UNCERTAIN,
        "withdrawn",
        "cant_update_message",
        "edit_window_closed",
    }
)
"""Codes that concern one message; all others concern its channel."""
RETRY_INITIAL_SECONDS, RETRY_MAX_SECONDS = 60.0, 600.0
"""Seconds between two attempts to post in a channel that refuses messages."""

UNDECIDED_INTERVAL_SECONDS = 3_600.0


@dataclass(slots=True)
class _Pause:
    until: float
    seconds: float


class ChannelProblems:
    """The problems that keep channels from receiving their events."""

    def __init__(
        self, rules: RuleRepository, states: ChannelStates, outbox: Outbox, clock: Clock
    ) -> None:
        self._rules = rules
        self._states = states
        self._outbox = outbox
        self._clock = clock
        self._pauses: dict[str, _Pause] = {}
        self._changed = False
        self._log = structlog.get_logger("notifier")

    async def compute_seconds_paused(self, channel: str, rules: Sequence[Rule]) -> float:
        """Return the seconds until the channel is retried; 0 if it can be posted in.

        Raise ``DatabaseUnavailable``.
        """
        codes = {rule.problem for rule in rules} - {"", OUTSIDERS}
        if not codes:
            self._pauses.pop(channel, None)
            return 0.0
        pause = self._pauses.setdefault(channel, _Pause(0.0, RETRY_INITIAL_SECONDS / 2))
        left = pause.until - self._clock.monotonic()
        if left > 0:
            return left
        pause.seconds = min(pause.seconds * 2, RETRY_MAX_SECONDS)
        pause.until = self._clock.monotonic() + pause.seconds
        if await self._is_still_closed(channel):
            return pause.seconds
        await self._outbox.reopen(channel, except_codes=MESSAGE_CODES)
        return 0.0

    def take_changed(self) -> bool:
        """Return whether rules have changed since the last call."""
        changed, self._changed = self._changed, False
        return changed

    async def _set_problem(self, rule: Rule, code: str) -> None:
        await self._rules.set_problem(rule.id, code, self._clock.time())
        self._changed = True

    def retry(self, channel: str) -> None:
        """Retry the channel immediately, for example because the app was invited."""
        self._states.forget(channel)
        if pause := self._pauses.get(channel):
            pause.until, pause.seconds = 0.0, RETRY_INITIAL_SECONDS / 2

    async def report(self, channel: str, code: str, post_key: str, rules: Sequence[Rule]) -> None:
        """Record that Slack refuses the channel's messages; notify the authors of its rules.

        Raise ``DatabaseUnavailable``.
        """
        fresh = [rule for rule in rules if rule.problem in ("", OUTSIDERS)]
        if fresh:
            self._log.warning("channel_refuses_messages", channel=channel, code=code)
        if not is_private(channel):
            for member in dict.fromkeys(rule.member for rule in fresh):
                key = f"notify:problem:{post_key}:{member}"
                message = render_problem(channel, code)
                await self._outbox.enqueue(OutboxMessage(key, member, message, member))
        for rule in fresh:
            await self._set_problem(rule, code)
        self._states.forget(channel)
        pause = self._pauses.setdefault(channel, _Pause(0.0, RETRY_INITIAL_SECONDS))
        pause.until = max(pause.until, self._clock.monotonic() + pause.seconds)

    async def report_undecided(
        self, channels: Collection[str], rules_by_channel: Mapping[str, Sequence[Rule]]
    ) -> None:
        """Notify the authors of rules, once an hour, that events may be missing.

        Raise ``DatabaseUnavailable``.
        """
        hour = int(self._clock.time() // UNDECIDED_INTERVAL_SECONDS)
        for channel in sorted(channels):
            asking = [rule for rule in rules_by_channel[channel] if find_filters_to_ask([rule])]
            for member in dict.fromkeys(rule.member for rule in asking):
                key = f"notify:undecided:{channel}:{member}:{hour}"
                message = render_undecided(channel)
                await self._outbox.enqueue(OutboxMessage(key, member, message, member))

    async def resolve(self, channel: str, rules: Sequence[Rule]) -> None:
        """Record that the channel accepts messages. Raise ``DatabaseUnavailable``."""
        self._pauses.pop(channel, None)
        for rule in rules:
            if rule.problem not in ("", OUTSIDERS):
                await self._set_problem(rule, "")

    async def find_held(self, channel: str, rules: Sequence[Rule]) -> set[int]:
        """Return the rules whose customers' words may not go to the channel now.

        People from other companies read there, and the rule's author hasn't agreed to that: they
        are asked once. Raise ``DatabaseUnavailable``.
        """
        asking = [rule for rule in rules if shows_words(rule) and not rule.spec.allows_outsiders]
        if not asking or is_private(channel):
            return set()
        try:
            state = await self._states.get(channel)
        except SlackError as error:
            self._log.warning("channel_not_checked", channel=channel, code=error.code)
            return {rule.id for rule in asking}
        for rule in asking:
            if state.has_outsiders and not rule.problem:
                message = render_outsiders(rule)
                key = f"notify:outsiders:{rule.id}:{int(rule.problem_at)}"
                await self._outbox.enqueue(OutboxMessage(key, rule.member, message, rule.member))
                await self._set_problem(rule, OUTSIDERS)
            elif not state.has_outsiders and rule.problem == OUTSIDERS:
                await self._set_problem(rule, "")
        return {rule.id for rule in asking} if state.has_outsiders else set()

    async def _is_still_closed(self, channel: str) -> bool:
        self._states.forget(channel)
        try:
            return bool((await self._states.get(channel)).problem)
        except SlackError:
            return True


def shows_words(rule: Rule) -> bool:
    """Return whether a rule's messages show what customers write."""
    return bool({EventGroup.MESSAGE, EventGroup.ALL} & set(rule.spec.events))


def concerns_channel(code: str) -> bool:
    """Return whether an outbox error code means that the channel doesn't accept messages."""
    return code not in MESSAGE_CODES
