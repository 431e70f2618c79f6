"""EmbeddedSlack: the whole stand-in as one object, for the demo and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from bot.aio.clock import Clock
from bot.sandbox.slack.blocks import Raw
from bot.sandbox.slack.delivery import Ack, Delivery, signed
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.extras_api import ExtrasApi
from bot.sandbox.slack.faults import Fault, Reset
from bot.sandbox.slack.file_server import FileServer
from bot.sandbox.slack.files import File
from bot.sandbox.slack.forms import Entry, Forms
from bot.sandbox.slack.hints import Hint, Tip
from bot.sandbox.slack.ids import app_token, bot_token, secret
from bot.sandbox.slack.manifest import read_manifest
from bot.sandbox.slack.messages import Shown, shown
from bot.sandbox.slack.page_api import PageApi
from bot.sandbox.slack.person import Delivered, People
from bot.sandbox.slack.refusal import CannotAct, PayloadWarning, RefusedPayload
from bot.sandbox.slack.seed import APP_USER
from bot.sandbox.slack.shortcuts import Shortcuts
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.traffic import ApiCall, Payload, Traffic
from bot.sandbox.slack.web_api import Tokens, WebApi
from bot.sandbox.slack.workspace import Notice, Workspace

Json = dict[str, Any]


class EmbeddedSlack:
    """Serve ``app``, set its address with ``served_at``, ``start`` it, and end with ``aclose``.

    A person's acts raise ``CannotAct`` if Slack's client wouldn't allow them.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        clock: Clock,
        hints: Sequence[Hint] = (),
        tips: Sequence[Tip] = (),
    ) -> None:
        self.bot_token = bot_token()
        self.app_token = app_token()
        self.signing_secret = secret()
        self.workspace = Workspace(clock)
        self.sockets = SocketMode()
        read = read_manifest(manifest)
        feed = self.workspace.feed
        self._traffic = Traffic(lambda payload: feed.tell(None, "payload", payload))
        self._clock = clock
        self._delivery = Delivery(clock, self.signing_secret, self.sockets, self._traffic)
        token = secret()
        self._events = Events(self.workspace, read, self._delivery, self._traffic, token)
        self._people = People(self.workspace, read, self._delivery, self._events, token)
        self._forms = Forms(self._people)
        self._tokens = Tokens(self.bot_token, self.app_token)
        self._web_api = WebApi(self.workspace, read, self.sockets, self._traffic, self._tokens)
        self._shortcuts = Shortcuts(self._people, read)
        page = PageApi(self._people, self._forms, read, self._traffic, hints)
        extras = ExtrasApi(self._shortcuts, read, self._traffic, tips)
        faults = self._web_api.faults
        files = FileServer(self.workspace, read, self._traffic, faults, self.bot_token)
        self.app = Starlette(
            routes=[
                Route("/api/{method}", self._web_api.call, methods=["GET", "POST"]),
                Route("/response/{rest:path}", self._web_api.respond, methods=["POST"]),
                WebSocketRoute("/link/", self.sockets.serve),
                *files.routes(),
                *extras.routes(),
                *page.routes(),
            ]
        )

    # Addresses

    @property
    def base_url(self) -> str:
        return self._web_api.base_url

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    def served_at(self, base_url: str) -> None:
        self._web_api.base_url = base_url
        self._people.base_url = base_url
        self.workspace.files.base_url = base_url

    def deliver_to(self, url: str) -> None:
        """Set the app's request URL; a connected socket takes precedence."""
        self._delivery.url = url

    async def start(self) -> None:
        await self._delivery.start()

    async def aclose(self) -> None:
        self.release()
        await self._events.aclose()
        self.workspace.feed.end()
        await self.sockets.aclose()
        await self._delivery.aclose()

    # A person's acts

    async def type(
        self, user_id: str, channel_id: str, text: str, *, thread_ts: str | None = None
    ) -> Delivered:
        """Post a message, or run a slash command if the text begins with a slash.

        ``thread_ts`` makes it a reply; Slack accepts no commands in threads.
        """
        with self._traffic.busy():
            return await self._people.type(user_id, channel_id, text, thread_ts)

    async def mention(self, user_id: str, channel_id: str, text: str = "") -> Delivered:
        """Post a message that mentions the app."""
        return await self.type(user_id, channel_id, f"<@{APP_USER}> {text}".strip())

    async def write_to_app(self, user_id: str, text: str) -> Delivered:
        """Post in this person's DM with the app.

        Raise ``CannotAct`` for a person of another workspace, who has none.
        """
        channel = self.workspace.direct_messages(user_id)
        if channel is None:
            raise CannotAct(f"{user_id} has no DM with the app.")
        return await self.type(user_id, channel.id, text)

    async def invite_app(self, user_id: str, channel_id: str) -> Delivered:
        """Do what ``/invite`` does."""
        return await self.type(user_id, channel_id, f"/invite <@{APP_USER}>")

    async def uninstall(self) -> None:
        """Remove the app, as an admin does: its token is no longer valid."""
        with self._traffic.busy():
            self._tokens.revoke("account_inactive")
            self._events.uninstalled()
            await self._events.delivered()

    async def revoke_token(self) -> None:
        """Revoke the bot's token; the app remains installed."""
        with self._traffic.busy():
            self._tokens.revoke("token_revoked")
            self._events.revoked()
            await self._events.delivered()

    def hold_events(self) -> None:
        """Hold back events from now on, as Slack does during an outage."""
        self._events.hold()

    async def release_events(self) -> None:
        """Deliver the held-back events with their original time."""
        with self._traffic.busy():
            await self._events.release()

    async def send_event(self, event: Json, *, event_id: str = "") -> Ack:
        """Deliver an event without a cause, whether or not the app subscribes to it."""
        with self._traffic.busy():
            return await self._events.send(event, event_id)

    async def redeliver_event(self) -> Ack:
        """Deliver the newest event again: Slack may deliver one twice."""
        with self._traffic.busy():
            return await self._events.redeliver()

    async def press(
        self,
        user_id: str,
        action_id: str,
        *,
        message: Shown | str | None = None,
        value: Raw = None,
        block_id: str | None = None,
    ) -> Delivered:
        """Use the newest element with this action that the person sees, in the top view first.

        ``value`` is an option's value, a text or a list; among several buttons with the action it
        selects by value. ``message`` (or its ID) limits the search to that message.
        """
        where = message.id if isinstance(message, Shown) else message
        with self._traffic.busy():
            source, item = self._people.find(
                user_id, action_id, message=where, block_id=block_id, value=value
            )
            return await self._people.press(user_id, source, item, value)

    async def suggest(self, user_id: str, action_id: str, query: str) -> list[Json]:
        """Return the options of an external menu for ``query``, those in groups included."""
        with self._traffic.busy():
            source, item = self._people.find(user_id, action_id)
            answer = await self._people.suggest(user_id, source, item, query)
        groups = answer.get("option_groups", ())
        return [*answer.get("options", ()), *(o for group in groups for o in group["options"])]

    async def enter(self, user_id: str, block_id: str, text: str) -> Delivered:
        """Type in a field of the top view; sent if it wants ``on_character_entered``."""
        with self._traffic.busy():
            return await self._forms.write(user_id, self._forms.top(user_id), block_id, text)

    async def shortcut(self, user_id: str, callback_id: str) -> Delivered:
        """Use a global shortcut of the manifest."""
        with self._traffic.busy():
            return await self._shortcuts.anywhere(user_id, callback_id)

    async def message_shortcut(
        self, user_id: str, callback_id: str, message: Shown | str
    ) -> Delivered:
        """Use a message shortcut of the manifest on a message (or its ID)."""
        where = message.id if isinstance(message, Shown) else message
        with self._traffic.busy():
            return await self._shortcuts.on_message(user_id, callback_id, where)

    async def submit(self, user_id: str, values: Mapping[str, Entry] | None = None) -> Delivered:
        """Fill in the top view by ``block_id``, over existing entries, and submit it.

        A file input takes an ``Upload`` or a list of them.
        """
        with self._traffic.busy():
            view = self._forms.fill(user_id, self._forms.top(user_id), values or {})
            return await self._forms.submit(user_id, view)

    async def close(self, user_id: str) -> Delivered:
        """Cancel the top view."""
        with self._traffic.busy():
            return await self._forms.close(user_id, self._forms.top(user_id))

    async def settle(self) -> None:
        """Wait until no delivery is unanswered and no call of the app is being handled."""
        await self._traffic.idle()

    @property
    def is_busy(self) -> bool:
        """Whether a call of the app, or something sent to it, is unanswered."""
        return self._traffic.is_busy

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition()`` is true, for what the app does after its ack.

        It is checked after every change of a message or a view, every notice and every payload.
        """
        await self.workspace.feed.until(condition)

    # What a person sees

    def messages(self, user_id: str, channel_id: str) -> list[Shown]:
        """Return the messages in the order of posting; none if this person is not a member."""
        if user_id not in self.workspace.channels[channel_id].members:
            return []
        messages = self.workspace.messages.of(channel_id)
        return [shown(message) for message in messages if message.seen_by(user_id)]

    def view(self, user_id: str) -> Json | None:
        """Return this person's top modal, as Slack stores it."""
        top = self.workspace.views.top(user_id)
        return top.as_slack_shows() if top else None

    def views(self, user_id: str) -> list[Json]:
        """Return this person's modals, bottom first."""
        return [view.as_slack_shows() for view in self.workspace.views.stack(user_id)]

    @property
    def notices(self) -> list[Notice]:
        return list(self.workspace.notices)

    # Traffic and faults

    @property
    def files(self) -> list[File]:
        """Files that people chose and those that the app sent, ``data`` included."""
        return self.workspace.files.all()

    @property
    def calls(self) -> list[ApiCall]:
        return list(self._traffic.calls)

    @property
    def traffic(self) -> list[Payload]:
        return list(self._traffic.payloads)

    @property
    def refusals(self) -> list[RefusedPayload]:
        """The app's payloads that broke a limit; a correct app leaves it empty."""
        return list(self.workspace.gate.refusals)

    @property
    def warnings(self) -> list[PayloadWarning]:
        return list(self.workspace.gate.warnings)

    def fail(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        reset: Reset | None = None,
        retry_after: int | None = None,
        times: int = 1,
    ) -> None:
        """Make the next calls of a Web API method fail.

        "response_url", "download" and "upload" are the app's requests to those URLs; with the error
        "sign_in" a download leads to the sign-in page. ``reset`` breaks the connection "before" the
        call takes effect, or "after" it.
        """
        self._web_api.faults.fail(method, Fault(error, status, reset, retry_after), times)

    def hang(self, method: str, *, times: int | None = None) -> None:
        """Leave calls of ``method``, or the next ``times``, unanswered until ``release``."""
        self._web_api.faults.hang(method, times)

    def release(self, method: str | None = None) -> None:
        self._web_api.faults.release(method)

    def sign(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Return the headers of a correctly signed request, for posting one by hand."""
        moment = int(self._clock.time()) if timestamp is None else timestamp
        return signed(self.signing_secret, body, moment)
