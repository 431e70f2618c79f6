"""EmbeddedSlack: the whole stand-in as one object, for the demo and for tests."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute

from bot.aio.clock import Clock
from bot.sandbox.slack.app_manifest import parse_manifest
from bot.sandbox.slack.blocks import EnteredValue
from bot.sandbox.slack.errors import ActionNotPossible, PayloadWarning, RejectedPayload
from bot.sandbox.slack.event_payloads import HomeTab
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.exchange_log import ApiCall, ExchangeLog, ExchangeRecord
from bot.sandbox.slack.extras_api import ExtrasApi
from bot.sandbox.slack.faults import ApiFault, ResetTiming
from bot.sandbox.slack.file_server import FileServer
from bot.sandbox.slack.files import HostedFile
from bot.sandbox.slack.ids import generate_app_token, generate_bot_token, generate_secret
from bot.sandbox.slack.messages import VisibleMessage, to_visible
from bot.sandbox.slack.modal_forms import FieldEntry, ModalForms
from bot.sandbox.slack.page_actions import PageActions
from bot.sandbox.slack.page_api import PageApi
from bot.sandbox.slack.payload_delivery import AckResult, PayloadDelivery, sign_request
from bot.sandbox.slack.posted_content import PostedContent
from bot.sandbox.slack.preview_actions import PreviewActions
from bot.sandbox.slack.seed import APP_USER, WorkspaceMember
from bot.sandbox.slack.shortcuts import ShortcutActions
from bot.sandbox.slack.socket_mode import SocketModeServer
from bot.sandbox.slack.state_gaps import StateGap
from bot.sandbox.slack.tips import Tip
from bot.sandbox.slack.user_actions import InteractionResult, UserActions
from bot.sandbox.slack.web_api import AppTokens, WebApi
from bot.sandbox.slack.workspace import Notice, Workspace

Json = dict[str, Any]


class EmbeddedSlack:
    """Serve ``app``, set its address with ``served_at``, ``start`` it, and end with ``aclose``.

    A person's actions raise ``ActionNotPossible`` if Slack's client wouldn't allow them.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        clock: Clock,
        tips: Sequence[Tip] = (),
        declined_scopes: Collection[str] = (),
        may_send: Callable[[WorkspaceMember], bool] = lambda _: False,
        build_phones: Callable[[PageActions], Sequence[BaseRoute]] | None = None,
    ) -> None:
        """``declined_scopes`` are the optional scopes of the manifest that aren't granted.

        The page says who ``may_send`` with the app. ``build_phones`` returns the routes of its
        WhatsApp pane; without it there is none.
        """
        self.bot_token = generate_bot_token()
        self.app_token = generate_app_token()
        self.signing_secret = generate_secret()
        self.workspace = Workspace(clock)
        self.sockets = SocketModeServer()
        read = parse_manifest(manifest, declined_scopes)
        feed = self.workspace.feed
        self._exchange_log = ExchangeLog(lambda payload: feed.publish(None, "payload", payload))
        self._clock = clock
        self._delivery = PayloadDelivery(
            clock, self.signing_secret, self.sockets, self._exchange_log
        )
        token = self._verification_token = generate_secret()
        self._events = Events(self.workspace, read, self._delivery, self._exchange_log, token)
        self._user_actions = UserActions(self.workspace, read, self._delivery, self._events, token)
        self._forms = ModalForms(self._user_actions)
        self._tokens = AppTokens(self.bot_token, self.app_token)
        self._web_api = WebApi(self.workspace, read, self.sockets, self._exchange_log, self._tokens)
        self._shortcuts = ShortcutActions(self._user_actions, read)
        self.posted = PostedContent(self.workspace)
        self.previews = PreviewActions(self._user_actions, self._events, read, self._exchange_log)
        actions = PageActions(self._exchange_log)
        page = PageApi(self._user_actions, self._forms, read, self._exchange_log, actions, may_send)
        phones = build_phones(actions) if build_phones is not None else ()
        extras = ExtrasApi(
            self._shortcuts,
            self.posted,
            self.previews,
            self._user_actions,
            read,
            actions,
            tips,
            has_phones=bool(phones),
        )
        faults = self._web_api.faults
        files = FileServer(self.workspace, read, self._exchange_log, faults, self.bot_token)
        self.app = Starlette(
            routes=[
                Route("/api/{method}", self._web_api.handle_call, methods=["GET", "POST"]),
                Route("/response/{rest:path}", self._web_api.handle_response_url, methods=["POST"]),
                WebSocketRoute("/link/", self.sockets.serve),
                *files.build_routes(),
                *extras.build_routes(),
                *phones,
                *page.build_routes(),
            ]
        )

    # Addresses

    @property
    def base_url(self) -> str:
        return self._web_api.base_url

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    def set_base_url(self, base_url: str) -> None:
        self._web_api.base_url = base_url
        self._user_actions.base_url = base_url
        self.workspace.files.base_url = base_url

    def set_file_origin(self, origin: str) -> None:
        """Name files at another origin from now on, as a proxy in front of Slack does."""
        self.workspace.files.base_url = origin

    def set_request_url(self, url: str) -> None:
        """Set the app's request URL without a check; a connected socket takes precedence."""
        self._delivery.request_url = url

    async def save_request_url(self, url: str) -> None:
        """Set the app's request URL on its settings page, which checks the address first.

        Raise ``ActionNotPossible`` if it doesn't respond to the unsigned ``ssl_check`` with 200.
        """
        with self._exchange_log.track():
            if not await self._delivery.check_address(url, self._verification_token):
                raise ActionNotPossible(f"{url} didn't respond with 200 to Slack's ssl_check.")
        self.set_request_url(url)

    async def start(self) -> None:
        await self._delivery.start()

    async def aclose(self) -> None:
        self.release()
        await self._events.aclose()
        self.workspace.feed.close()
        await self.sockets.aclose()
        await self._delivery.aclose()

    # A person's actions

    async def type(
        self, user_id: str, channel_id: str, text: str, *, thread_ts: str | None = None
    ) -> InteractionResult:
        """Post a message, or run a slash command if the text begins with a slash.

        ``thread_ts`` makes it a reply; Slack accepts no commands in threads.
        """
        with self._exchange_log.track():
            return await self._user_actions.type(user_id, channel_id, text, thread_ts)

    async def mention(self, user_id: str, channel_id: str, text: str = "") -> InteractionResult:
        """Post a message that mentions the app."""
        return await self.type(user_id, channel_id, f"<@{APP_USER}> {text}".strip())

    async def write_to_app(self, user_id: str, text: str) -> InteractionResult:
        """Post in this person's DM with the app.

        Raise ``ActionNotPossible`` for a person of another workspace, who has none.
        """
        channel = self.workspace.find_direct_messages(user_id)
        if channel is None:
            raise ActionNotPossible(f"{user_id} has no DM with the app.")
        return await self.type(user_id, channel.id, text)

    async def open_home(self, user_id: str, tab: HomeTab = "home") -> InteractionResult:
        """Open the app's Home or Messages tab; until the person types, presses go to the open one.

        Raise ``ActionNotPossible`` if the manifest turns the tab off, and for people from other
        workspaces.
        """
        with self._exchange_log.track():
            return await self._user_actions.open_home(user_id, tab)

    async def invite_app(self, user_id: str, channel_id: str) -> InteractionResult:
        """Do what ``/invite`` does."""
        return await self.type(user_id, channel_id, f"/invite <@{APP_USER}>")

    async def uninstall(self) -> None:
        """Remove the app, as an admin does: its token is no longer valid."""
        with self._exchange_log.track():
            self._tokens.revoke("account_inactive")
            self._events.publish_uninstalled()
            await self._events.wait_for_delivery()

    async def revoke_token(self) -> None:
        """Revoke the bot's token; the app remains installed."""
        with self._exchange_log.track():
            self._tokens.revoke("token_revoked")
            self._events.publish_revoked()
            await self._events.wait_for_delivery()

    def hold_events(self) -> None:
        """Withhold events from now on, as Slack does during an outage."""
        self._events.hold()

    async def release_events(self) -> None:
        """Deliver the withheld events with their original time."""
        with self._exchange_log.track():
            await self._events.release()

    async def send_event(self, event: Json, *, event_id: str = "") -> AckResult:
        """Deliver an event without a cause, whether or not the app subscribes to it."""
        with self._exchange_log.track():
            return await self._events.send(event, event_id)

    async def redeliver_event(self) -> AckResult:
        """Deliver the newest event again: Slack may deliver one twice."""
        with self._exchange_log.track():
            return await self._events.redeliver()

    async def replay(self, record: ExchangeRecord) -> AckResult:
        """Deliver a recorded request again, signed as of now."""
        return await self._delivery.deliver(record.kind, record.request, "replay")

    async def press(
        self,
        user_id: str,
        action_id: str,
        *,
        message: VisibleMessage | str | None = None,
        value: EnteredValue = None,
        block_id: str | None = None,
    ) -> InteractionResult:
        """Use the newest element with this action that the person sees, in the top view first.

        ``value`` is an option's value, a text or a list; among several buttons with the action it
        selects by value. ``message`` (or its ID) limits the search to that message.
        """
        where = message.id if isinstance(message, VisibleMessage) else message
        with self._exchange_log.track():
            source, item = self._user_actions.find_element(
                user_id, action_id, message=where, block_id=block_id, value=value
            )
            return await self._user_actions.press(user_id, source, item, value)

    async def suggest(self, user_id: str, action_id: str, query: str) -> list[Json]:
        """Return the options of an external menu for ``query``, those in groups included."""
        with self._exchange_log.track():
            source, item = self._user_actions.find_element(user_id, action_id)
            answer = await self._user_actions.suggest(user_id, source, item, query)
        groups = answer.get("option_groups", ())
        return [*answer.get("options", ()), *(o for group in groups for o in group["options"])]

    async def enter_text(self, user_id: str, block_id: str, text: str) -> InteractionResult:
        """Type in a field of the top view; sent if it wants ``on_character_entered``."""
        with self._exchange_log.track():
            return await self._forms.type_text(
                user_id, self._forms.get_top_view(user_id), block_id, text
            )

    async def use_shortcut(self, user_id: str, callback_id: str) -> InteractionResult:
        """Use a global shortcut of the manifest."""
        with self._exchange_log.track():
            return await self._shortcuts.use_global(user_id, callback_id)

    async def use_message_shortcut(
        self, user_id: str, callback_id: str, message: VisibleMessage | str
    ) -> InteractionResult:
        """Use a message shortcut of the manifest on a message (or its ID)."""
        where = message.id if isinstance(message, VisibleMessage) else message
        with self._exchange_log.track():
            return await self._shortcuts.use_on_message(user_id, callback_id, where)

    async def submit(
        self, user_id: str, values: Mapping[str, FieldEntry] | None = None
    ) -> InteractionResult:
        """Fill in the top view by ``block_id``, over existing entries, and submit it.

        A file input takes an ``LocalFile`` or a list of them.
        """
        with self._exchange_log.track():
            view = self._forms.fill(user_id, self._forms.get_top_view(user_id), values or {})
            return await self._forms.submit(user_id, view)

    async def close_view(self, user_id: str) -> InteractionResult:
        """Cancel the top view."""
        with self._exchange_log.track():
            return await self._forms.close(user_id, self._forms.get_top_view(user_id))

    async def settle(self) -> None:
        """Wait until every delivery is answered and no call from the app is being handled."""
        await self._exchange_log.wait_idle()

    @property
    def is_busy(self) -> bool:
        """Whether a call from the app, or something sent to it, is unanswered."""
        return self._exchange_log.is_busy

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition()`` is true, for what the app does after its ack.

        It is checked after every change of a message or a view, every notice and every payload.
        """
        await self.workspace.feed.wait_until(condition)

    # What a person sees

    def list_messages(self, user_id: str, channel_id: str) -> list[VisibleMessage]:
        """Return the messages in the order of posting; none if this person is not a member."""
        if user_id not in self.workspace.channels[channel_id].members:
            return []
        messages = self.workspace.messages.list_messages(channel_id)
        return [to_visible(message) for message in messages if message.is_visible_to(user_id)]

    def find_home(self, user_id: str) -> Json | None:
        """Return the Home tab that the app published for this person, as Slack stores it."""
        home = self.workspace.views.find_home(user_id)
        return home.to_json() if home else None

    def find_view(self, user_id: str) -> Json | None:
        """Return this person's top modal, as Slack stores it."""
        top = self.workspace.views.find_top(user_id)
        return top.to_json() if top else None

    def list_views(self, user_id: str) -> list[Json]:
        """Return this person's modals, bottom first."""
        return [view.to_json() for view in self.workspace.views.list_views(user_id)]

    @property
    def notices(self) -> list[Notice]:
        return list(self.workspace.notices)

    # Traffic and faults

    @property
    def files(self) -> list[HostedFile]:
        """Files that people chose and those that the app sent, ``data`` included."""
        return self.workspace.files.list_all()

    @property
    def calls(self) -> list[ApiCall]:
        return list(self._exchange_log.calls)

    @property
    def exchanges(self) -> list[ExchangeRecord]:
        return list(self._exchange_log.exchanges)

    @property
    def rejections(self) -> list[RejectedPayload]:
        """The app's payloads that broke a limit; a correct app leaves it empty."""
        return list(self.workspace.validator.rejections)

    @property
    def warnings(self) -> list[PayloadWarning]:
        return list(self.workspace.validator.warnings)

    def fail(
        self,
        method: str,
        *,
        error: str | None = None,
        status: int | None = None,
        reset: ResetTiming | None = None,
        retry_after: int | None = None,
        times: int = 1,
    ) -> None:
        """Make the next calls of a Web API method fail.

        "response_url", "download" and "upload" are the app's requests to those URLs; with the error
        "sign_in" a download leads to the sign-in page. ``reset`` breaks the connection "before" the
        call takes effect, or "after" it. With an ``error``, Slack returns that after it did.
        """
        self._web_api.faults.fail(method, ApiFault(error, status, reset, retry_after), times)

    def hang(self, method: str, *, times: int | None = None) -> None:
        """Leave calls of ``method``, or the next ``times``, unanswered until ``release``."""
        self._web_api.faults.hang(method, times)

    def release(self, method: str | None = None) -> None:
        self._web_api.faults.release(method)

    def delay_acks(self, seconds: float) -> None:
        """Delay acks by ``seconds`` from now on; the app's calls in the meantime arrive first.

        Slack waits three seconds for an ack, including this delay.
        """
        self._delivery.ack_travel_seconds = seconds

    def omit_prefilled(self, gap: StateGap) -> None:
        """Leave prefilled fields out of the state of forms from now on."""
        self._user_actions.state_gap = gap

    def sign_request(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Return the headers of a correctly signed request, for posting one by hand."""
        moment = int(self._clock.time()) if timestamp is None else timestamp
        return sign_request(self.signing_secret, body, moment)
