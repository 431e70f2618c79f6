"""The only module that calls Slack: the Web API and response URLs, over one session.

Retries never post twice: see ``retry.py``. Files are in ``files.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from pydantic_core import to_json

from bot.aio.clock import Clock, sleep
from bot.errors import SlackError
from bot.slack.client.files import SlackFiles
from bot.slack.client.method_caller import MethodCaller
from bot.slack.client.modals import ModalUpdates
from bot.slack.client.retry import (
    CONNECT_RETRY_SECONDS,
    MAX_RETRY_WAIT_SECONDS,
    NOT_SENT_ERRORS,
    parse_retry_after,
)
from bot.slack.client.work_objects import WorkObjects
from bot.slack.commands.reply import Block, Message, View, build_response_body
from bot.slack.data_table import convert_tables, has_table

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

REQUEST_TIMEOUT_SECONDS = 10.0
"""Seconds for one attempt, including its connection."""
CONNECT_TIMEOUT_SECONDS = 4.0
HISTORY_PAGE_SIZE = 200
T = TypeVar("T")
JSON_HEADERS = {"content-type": "application/json"}

NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
"""Turned off, since anyone may have linked pages and pictures in a quoted text.
docs.slack.dev/messaging/unfurling-links-in-messages"""
REFUSED_BLOCKS_CODES = frozenset(
    (
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_payload",
        "only_one_table_allowed",
        "http_400",
    )
)  # fmt: skip
"""Nothing was posted."""


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a message is. Slack needs both to find it again."""

    channel: str
    ts: str


class SlackClient:
    """Every method raises ``SlackError`` or a subclass, and nothing else."""

    def __init__(
        self, *, token: str, base_url: str, clock: Clock, timeout: float = REQUEST_TIMEOUT_SECONDS
    ) -> None:
        """Open the session, which needs a running loop."""
        self._clock = clock
        # The settings allow http:// on loopback only, and no proxy leads there.
        self.uses_proxy = base_url.startswith("https://")
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(
                total=timeout, connect=min(CONNECT_TIMEOUT_SECONDS, timeout)
            ),
            connector=aiohttp.TCPConnector(limit=100, keepalive_timeout=60),
            trust_env=self.uses_proxy,
        )
        self._token, self._base_url = token, base_url
        self._caller = MethodCaller(self._session, token=token, base_url=base_url, clock=clock)
        self.modals = ModalUpdates(self.update_view, clock)
        self.work_objects = WorkObjects(self.call, clock)
        self.files = SlackFiles(
            self, self._session, token=token, base_url=base_url, clock=clock, timeout=timeout
        )

    async def aclose(self) -> None:
        await self._session.close()

    def build_sdk_client(self) -> AsyncWebClient:
        """Return slack_sdk's client on the same session, for Bolt. Nothing else needs slack_sdk."""
        from slack_sdk.web.async_client import AsyncWebClient

        client = AsyncWebClient(
            token=self._token, base_url=self._base_url, session=self._session, retry_handlers=[]
        )
        # slack_sdk would use the environment's proxy for every host; ours heeds NO_PROXY.
        client.proxy = None
        return client

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Return the body of Slack's response.

        Two headers are added to it: ``_scopes`` (of the token, comma-separated) and ``_date``.
        """
        return await self._caller.call(method, arguments, wait_for_limit=True)

    async def open_view(self, trigger_id: str, view: View) -> dict[str, Any]:
        return await self.call("views.open", trigger_id=trigger_id, view=view)

    async def push_view(self, trigger_id: str, view: View) -> dict[str, Any]:
        return await self.call("views.push", trigger_id=trigger_id, view=view)

    async def publish_home(self, member_id: str, blocks: Sequence[Block]) -> None:
        """Replace the person's App Home."""
        view = {"type": "home", "blocks": list(blocks)}
        await self.call("views.publish", user_id=member_id, view=view)

    async def update_view(self, view_id: str, view: View, *, view_hash: str = "") -> str:
        """Replace the view and return its new hash, "" if Slack names none.

        With ``view_hash`` Slack refuses it if the view has another one: ``hash_conflict``.
        """
        guard = {"hash": view_hash} if view_hash else {}
        body = await self.call("views.update", view_id=view_id, view=view, **guard)
        updated = body.get("view")
        return str(updated.get("hash") or "") if isinstance(updated, dict) else ""

    # Messages that the bot posts on its own. Callers pace them: a 429 is raised, not waited for.

    async def post_message(
        self,
        channel: str,
        message: Message,
        *,
        metadata: Mapping[str, Any] | None = None,
        thread_ts: str = "",
        broadcast: bool = False,
    ) -> MessageRef:
        """Post a message. ``channel`` may be a member ID, for their DM with the app.

        ``thread_ts`` makes it a reply, and ``broadcast`` shows the reply in the channel too.
        Slack has no idempotency key: after ``unreachable``, ``unreadable`` or ``http_5…`` the
        message may exist, unless the error is ``not_sent``; ``metadata`` (``event_type``,
        ``event_payload``) helps to find it. Links in it have no previews.
        """
        more: dict[str, Any] = {"metadata": dict(metadata)} if metadata else {}
        if thread_ts:
            more |= {"thread_ts": thread_ts, "reply_broadcast": broadcast}
        body = await self._send("chat.postMessage", message, channel=channel, **NO_PREVIEWS, **more)
        return MessageRef(str(body.get("channel", channel)), str(body.get("ts", "")))

    async def post_ephemeral(
        self, channel: str, member_id: str, message: Message, *, thread_ts: str = ""
    ) -> None:
        """Post a message that only this member of the channel sees."""
        thread = {"thread_ts": thread_ts} if thread_ts else {}

        async def post(shown: Message) -> None:
            content = {"text": shown.text, "blocks": list(shown.blocks)}
            await self.call(
                "chat.postEphemeral", channel=channel, user=member_id, **thread, **content
            )

        await _send_tables_or_text(message, post)

    async def update_message(self, ref: MessageRef, message: Message) -> None:
        await self._send("chat.update", message, channel=ref.channel, ts=ref.ts)

    async def _send(self, method: str, message: Message, **arguments: Any) -> dict[str, Any]:
        async def send(shown: Message) -> dict[str, Any]:
            content = {"text": shown.text, "blocks": list(shown.blocks)}
            sent = {**arguments, **content}
            return await self._caller.call(method, sent, wait_for_limit=False)

        return await _send_tables_or_text(message, send)

    async def open_direct_messages(self, member_id: str) -> str:
        """Return the channel of this member's DM with the app."""
        body = await self.call("conversations.open", users=member_id)
        opened = body.get("channel")
        if not isinstance(opened, dict) or not opened.get("id"):
            raise SlackError("conversations.open", "unreadable")
        return str(opened["id"])

    async def fetch_history(
        self,
        channel: str,
        *,
        oldest: float,
        latest: float | None = None,
        thread_ts: str = "",
        cursor: str = "",
    ) -> tuple[list[dict[str, Any]], str]:
        """Return a page of messages from ``oldest`` to ``latest``, and the cursor of the next page.

        The times are in seconds since 1970. Messages have their metadata, and the newest come
        first; the cursor is "" after the last page. Broadcast replies are included; with
        ``thread_ts`` all replies of a thread, the oldest first, which Slack gives an app for its
        direct messages only.
        """
        body = await self.call(
            "conversations.replies" if thread_ts else "conversations.history",
            channel=channel,
            oldest=f"{oldest:.6f}",
            limit=HISTORY_PAGE_SIZE,
            include_all_metadata="true",
            **({} if latest is None else {"latest": f"{latest:.6f}"}),
            **({"ts": thread_ts} if thread_ts else {}),
            **({"cursor": cursor} if cursor else {}),
        )
        messages = body.get("messages")
        after = body.get("response_metadata")
        found = [message for message in messages or () if isinstance(message, dict)]
        return found, str((after or {}).get("next_cursor") or "")

    async def post_response_url(
        self, response_url: str, message: Message, *, thread_ts: str = ""
    ) -> None:
        """Post to a ``response_url``, without a token: it may be on any host.

        Without ``thread_ts`` a new message is outside of any thread, even that of the message that
        was used. docs.slack.dev/interactivity/handling-user-interaction#publishing_in_thread
        The URL can be used five times, for 30 minutes. Raise ``SlackError`` with Slack's error
        code. If it ``is_unconfirmed``, the message may be shown: only a replacement is repeated.
        """
        if not response_url.startswith(("https://", "http://")):
            raise SlackError("response_url", "unreachable", not_sent=True)
        post = partial(self._post_response, response_url, thread_ts=thread_ts)
        await _send_tables_or_text(message, post)

    async def _post_response(self, response_url: str, message: Message, *, thread_ts: str) -> None:
        body = message.response_json
        if thread_ts and not message.replace_original:
            body = to_json({**build_response_body(message), "thread_ts": thread_ts})
        for last in (False, True):
            try:
                status, text, wait = await self._post_json(response_url, body)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as lost:
                if not last and _may_repeat_response(lost, message):
                    await sleep(self._clock, CONNECT_RETRY_SECONDS)
                    continue
                unsent = isinstance(lost, (*NOT_SENT_ERRORS, aiohttp.InvalidURL))
                raise SlackError("response_url", "unreachable", not_sent=unsent) from lost
            if status == 429 and not last and wait <= MAX_RETRY_WAIT_SECONDS:
                await sleep(self._clock, wait)
                continue
            if status == 429:
                raise SlackError("response_url", "ratelimited", retry_after=wait)
            if word := _find_response_url_error(status, text):
                raise SlackError("response_url", word)
            return

    async def _post_json(self, url: str, body: bytes) -> tuple[int, str, float]:
        async with self._session.post(
            url, data=body, headers=JSON_HEADERS, allow_redirects=False
        ) as response:
            text = await response.text(errors="replace")
            return response.status, text, parse_retry_after(response.headers)


async def _send_tables_or_text(message: Message, send: Callable[[Message], Awaitable[T]]) -> T:
    """Send the message; if Slack refuses one with tables, send their rows as text."""
    try:
        return await send(message)
    except SlackError as refused:
        if refused.code not in REFUSED_BLOCKS_CODES or not has_table(message):
            raise
    return await send(convert_tables(message))


def _may_repeat_response(lost: Exception, message: Message) -> bool:
    """Return whether posting again can't show the message twice."""
    if isinstance(lost, aiohttp.ClientConnectorError):
        return True
    broken = isinstance(lost, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError))
    return broken and message.replace_original


_ERROR_CODE = re.compile(r"[a-z]+(_[a-z]+)+")


def _find_response_url_error(status: int, text: str) -> str:
    """Return Slack's error code for a post to a ``response_url``; "" if it succeeded.

    The body is JSON or the bare code.
    """
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    said = body if isinstance(body, dict) else {"error": text.strip()}
    if status == 200 and said.get("ok", True):
        return ""
    word = str(said.get("error") or "")
    return word if _ERROR_CODE.fullmatch(word) else f"http_{status}"
