"""Follow messages in the outbox: posted, refused by the channel, or uncertain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bot.aio.clock import Clock
from bot.notifications.deliveries import Deliveries
from bot.notifications.planner import group_by_channel
from bot.notifications.problem_messages import render_unconfirmed
from bot.notifications.problems import ChannelProblems, concerns_channel
from bot.notifications.rule import Rule
from bot.outbox.error_policy import UNCERTAIN, UNUSABLE_THREAD_CODES
from bot.outbox.message import OutboxMessage
from bot.outbox.outbox import Outbox, PostStatus
from bot.slack.channel_mask import is_private

BATCH_SIZE = 500


class Settlement:
    """Closes deliveries whose message is posted, and releases those that were refused."""

    def __init__(
        self,
        deliveries: Deliveries,
        problems: ChannelProblems,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._deliveries = deliveries
        self._problems = problems
        self._outbox = outbox
        self._clock = clock

    async def settle(self, rules: Sequence[Rule]) -> Counter[str]:
        """Return how many messages of each channel are pending in the outbox.

        Raise ``DatabaseUnavailable``.
        """
        channel_of = await self._deliveries.list_queued()
        waiting: Counter[str] = Counter()
        if not channel_of:
            return waiting
        statuses: dict[str, PostStatus] = {}
        for keys in _split_batches(list(channel_of)):
            statuses |= await self._outbox.get_statuses(keys)
        posted, refused, threadless = [], [], []
        for key, channel in channel_of.items():
            status = statuses.get(key)
            if status is None or not (status.is_pending or status.error_code):
                posted.append(key)
            elif status.is_pending:
                waiting[channel] += status.ref is None
            elif concerns_channel(status.error_code):
                refused.append(key)
            elif status.error_code in UNUSABLE_THREAD_CODES and status.ref is None:
                threadless.append(key)
            else:
                posted.append(key)
        for keys in _split_batches(threadless):  # their authors find another thread
            await self._outbox.forget_refused_replies(keys)
            await self._deliveries.requeue(keys)
        await self._close(posted, refused, channel_of, statuses, group_by_channel(rules))
        edited = dict.fromkeys(channel_of.values(), 0)  # their edits are followed too
        return Counter(edited | waiting)

    async def _close(
        self,
        posted: Sequence[str],
        refused: Sequence[str],
        channel_of: Mapping[str, str],
        statuses: Mapping[str, PostStatus],
        rules: Mapping[str, Sequence[Rule]],
    ) -> None:
        for keys in _split_batches(posted):
            await self._deliveries.mark_posted(keys, self._clock.time())
        for key in posted:
            if (status := statuses.get(key)) and status.error_code == UNCERTAIN:
                await self._notify_unconfirmed(key, rules.get(channel_of[key], []))
        closed = {channel_of[key] for key in refused}
        for channel in {channel_of[key] for key in posted} - closed:
            await self._problems.resolve(channel, rules.get(channel, []))
        for channel in closed:
            keys = [key for key in refused if channel_of[key] == channel]
            code = statuses[keys[0]].error_code
            await self._problems.report(channel, code, keys[0], rules.get(channel, []))
            await self._deliveries.requeue(keys)

    async def _notify_unconfirmed(self, key: str, rules: Sequence[Rule]) -> None:
        for member in dict.fromkeys(rule.member for rule in rules):
            if not is_private(rules[0].channel):
                message = render_unconfirmed(rules[0].channel)
                await self._outbox.enqueue(
                    OutboxMessage(f"notify:unconfirmed:{key}:{member}", member, message, member)
                )


def _split_batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), BATCH_SIZE):
        yield keys[start : start + BATCH_SIZE]
