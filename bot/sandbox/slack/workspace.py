"""The state of the workspace and the ways to change it; independent of HTTP."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.aio.clock import Clock
from bot.sandbox.slack import seed
from bot.sandbox.slack.blocks import to_stored_blocks
from bot.sandbox.slack.feed import EventFeed
from bot.sandbox.slack.files import FileStore
from bot.sandbox.slack.ids import IdGenerator
from bot.sandbox.slack.link_previews import LinkPreviewStore
from bot.sandbox.slack.messages import MessageChange, MessageContent, MessageStore, StoredMessage
from bot.sandbox.slack.payload_validator import PayloadValidator
from bot.sandbox.slack.seed import (
    APP_USER,
    SLACKBOT,
    WorkspaceChannel,
    WorkspaceMember,
    WorkspaceMemberKind,
)
from bot.sandbox.slack.short_lived_tokens import ResponseUrlStore, TriggerStore
from bot.sandbox.slack.typed_text import link_addresses
from bot.sandbox.slack.views import ViewStacks

MAX_NOTICES = 500
ChannelChange = Literal["archive", "unarchive", "rename", "shared", "unshared", "left"]


@dataclass(frozen=True)
class Notice:
    """Slack's own message to one person: a command that failed, a form that wasn't sent."""

    person: str
    text: str


class Workspace:
    """The state.

    ``on_message`` is called for every change of a message, except seeded ones, and ``on_channel``
    for channel changes that apps are notified of.
    """

    def __init__(self, clock: Clock) -> None:
        self.on_message: Callable[[MessageChange, StoredMessage], None] = _ignore
        self.on_channel: Callable[[ChannelChange, WorkspaceChannel], None] = _ignore
        self.clock = clock
        self.ids = IdGenerator(clock)
        self.feed = EventFeed()
        self.validator = PayloadValidator()
        self.members: dict[str, WorkspaceMember] = {member.id: member for member in seed.MEMBERS}
        self.user_groups: dict[str, tuple[str, ...]] = dict(seed.USERGROUPS)
        self.channels: dict[str, WorkspaceChannel] = {
            channel.id: channel for channel in seed.CHANNELS
        }
        self.messages = MessageStore(self._publish_message)
        self.views = ViewStacks(self.ids, self._publish_views)
        self.triggers = TriggerStore(self.ids, clock)
        self.response_urls = ResponseUrlStore(clock)
        self.previews = LinkPreviewStore(clock)
        self.files = FileStore(self.ids, clock)
        self.notices: deque[Notice] = deque(maxlen=MAX_NOTICES)
        for first in seed.SEED_MESSAGES:
            content = MessageContent(text=link_addresses(first.text))
            self._add(first.channel, first.author, content, seconds_ago=first.minutes_ago * 60)

    def list_channels(self, person: str) -> list[WorkspaceChannel]:
        return [channel for channel in self.channels.values() if person in channel.members]

    def find_channel(self, name: str) -> WorkspaceChannel | None:
        """Return the public channel called "sales" or "#sales", or None."""
        wanted = name.removeprefix("#")
        channels = (c for c in self.channels.values() if c.kind in ("public", "shared"))
        return next((channel for channel in channels if channel.name == wanted), None)

    def find_direct_messages(self, person: str) -> WorkspaceChannel | None:
        """Return the DM of this person and the app; strangers and the app have none."""
        if person == APP_USER:
            return None
        channels = (c for c in self.channels.values() if c.kind == "im" and person in c.members)
        return next(channels, None)

    def change_member_kind(self, member: str, kind: WorkspaceMemberKind) -> None:
        """Promote, demote or deactivate a member, as an admin does on Slack's page of members."""
        self.members[member] = replace(self.members[member], kind=kind)

    def archive(self, channel: str) -> None:
        self._change_channel("archive", channel, archived=True)

    def unarchive(self, channel: str) -> None:
        self._change_channel("unarchive", channel, archived=False)

    def rename_channel(self, channel: str, name: str) -> None:
        self._change_channel("rename", channel, name=name)

    def make_private(self, channel: str) -> None:
        """Turn a public channel into a private one; its ID remains, and apps aren't notified."""
        self.channels[channel] = replace(self.channels[channel], kind="private")

    def share_channel(self, channel: str) -> None:
        """Connect a public channel with another company, whose people join it."""
        strangers = [m.id for m in self.members.values() if m.kind == "stranger"]
        members = dict.fromkeys((*self.channels[channel].members, *strangers))
        self._change_channel("shared", channel, kind="shared", members=tuple(members))

    def unshare_channel(self, channel: str) -> None:
        strangers = {m.id for m in self.members.values() if m.kind == "stranger"}
        members = tuple(m for m in self.channels[channel].members if m not in strangers)
        self._change_channel("unshared", channel, kind="public", members=members)

    def remove_app(self, channel: str) -> None:
        """Remove the app from a channel, as /remove does."""
        members = tuple(m for m in self.channels[channel].members if m != APP_USER)
        self._change_channel("left", channel, members=members)

    def add_app(self, channel: str) -> None:
        """Add the app to a channel, as /invite does."""
        self.add_member(channel, APP_USER)

    def add_member(self, channel: str, member: str) -> None:
        """Add someone to a channel."""
        members = (*self.channels[channel].members, member)
        self.channels[channel] = replace(self.channels[channel], members=members)

    def post_as_person(
        self, person: str, channel: str, text: str, thread_ts: str | None = None
    ) -> StoredMessage:
        """Post a message that a person typed."""
        return self._add(channel, person, MessageContent(text=text), thread_ts=thread_ts)

    def post_content(
        self, author: str, channel: str, content: MessageContent, thread_ts: str | None = None
    ) -> StoredMessage:
        """Post something that wasn't typed, such as a file."""
        return self._add(channel, author, self.to_stored_content(content), thread_ts=thread_ts)

    def post_as_app(
        self,
        channel: str,
        content: MessageContent,
        *,
        only_for: str | None = None,
        thread_ts: str | None = None,
        broadcast: bool = False,
    ) -> StoredMessage:
        """Post a message of the app; ``only_for`` makes it ephemeral."""
        return self._add(
            channel,
            APP_USER,
            self.to_stored_content(content),
            only_for=only_for,
            thread_ts=thread_ts,
            broadcast=broadcast,
        )

    def edit_message(
        self, message: StoredMessage, content: MessageContent, *, edited: bool
    ) -> StoredMessage:
        """Replace the content of a message, marking it as edited when an API call did it."""
        edited_ts = self.ids.get_current_ts() if edited else None
        return self.messages.replace(message, self.to_stored_content(content), edited_ts=edited_ts)

    def list_views(self, person: str) -> dict[str, Any]:
        """Return a person's modals, bottom first, and their Home tab or None."""
        home = self.views.find_home(person)
        stack = [view.to_json() for view in self.views.list_views(person)]
        return {"stack": stack, "home": home.to_json() if home else None}

    def notify(self, person: str, text: str, channel: str | None = None) -> None:
        """Notify a person in Slackbot's voice, with a channel also as a message there."""
        self.notices.append(Notice(person, text))
        self.feed.publish([person], "notice", {"text": text})
        if channel is not None:
            self._add(channel, SLACKBOT, MessageContent(text=text), only_for=person)

    def to_stored_content(self, content: MessageContent) -> MessageContent:
        if content.blocks is None:
            return content
        return replace(
            content, blocks=to_stored_blocks(content.blocks, self.ids.generate_block_id) or None
        )

    def _add(
        self,
        channel: str,
        author: str,
        content: MessageContent,
        *,
        seconds_ago: float = 0,
        **more: Any,
    ) -> StoredMessage:
        ts = self.ids.generate_ts(seconds_ago)
        message_id = self.ids.generate_id("M")
        return self.messages.add(StoredMessage(message_id, channel, ts, author, content, **more))

    def _change_channel(self, change: ChannelChange, channel: str, **fields: Any) -> None:
        self.channels[channel] = replace(self.channels[channel], **fields)
        self.on_channel(change, self.channels[channel])

    def _publish_message(self, change: MessageChange, message: StoredMessage) -> None:
        members = self.channels[message.channel].members
        kind = "delete" if change == "deleted" else "message"
        self.feed.publish([m for m in members if message.is_visible_to(m)], kind, message)
        self.on_message(change, message)

    def _publish_views(self, person: str) -> None:
        self.feed.publish([person], "views", None)


def _ignore(_: object, __: object) -> None:
    """Do nothing, until a listener is set."""
