"""A person's acts: typing, pressing, choosing. Builds the payloads and applies the acks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.actions import action_of
from bot.sandbox.slack.blocks import (
    EXTERNAL,
    FIELDS,
    Placed,
    Raw,
    StateValues,
    entered,
    initial_state,
    placed,
)
from bot.sandbox.slack.delivery import Ack, Delivery
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.payloads import Interaction
from bot.sandbox.slack.refusal import CannotAct, Refused
from bot.sandbox.slack.respond import command_acked
from bot.sandbox.slack.seed import APP_USER, Channel, Member
from bot.sandbox.slack.typed import as_sent, escaped_only, split_command, with_links
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]
Source = View | Message

REMEMBERED = 500
INVITE, REMOVE = "/invite", "/remove"
DEFAULT_QUERY_LENGTH = 3
"""docs.slack.dev/reference/block-kit/block-elements/select-menu-element: min_query_length."""

NO_INTERACTIVITY = (
    "This app is not configured to handle interactive responses. "
    "Please configure interactivity URL for your app under the app config page."
)
NO_ANSWER = "We had some trouble connecting. Try again?"


@dataclass(frozen=True)
class Delivered:
    """The outcome of an act.

    ``status`` is the ack's (0 without one within three seconds, or if nothing was sent),
    ``seconds`` by the clock, ``body`` the ack's, and errors are those of form fields by
    ``block_id``.
    """

    status: int
    seconds: float = 0.0
    body: Json | None = None
    errors: dict[str, str] = field(default_factory=dict)


class People:
    """Performs acts. ``base_url`` begins response URLs; the server sets it once it is served."""

    def __init__(
        self,
        workspace: Workspace,
        manifest: Manifest,
        delivery: Delivery,
        events: Events,
        token: str,
    ) -> None:
        self.workspace = workspace
        self._events = events
        self._manifest = manifest
        self._delivery = delivery
        self._token = token
        self._choices: OrderedDict[tuple[str, str], StateValues] = OrderedDict()
        self._offered: OrderedDict[tuple[str, str, str, str], list[Json]] = OrderedDict()
        self.base_url = ""

    async def type(
        self, person: str, channel: str, text: str, thread_ts: str | None = None
    ) -> Delivered:
        """Post a message, or run a slash command if the text begins with a slash."""
        member, place = self._standing(person, channel)
        if not text.strip():
            raise CannotAct("Slack sends no empty message.")
        if place.kind == "im" and not (self._manifest.messages_tab and self._manifest.listens):
            raise CannotAct("Sending messages to this app has been turned off.")
        if not text.startswith("/"):
            linked = with_links(self._linked(member, text, labels=False))
            self.workspace.say(person, channel, linked, thread_ts)
            return await self._announced()
        if thread_ts:
            raise CannotAct("Slash commands can't be used in threads.")
        return await self._command(member, place, text)

    async def press(
        self, person: str, source: Source, item: Placed, value: Raw = None
    ) -> Delivered:
        """Use an element: a button, a menu, an input that dispatches."""
        state = None
        if item.kind in FIELDS:
            state = entered(item.element, value, self._known(person, source, item))
            source = self._filled(person, source, item, state)
        if not item.dispatches:
            return Delivered(200)
        if not self._manifest.interactive:
            self.workspace.notice(person, NO_INTERACTIVITY)
            return Delivered(0)
        action = action_of(item, state, self.workspace.ids.now())
        ack = await self.deliver("block_actions", self._actions(person, source, action))
        if ack.error:
            self.workspace.notice(person, NO_ANSWER)
        return Delivered(ack.status, ack.seconds, ack.body)

    async def suggest(self, person: str, source: Source, item: Placed, query: str) -> Json:
        """Return the app's ``options`` or ``option_groups`` for an external menu.

        Slack asks only if the query is long enough. Raise ``CannotAct`` for a response that Slack
        can't use.
        """
        if item.kind not in EXTERNAL:
            raise CannotAct(f"{item.action_id} isn't a menu with options from the app.")
        if len(query) < item.element.get("min_query_length", DEFAULT_QUERY_LENGTH):
            return {"options": []}
        who = self.interaction(person, source.channel)
        payload = payloads.suggestion(who, source, item.block_id, item.action_id, query)
        ack = await self.deliver("block_suggestion", payload)
        if ack.error:
            raise CannotAct(f"Couldn't load the options ({ack.error}).")
        try:
            answer = self.workspace.gate.options(ack.body or {})
        except Refused as refused:
            raise CannotAct(f"Couldn't load the options ({refused.code}).") from refused
        key = (person, source.id, item.block_id, item.action_id)
        _remember(self._offered, key, _flat(answer))
        return answer

    def find(
        self,
        person: str,
        action_id: str,
        *,
        message: str | None = None,
        block_id: str | None = None,
        value: Raw = None,
    ) -> tuple[Source, Placed]:
        """Find the element in what this person sees: the top view, then messages, the newest first.

        Raise ``CannotAct`` if there is none.
        """
        for source in self._seen(person, message):
            for item in placed(_blocks(source)):
                named = item.action_id == action_id and block_id in (None, item.block_id)
                if named and _is_meant(item, value):
                    return source, item
        raise CannotAct(f"{person} sees nothing with the action {action_id!r}.")

    def interaction(self, person: str, channel: str | None) -> Interaction:
        """Return the head of a payload, with a new trigger."""
        trigger = self.workspace.triggers.make(person, channel)
        return Interaction(self.workspace.members[person], self._token, trigger)

    async def deliver(self, kind: str, payload: Mapping[str, Any]) -> Ack:
        """Send the payload, and let the app see the files that its form names."""
        self.workspace.files.show_to_app(_files_in(payload))
        return await self._delivery.deliver(kind, payload, payloads.summary(payload))

    def response_url(self, person: str, channel: str, message: str | None = None) -> str:
        return self.base_url + self.workspace.urls.make(person, channel, message)

    async def _command(self, member: Member, channel: Channel, text: str) -> Delivered:
        name, rest = split_command(text)
        if name in (INVITE, REMOVE):
            return await self._change_members(member, channel, name, self._linked(member, rest))
        command = self._manifest.commands.get(name)
        if command is None:
            sentence = (
                f'{name} is not a valid command. In Slack, all messages that start with the "/" '
                "character are interpreted as commands."
            )
            self.workspace.notice(member.id, sentence, channel.id)
            return Delivered(0)
        sent = self._linked(member, rest) if command.escape else escaped_only(rest)
        url = self.response_url(member.id, channel.id)
        who = self.interaction(member.id, channel.id)
        ack = await self.deliver("command", payloads.command(who, channel, name, sent, url))
        command_acked(self.workspace, member.id, channel.id, f"{name} {sent}".strip(), ack)
        return Delivered(ack.status, ack.seconds, ack.body)

    async def _change_members(
        self, member: Member, channel: Channel, name: str, text: str
    ) -> Delivered:
        """Run Slack's own commands about the app: /invite and /remove."""
        if channel.kind == "im" or f"<@{APP_USER}" not in text:
            raise CannotAct(f"Only the app can be invited or removed here: {name} @chakra")
        is_member = APP_USER in channel.members
        if name == REMOVE and is_member:
            self.workspace.remove_app(channel.id)
        elif name == INVITE and not is_member:
            self.workspace.add_app(channel.id)
            self._events.invited(self.workspace.channels[channel.id], member.id)
        return await self._announced()

    async def _announced(self) -> Delivered:
        """Return the outcome of the app's events, if it subscribes to any."""
        ack = await self._events.delivered()
        return Delivered(ack.status, ack.seconds, ack.body) if ack else Delivered(200)

    def _actions(self, person: str, source: Source, action: Json) -> Json:
        who = self.interaction(person, source.channel)
        if isinstance(source, View):
            return payloads.view_actions(who, source, action)
        channel = self.workspace.channels[source.channel]
        state = self._state(person, source)
        url = self.response_url(person, channel.id, source.id)
        return payloads.message_actions(who, source, channel, action, state, url)

    def _filled(self, person: str, source: Source, item: Placed, state: Json) -> Source:
        before = self._state(person, source)
        block = {**before.get(item.block_id, {}), item.action_id: state}
        values = {**before, item.block_id: block}
        if isinstance(source, View):
            return self.workspace.views.fill(source, values)
        _remember(self._choices, (person, source.id), values)
        return source

    def _state(self, person: str, source: Source) -> StateValues:
        if isinstance(source, View):
            return source.values
        chosen = self._choices.get((person, source.id))
        return chosen if chosen is not None else initial_state(_blocks(source))

    def _known(self, person: str, source: Source, item: Placed) -> list[Json]:
        """Return the known options of an external menu, or the person's files for a file input.

        Known options are the last offered ones and the selected ones.
        """
        if item.kind == "file_input":
            return [file.as_slack_shows() for file in self.workspace.files.of(person)]
        return known_options(
            self._offered.get((person, source.id, item.block_id, item.action_id), []),
            self._state(person, source).get(item.block_id, {}).get(item.action_id, {}),
        )

    def enter(self, person: str, view: View, item: Placed, raw: Raw) -> Json:
        """Return the element's state with ``raw`` entered; the form itself doesn't change."""
        return entered(item.element, raw, self._known(person, view, item))

    def _linked(self, member: Member, text: str, *, labels: bool = True) -> str:
        channels = [
            channel
            for channel in self.workspace.channels.values()
            if channel.kind == "public" or member.id in channel.members
        ]
        return as_sent(text, self.workspace.members.values(), channels, labels=labels)

    def _standing(self, person: str, channel: str) -> tuple[Member, Channel]:
        member = self.workspace.members.get(person)
        if member is None or not member.is_person:
            raise CannotAct(f"Unknown person {person!r}.")
        place = self.workspace.channels.get(channel)
        if place is None or person not in place.members:
            raise CannotAct(f"{member.real_name} isn't in the channel {channel!r}.")
        return member, place

    def _seen(self, person: str, message: str | None) -> Sequence[Source]:
        if message is not None:
            one = self.workspace.messages.get(message)
            return [one] if one is not None and one.seen_by(person) else []
        top = self.workspace.views.top(person)
        channels = [channel.id for channel in self.workspace.channels_of(person)]
        messages = list(self.workspace.messages.newest_first(channels, person))
        return [top, *messages] if top else messages


def known_options(offered: Sequence[Json], state: Mapping[str, Any]) -> list[Json]:
    chosen = state.get("selected_options") or state.get("selected_option") or []
    return [*offered, *(chosen if isinstance(chosen, list) else [chosen])]


def _blocks(source: Source) -> list[Json]:
    return source.blocks if isinstance(source, View) else source.content.blocks or []


def _files_in(payload: Mapping[str, Any]) -> list[str]:
    values = payload.get("view", {}).get("state", {}).get("values", {})
    states = [state for actions in values.values() for state in actions.values()]
    return [file["id"] for state in states for file in state.get("files", ())]


def _is_meant(item: Placed, value: Raw) -> bool:
    """Return whether this is the button: those that share an ``action_id`` differ by value."""
    return item.kind != "button" or value is None or item.element.get("value") == value


def _flat(answer: Json) -> list[Json]:
    groups = answer.get("option_groups", ())
    return [*answer.get("options", ()), *(o for group in groups for o in group["options"])]


def _remember(kept: OrderedDict[Any, Any], key: object, value: object) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
