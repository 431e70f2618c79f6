"""Shortcuts: the app's entries in Slack's menus, global and on messages."""

from __future__ import annotations

from bot.sandbox.slack import payloads
from bot.sandbox.slack.manifest import Manifest, Shortcut
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.payloads import Json
from bot.sandbox.slack.person import NO_ANSWER, NO_INTERACTIVITY, Delivered, People
from bot.sandbox.slack.refusal import CannotAct
from bot.sandbox.slack.seed import Member


class Shortcuts:
    def __init__(self, people: People, manifest: Manifest) -> None:
        self._people = people
        self._manifest = manifest
        self._workspace = people.workspace

    async def anywhere(self, person: str, callback_id: str) -> Delivered:
        """Use a global shortcut, whose payload has no channel."""
        member = self._member(person)
        self._offered("global", callback_id)
        who = self._people.interaction(member.id, None)
        payload = payloads.shortcut(who, callback_id, self._workspace.ids.now())
        return await self._deliver("shortcut", person, payload)

    async def on_message(self, person: str, callback_id: str, message_id: str) -> Delivered:
        """Use a message shortcut on a message that the person sees, if it isn't ephemeral."""
        member = self._member(person)
        self._offered("message", callback_id)
        message = self._message(member, message_id)
        channel = self._workspace.channels[message.channel]
        who = self._people.interaction(member.id, channel.id)
        url = self._people.response_url(member.id, channel.id)
        action_ts = self._workspace.ids.now()
        payload = payloads.message_shortcut(who, callback_id, message, channel, url, action_ts)
        return await self._deliver("message_action", person, payload)

    async def _deliver(self, kind: str, person: str, payload: Json) -> Delivered:
        if not self._manifest.interactive:
            self._workspace.notice(person, NO_INTERACTIVITY)
            return Delivered(0)
        ack = await self._people.deliver(kind, payload)
        if ack.error:
            self._workspace.notice(person, NO_ANSWER)
        return Delivered(ack.status, ack.seconds, ack.body)

    def _member(self, person: str) -> Member:
        member = self._workspace.members.get(person)
        if member is None or not member.is_person:
            raise CannotAct(f"Unknown person {person!r}.")
        return member

    def _offered(self, kind: str, callback_id: str) -> Shortcut:
        for shortcut in self._manifest.shortcuts:
            if (shortcut.kind, shortcut.callback_id) == (kind, callback_id):
                return shortcut
        raise CannotAct(f"The app has no {kind} shortcut {callback_id!r}.")

    def _message(self, member: Member, message_id: str) -> Message:
        message = self._workspace.messages.get(message_id)
        channels = self._workspace.channels
        if message is None or member.id not in channels[message.channel].members:
            raise CannotAct("This message no longer exists.")
        if message.only_for is not None:
            raise CannotAct("Ephemeral messages have no shortcuts.")
        return message
