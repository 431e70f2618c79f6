"""How often the outbox may call Slack: per channel, per message and per workspace."""

from __future__ import annotations

from bot.aio.clock import Clock
from bot.ratelimit import MinInterval, SlidingWindow

MAX_EDITS, EDITS_WINDOW_SECONDS = 45, 60.0
"""`chat.update` is Tier 3: about 50 a minute per workspace.
docs.slack.dev/apis/web-api/rate-limits"""
MAX_POSTS, POSTS_WINDOW_SECONDS = 240, 60.0
"""Slack accepts "several hundred" posts a minute per workspace."""
EDIT_INTERVAL_SECONDS = 3.0
"""Seconds between two edits of one message."""
POST_INTERVAL_SECONDS = 1.0
"""Seconds between two posts to one channel, as Slack asks."""


class SlackLimits:
    """The leader's record of its calls. All methods return seconds, 0 if there is no wait."""

    def __init__(self, clock: Clock) -> None:
        self._posts = SlidingWindow(clock, MAX_POSTS, POSTS_WINDOW_SECONDS)
        self._edits = SlidingWindow(clock, MAX_EDITS, EDITS_WINDOW_SECONDS, assume_full=True)
        self._channels = MinInterval(clock, POST_INTERVAL_SECONDS)
        self._messages = MinInterval(clock, EDIT_INTERVAL_SECONDS)

    def count_seconds_until_post(self, channel: str) -> float:
        """Return the seconds until a post to ``channel`` may be made."""
        return max(
            self._posts.count_seconds_until_free(), self._channels.count_seconds_until_free(channel)
        )

    def count_seconds_until_any_edit(self) -> float:
        """Return the seconds until the workspace's budget allows an edit."""
        return self._edits.count_seconds_until_free()

    def count_seconds_until_edit(self, post_id: int) -> float:
        """Return the seconds until this message may be edited, whatever the budget says."""
        return self._messages.count_seconds_until_free(post_id)

    def record_post(self, channel: str) -> None:
        """Count a post that is being made."""
        self._posts.record()
        self._channels.record(channel)

    def record_edit(self, post_id: int) -> None:
        """Count an edit that is being made."""
        self._edits.record()
        self._messages.record(post_id)

    def record_posted(self, post_id: int) -> None:
        """Wait the usual interval before the first edit of a message that has just been posted."""
        self._messages.record(post_id)

    def pause_edits(self, seconds: float) -> None:
        """Make no edits for ``seconds``."""
        self._edits.pause(seconds)

    def pause_all(self, seconds: float) -> None:
        """Make neither posts nor edits for ``seconds``."""
        self._posts.pause(seconds)
        self._edits.pause(seconds)
