"""A person's actions: typing, pressing, choosing. Builds the payloads and applies the acks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.actions import build_action
from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.blocks import (
    EXTERNAL_SELECTS,
    STATE_FIELDS,
    EnteredValue,
    PlacedElement,
    StateValues,
    enter_value,
    iter_elements,
    read_initial_state,
)
from bot.sandbox.slack.emoji_names import name_emoji
from bot.sandbox.slack.errors import ActionNotPossible, WebApiError
from bot.sandbox.slack.event_payloads import HomeTab
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.messages import StoredMessage
from bot.sandbox.slack.payload_delivery import AckResult, PayloadDelivery
from bot.sandbox.slack.payloads import InteractionContext
from bot.sandbox.slack.response_actions import apply_command_ack
from bot.sandbox.slack.seed import APP_USER, WorkspaceChannel, WorkspaceMember
from bot.sandbox.slack.state_gaps import StateGap, apply_state_gap
from bot.sandbox.slack.typed_text import (
    UNNAMED_KINDS,
    encode_command,
    encode_message,
    encode_plain_command,
    split_command,
)
from bot.sandbox.slack.views import StoredView
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]
InteractionSource = StoredView | StoredMessage

MAX_STORED_STATES = 500
INVITE, REMOVE = "/invite", "/remove"
DEFAULT_MIN_QUERY_LENGTH = 3
"""docs.slack.dev/reference/block-kit/block-elements/select-menu-element: min_query_length."""

INTERACTIVITY_DISABLED_TEXT = (
    "This app is not configured to handle interactive responses. "
    "Please configure interactivity URL for your app under the app config page."
)
CONNECTION_TROUBLE_TEXT = "We had some trouble connecting. Try again?"


@dataclass(frozen=True)
class InteractionResult:
    """The outcome of an act.

    ``status`` is the ack's (0 without one within three seconds, or if nothing was sent),
    ``seconds`` by the clock, ``body`` the ack's, and errors are those of form fields by
    ``block_id``.
    """

    status: int
    seconds: float = 0.0
    body: Json | None = None
    errors: dict[str, str] = field(default_factory=dict)


class UserActions:
    """Performs actions. ``base_url`` begins response URLs; the server sets it once it is served."""

    def __init__(
        self,
        workspace: Workspace,
        manifest: AppManifest,
        delivery: PayloadDelivery,
        events: Events,
        token: str,
    ) -> None:
        self.workspace = workspace
        self._events = events
        self._manifest = manifest
        self._delivery = delivery
        self._token = token
        self._message_states: OrderedDict[tuple[str, str], StateValues] = OrderedDict()
        self._suggested_options: OrderedDict[tuple[str, str, str, str], list[Json]] = OrderedDict()
        self._at_home: set[str] = set()
        self.base_url = ""
        self.state_gap: StateGap = "none"

    async def type(
        self, person: str, channel: str, text: str, thread_ts: str | None = None
    ) -> InteractionResult:
        """Post a message, or run a slash command if the text begins with a slash."""
        member, place = self.require_membership(person, channel)
        if not text.strip():
            raise ActionNotPossible("Slack sends no empty message.")
        if place.archived:
            raise ActionNotPossible("This channel has been archived.")
        if place.kind == "im" and not (
            self._manifest.messages_tab_enabled and self._manifest.accepts_messages
        ):
            raise ActionNotPossible("Sending messages to this app has been turned off.")
        if thread_ts:
            self._require_thread(person, place, thread_ts)
        self._at_home.discard(person)
        if not text.startswith("/"):
            people, places = self._list_mentionable(member)
            encoded = encode_message(text, people, places)
            self.workspace.post_as_person(person, channel, encoded, thread_ts)
            return await self._wait_for_events()
        if thread_ts:
            raise ActionNotPossible("Slash commands can't be used in threads.")
        return await self._run_command(member, place, text)

    async def open_home(self, person: str, tab: HomeTab) -> InteractionResult:
        """Open a tab of the app, and return the outcome of its event."""
        channel = self.workspace.find_direct_messages(person)
        enabled = {
            "home": self._manifest.home_tab_enabled,
            "messages": self._manifest.messages_tab_enabled,
        }
        if channel is None or not enabled[tab]:
            raise ActionNotPossible(f"{person} sees no {tab} tab of this app.")
        if tab == "home":
            self._at_home.add(person)
        else:
            self._at_home.discard(person)
        self._events.publish_home_opened(person, channel, tab)
        return await self._wait_for_events()

    async def press(
        self,
        person: str,
        source: InteractionSource,
        item: PlacedElement,
        value: EnteredValue = None,
    ) -> InteractionResult:
        """Use an element: a button, a menu, an input that dispatches."""
        state = None
        if item.kind in STATE_FIELDS:
            state = enter_value(
                item.element, value, self._list_available_values(person, source, item)
            )
            source = self._store_state(person, source, item, state)
        if not item.dispatches:
            return InteractionResult(200)
        if not self._manifest.interactivity_enabled:
            self.workspace.notify(person, INTERACTIVITY_DISABLED_TEXT)
            return InteractionResult(0)
        action = build_action(item, state, self.workspace.ids.get_current_ts())
        ack = await self.deliver(
            "block_actions", self._build_actions_payload(person, source, action)
        )
        if ack.error:
            self.workspace.notify(person, CONNECTION_TROUBLE_TEXT)
        return InteractionResult(ack.status, ack.seconds, ack.body)

    async def suggest(
        self, person: str, source: InteractionSource, item: PlacedElement, query: str
    ) -> Json:
        """Return the app's ``options`` or ``option_groups`` for an external menu.

        Slack asks only if the query is long enough. Raise ``ActionNotPossible`` for a response that
        Slack
        can't use.
        """
        if item.kind not in EXTERNAL_SELECTS:
            raise ActionNotPossible(f"{item.action_id} isn't a menu with options from the app.")
        if len(query) < item.element.get("min_query_length", DEFAULT_MIN_QUERY_LENGTH):
            return {"options": []}
        who = self.start_interaction(person, source.channel)
        typed = name_emoji(query)
        payload = payloads.build_suggestion(who, source, item.block_id, item.action_id, typed)
        ack = await self.deliver("block_suggestion", payload)
        if ack.error:
            raise ActionNotPossible(f"Couldn't load the options ({ack.error}).")
        try:
            answer = self.workspace.validator.validate_options(ack.body or {})
        except WebApiError as refused:
            raise ActionNotPossible(f"Couldn't load the options ({refused.code}).") from refused
        key = (person, source.id, item.block_id, item.action_id)
        _store_bounded(self._suggested_options, key, _flatten_options(answer))
        return answer

    def find_element(
        self,
        person: str,
        action_id: str,
        *,
        message: str | None = None,
        block_id: str | None = None,
        value: EnteredValue = None,
    ) -> tuple[InteractionSource, PlacedElement]:
        """Find the element in what this person sees.

        The top modal is searched first, then the Home tab while it is open, then messages, the
        newest first.

        Raise ``ActionNotPossible`` if there is none.
        """
        for source in self._list_visible_sources(person, message):
            for item in iter_elements(_list_blocks(source)):
                named = item.action_id == action_id and block_id in (None, item.block_id)
                if named and _matches_value(item, value):
                    return source, item
        raise ActionNotPossible(f"{person} sees nothing with the action {action_id!r}.")

    def start_interaction(self, person: str, channel: str | None) -> InteractionContext:
        """Return the head of a payload, with a new trigger."""
        trigger = self.workspace.triggers.issue(person, channel)
        return InteractionContext(self.workspace.members[person], self._token, trigger)

    async def deliver(self, kind: str, payload: Mapping[str, Any]) -> AckResult:
        """Send the payload, and let the app see the files that its form names."""
        payload = apply_state_gap(payload, self.state_gap)
        self.workspace.files.reveal_to_app(_list_file_ids(payload))
        return await self._delivery.deliver(kind, payload, payloads.summarize(payload))

    def create_response_url(self, person: str, channel: str, message: str | None = None) -> str:
        return self.base_url + self.workspace.response_urls.issue(person, channel, message)

    async def _run_command(
        self, member: WorkspaceMember, channel: WorkspaceChannel, text: str
    ) -> InteractionResult:
        name, rest = split_command(text)
        people, places = self._list_mentionable(member)
        if name in (INVITE, REMOVE):
            encoded = encode_command(rest, people, places)
            return await self._change_members(member, channel, name, encoded)
        command = self._manifest.commands.get(name)
        if command is None:
            sentence = (
                f'{name} is not a valid command. In Slack, all messages that start with the "/" '
                "character are interpreted as commands."
            )
            self.workspace.notify(member.id, sentence, channel.id)
            return InteractionResult(0)
        sent = (
            encode_command(rest, people, places)
            if command.escapes_names
            else encode_plain_command(rest)
        )
        url = self.create_response_url(member.id, channel.id)
        who = self.start_interaction(member.id, channel.id)
        ack = await self.deliver("command", payloads.build_command(who, channel, name, sent, url))
        apply_command_ack(self.workspace, member.id, channel.id, f"{name} {sent}".strip(), ack)
        return InteractionResult(ack.status, ack.seconds, ack.body)

    async def _change_members(
        self, member: WorkspaceMember, channel: WorkspaceChannel, name: str, text: str
    ) -> InteractionResult:
        """Run Slack's own commands about the app: /invite and /remove."""
        if channel.kind in UNNAMED_KINDS or f"<@{APP_USER}" not in text:
            raise ActionNotPossible(f"Only the app can be invited or removed here: {name} @chakra")
        is_member = APP_USER in channel.members
        if name == REMOVE and is_member:
            self.workspace.remove_app(channel.id)
        elif name == INVITE and not is_member:
            self.workspace.add_app(channel.id)
            self._events.publish_invitation(self.workspace.channels[channel.id], member.id)
        return await self._wait_for_events()

    async def _wait_for_events(self) -> InteractionResult:
        """Return the outcome of the app's events, if it subscribes to any."""
        ack = await self._events.wait_for_delivery()
        return (
            InteractionResult(ack.status, ack.seconds, ack.body) if ack else InteractionResult(200)
        )

    def _build_actions_payload(self, person: str, source: InteractionSource, action: Json) -> Json:
        who = self.start_interaction(person, source.channel)
        if isinstance(source, StoredView):
            return payloads.build_view_actions(who, source, action)
        channel = self.workspace.channels[source.channel]
        state = self._get_state(person, source)
        url = self.create_response_url(person, channel.id, source.id)
        return payloads.build_message_actions(who, source, channel, action, state, url)

    def _store_state(
        self, person: str, source: InteractionSource, item: PlacedElement, state: Json
    ) -> InteractionSource:
        before = self._get_state(person, source)
        block = {**before.get(item.block_id, {}), item.action_id: state}
        values = {**before, item.block_id: block}
        if isinstance(source, StoredView):
            return self.workspace.views.fill(source, values)
        _store_bounded(self._message_states, (person, source.id), values)
        return source

    def _get_state(self, person: str, source: InteractionSource) -> StateValues:
        if isinstance(source, StoredView):
            return source.values
        chosen = self._message_states.get((person, source.id))
        return chosen if chosen is not None else read_initial_state(_list_blocks(source))

    def _list_available_values(
        self, person: str, source: InteractionSource, item: PlacedElement
    ) -> list[Json]:
        """Return the known options of an external menu, or the person's files for a file input.

        Known options are the last offered ones and the selected ones.
        """
        if item.kind == "file_input":
            return [file.to_json() for file in self.workspace.files.list_owned(person)]
        return list_available_options(
            self._suggested_options.get((person, source.id, item.block_id, item.action_id), []),
            self._get_state(person, source).get(item.block_id, {}).get(item.action_id, {}),
        )

    def enter_state(
        self, person: str, view: StoredView, item: PlacedElement, raw: EnteredValue
    ) -> Json:
        """Return the element's state with ``raw`` entered; the form itself doesn't change."""
        return enter_value(item.element, raw, self._list_available_values(person, view, item))

    def _list_mentionable(
        self, member: WorkspaceMember
    ) -> tuple[list[WorkspaceMember], list[WorkspaceChannel]]:
        channels = [
            channel
            for channel in self.workspace.channels.values()
            if channel.kind == "public" or member.id in channel.members
        ]
        return list(self.workspace.members.values()), channels

    def require_membership(
        self, person: str, channel: str
    ) -> tuple[WorkspaceMember, WorkspaceChannel]:
        member = self.workspace.members.get(person)
        if member is None or not member.is_person:
            raise ActionNotPossible(f"Unknown person {person!r}.")
        place = self.workspace.channels.get(channel)
        if place is None or person not in place.members:
            raise ActionNotPossible(f"{member.real_name} isn't in the channel {channel!r}.")
        return member, place

    def require_message(self, person: str, message_id: str) -> StoredMessage:
        """Return a message that the person sees."""
        message = self.workspace.messages.get(message_id)
        if message is None or person not in self.workspace.channels[message.channel].members:
            raise ActionNotPossible("This message no longer exists.")
        return message

    def _require_thread(self, person: str, channel: WorkspaceChannel, thread_ts: str) -> None:
        """Raise ``ActionNotPossible`` unless there is such a thread: private answers have none."""
        parent = self.workspace.messages.find_public(channel.id, thread_ts)
        if parent is None or parent.thread_ts not in (None, parent.ts):
            raise ActionNotPossible(f"{person} can't reply to this in {channel.id}.")

    def _list_visible_sources(
        self, person: str, message: str | None
    ) -> Sequence[InteractionSource]:
        if message is not None:
            one = self.workspace.messages.get(message)
            return [one] if one is not None and one.is_visible_to(person) else []
        top = self.workspace.views.find_top(person)
        home = self.workspace.views.find_home(person) if person in self._at_home else None
        channels = [channel.id for channel in self.workspace.list_channels(person)]
        messages = list(self.workspace.messages.iter_newest_first(channels, person))
        return [*(view for view in (top, home) if view), *messages]


def list_available_options(suggested: Sequence[Json], state: Mapping[str, Any]) -> list[Json]:
    chosen = state.get("selected_options") or state.get("selected_option") or []
    return [*suggested, *(chosen if isinstance(chosen, list) else [chosen])]


def _list_blocks(source: InteractionSource) -> list[Json]:
    return source.blocks if isinstance(source, StoredView) else source.content.blocks or []


def _list_file_ids(payload: Mapping[str, Any]) -> list[str]:
    values = payload.get("view", {}).get("state", {}).get("values", {})
    states = [state for actions in values.values() for state in actions.values()]
    return [file["id"] for state in states for file in state.get("files", ())]


def _matches_value(item: PlacedElement, value: EnteredValue) -> bool:
    """Return whether this is the button: those that share an ``action_id`` differ by value."""
    return item.kind != "button" or value is None or item.element.get("value") == value


def _flatten_options(answer: Json) -> list[Json]:
    groups = answer.get("option_groups", ())
    return [*answer.get("options", ()), *(o for group in groups for o in group["options"])]


def _store_bounded(store: OrderedDict[Any, Any], key: object, value: object) -> None:
    store[key] = value
    store.move_to_end(key)
    while len(store) > MAX_STORED_STATES:
        store.popitem(last=False)
