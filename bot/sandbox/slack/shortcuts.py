"""Shortcuts: the app's entries in Slack's menus, global and on messages."""

from __future__ import annotations

from bot.sandbox.slack import payloads
from bot.sandbox.slack.app_manifest import AppManifest, ManifestShortcut
from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.messages import StoredMessage
from bot.sandbox.slack.payloads import Json
from bot.sandbox.slack.seed import WorkspaceMember
from bot.sandbox.slack.user_actions import (
    CONNECTION_TROUBLE_TEXT,
    INTERACTIVITY_DISABLED_TEXT,
    InteractionResult,
    UserActions,
)


class ShortcutActions:
    def __init__(self, user_actions: UserActions, manifest: AppManifest) -> None:
        self._user_actions = user_actions
        self._manifest = manifest
        self._workspace = user_actions.workspace

    async def use_global(self, person: str, callback_id: str) -> InteractionResult:
        """Use a global shortcut, whose payload has no channel."""
        member = self._require_member(person)
        self._require_shortcut("global", callback_id)
        who = self._user_actions.start_interaction(member.id, None)
        payload = payloads.build_shortcut(who, callback_id, self._workspace.ids.get_current_ts())
        return await self._deliver("shortcut", person, payload)

    async def use_on_message(
        self, person: str, callback_id: str, message_id: str
    ) -> InteractionResult:
        """Use a message shortcut on a message that the person sees, if it isn't ephemeral."""
        member = self._require_member(person)
        self._require_shortcut("message", callback_id)
        message = self._require_message(member, message_id)
        channel = self._workspace.channels[message.channel]
        who = self._user_actions.start_interaction(member.id, channel.id)
        url = self._user_actions.create_response_url(member.id, channel.id)
        action_ts = self._workspace.ids.get_current_ts()
        payload = payloads.build_message_shortcut(
            who, callback_id, message, channel, url, action_ts
        )
        return await self._deliver("message_action", person, payload)

    async def _deliver(self, kind: str, person: str, payload: Json) -> InteractionResult:
        if not self._manifest.interactivity_enabled:
            self._workspace.notify(person, INTERACTIVITY_DISABLED_TEXT)
            return InteractionResult(0)
        ack = await self._user_actions.deliver(kind, payload)
        if ack.error:
            self._workspace.notify(person, CONNECTION_TROUBLE_TEXT)
        return InteractionResult(ack.status, ack.seconds, ack.body)

    def _require_member(self, person: str) -> WorkspaceMember:
        member = self._workspace.members.get(person)
        if member is None or not member.is_person:
            raise ActionNotPossible(f"Unknown person {person!r}.")
        return member

    def _require_shortcut(self, kind: str, callback_id: str) -> ManifestShortcut:
        for shortcut in self._manifest.shortcuts:
            if (shortcut.kind, shortcut.callback_id) == (kind, callback_id):
                return shortcut
        raise ActionNotPossible(f"The app has no {kind} shortcut {callback_id!r}.")

    def _require_message(self, member: WorkspaceMember, message_id: str) -> StoredMessage:
        message = self._user_actions.require_message(member.id, message_id)
        if message.only_for is not None:
            raise ActionNotPossible("Ephemeral messages have no shortcuts.")
        return message
