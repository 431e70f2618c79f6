"""The state of the workspace and the ways to change it; independent of HTTP."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.aio.clock import Clock
from bot.sandbox.slack import seed
from bot.sandbox.slack.blocks import stored
from bot.sandbox.slack.feed import Feed
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.gate import Gate
from bot.sandbox.slack.ids import Ids
from bot.sandbox.slack.messages import Content, Message, MessageChange, Messages
from bot.sandbox.slack.passes import ResponseUrls, Triggers
from bot.sandbox.slack.seed import APP_USER, SLACKBOT, Channel, Member
from bot.sandbox.slack.typed import with_links
from bot.sandbox.slack.views import ViewStacks

NOTICES_KEPT = 500


@dataclass(frozen=True)
class Notice:
    """Slack's own message to one person: a command that failed, a form that wasn't sent."""

    person: str
    text: str


class Workspace:
    """The state. ``on_message`` is called for every change of a message, except seeded ones."""

    def __init__(self, clock: Clock) -> None:
        self.on_message: Callable[[MessageChange, Message], None] = _ignore
        self.clock = clock
        self.ids = Ids(clock)
        self.feed = Feed()
        self.gate = Gate()
        self.members: Mapping[str, Member] = {member.id: member for member in seed.MEMBERS}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in seed.CHANNELS}
        self.messages = Messages(self._message_changed)
        self.views = ViewStacks(self.ids, self._views_changed)
        self.triggers = Triggers(self.ids, clock)
        self.urls = ResponseUrls(clock)
        self.files = Files(self.ids, clock)
        self.notices: deque[Notice] = deque(maxlen=NOTICES_KEPT)
        for first in seed.FIRST_MESSAGES:
            content = Content(text=with_links(first.text))
            self._add(first.channel, first.author, content, seconds_ago=first.minutes_ago * 60)

    def channels_of(self, person: str) -> list[Channel]:
        return [channel for channel in self.channels.values() if person in channel.members]

    def channel_named(self, name: str) -> Channel | None:
        """Return the public channel called "sales" or "#sales", or None."""
        wanted = name.removeprefix("#")
        channels = (c for c in self.channels.values() if c.kind in ("public", "shared"))
        return next((channel for channel in channels if channel.name == wanted), None)

    def direct_messages(self, person: str) -> Channel | None:
        """Return the DM of this person and the app; strangers and the app have none."""
        if person == APP_USER:
            return None
        channels = (c for c in self.channels.values() if c.kind == "im" and person in c.members)
        return next(channels, None)

    def archive(self, channel: str) -> None:
        self.channels[channel] = replace(self.channels[channel], archived=True)

    def unarchive(self, channel: str) -> None:
        self.channels[channel] = replace(self.channels[channel], archived=False)

    def remove_app(self, channel: str) -> None:
        """Remove the app from a channel, as /remove does."""
        members = tuple(m for m in self.channels[channel].members if m != APP_USER)
        self.channels[channel] = replace(self.channels[channel], members=members)

    def add_app(self, channel: str) -> None:
        """Add the app to a channel, as /invite does."""
        members = (*self.channels[channel].members, APP_USER)
        self.channels[channel] = replace(self.channels[channel], members=members)

    def say(self, person: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Post a message that a person typed."""
        return self._add(channel, person, Content(text=text), thread_ts=thread_ts)

    def post(
        self,
        channel: str,
        content: Content,
        *,
        only_for: str | None = None,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> Message:
        """Post a message of the app; ``only_for`` makes it ephemeral."""
        return self._add(
            channel,
            APP_USER,
            self.as_stored(content),
            only_for=only_for,
            thread_ts=thread_ts,
            broadcast=broadcast,
        )

    def rewrite(self, message: Message, content: Content, *, edited: bool) -> Message:
        """Replace the content of a message, marking it as edited when an API call did it."""
        edited_ts = self.ids.now() if edited else None
        return self.messages.replace(message, self.as_stored(content), edited_ts=edited_ts)

    def notice(self, person: str, text: str, channel: str | None = None) -> None:
        """Notify a person in Slackbot's voice, with a channel also as a message there."""
        self.notices.append(Notice(person, text))
        self.feed.tell([person], "notice", {"text": text})
        if channel is not None:
            self._add(channel, SLACKBOT, Content(text=text), only_for=person)

    def as_stored(self, content: Content) -> Content:
        if content.blocks is None:
            return content
        return replace(content, blocks=stored(content.blocks, self.ids.block_id) or None)

    def _add(
        self, channel: str, author: str, content: Content, *, seconds_ago: float = 0, **more: Any
    ) -> Message:
        ts = self.ids.ts(seconds_ago)
        message_id = self.ids.next("M")
        return self.messages.add(Message(message_id, channel, ts, author, content, **more))

    def _message_changed(self, change: MessageChange, message: Message) -> None:
        members = self.channels[message.channel].members
        kind = "delete" if change == "deleted" else "message"
        self.feed.tell([m for m in members if message.seen_by(m)], kind, message)
        self.on_message(change, message)

    def _views_changed(self, person: str) -> None:
        stack = [view.as_slack_shows() for view in self.views.stack(person)]
        self.feed.tell([person], "views", stack)


def _ignore(_: MessageChange, __: Message) -> None:
    """Do nothing, until a listener is set."""
