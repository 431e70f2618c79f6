"""The one place that talks to Slack: the Web API and response URLs, over one shared session.

Retries here can never post twice: see ``repeats.py``. Files have ``files.py`` to themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.aio.clock import Clock, sleep
from bot.errors import NotInChannel, SlackError, TriggerExpired
from bot.slack.client.files import SlackFiles
from bot.slack.client.retry import (
    CONNECT_RETRY_SECONDS,
    MAX_RETRY_WAIT_SECONDS,
    NOT_SENT_ERRORS,
    READ_METHODS,
    ConnectionRetryHandler,
    RateLimitRetryHandler,
    parse_retry_after,
)
from bot.slack.commands.reply import Message, View

REQUEST_TIMEOUT_SECONDS = 10.0
"""Seconds for one attempt, its connection included."""
CONNECT_TIMEOUT_SECONDS = 4.0
HISTORY_PAGE_SIZE = 200
JSON_HEADERS = {"content-type": "application/json"}

TRIGGER_EXPIRED_CODES = frozenset({"expired_trigger_id", "exchanged_trigger_id", "trigger_expired"})
NOT_IN_CHANNEL_CODES = frozenset(
    {"not_in_channel", "channel_not_found", "is_archived", "restricted_action"}
)


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message's place: Slack needs both to find it again."""

    channel: str
    ts: str


class SlackClient:
    """Every method raises ``SlackError``, or one of its kinds, and nothing else."""

    def __init__(
        self, *, token: str, base_url: str, clock: Clock, timeout: float = REQUEST_TIMEOUT_SECONDS
    ) -> None:
        """Must be made inside the running loop: it opens the session."""
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

        def web(*retries: AsyncRetryHandler) -> AsyncWebClient:
            made = AsyncWebClient(
                token=token,
                base_url=base_url,
                session=self._session,
                retry_handlers=[*retries, ConnectionRetryHandler(clock)],
            )
            # slack_sdk would use the environment's proxy for every host; ours heeds NO_PROXY.
            made.proxy = None
            return made

        self.web = web(RateLimitRetryHandler(clock))
        self._no_retry = web()
        self.files = SlackFiles(
            self, self._session, token=token, base_url=base_url, clock=clock, timeout=timeout
        )

    async def aclose(self) -> None:
        await self._session.close()

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """The body of Slack's answer, and two of its headers: ``_scopes`` (what the token may do,
        comma-separated) and ``_date`` (Slack's clock)."""
        return await self._call(self.web, method, arguments)

    async def _call(
        self, client: AsyncWebClient, method: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        sent: dict[str, Any] = {"data" if method in READ_METHODS else "json": arguments}
        try:
            answer = await client.api_call(method, **sent)
        except SlackApiError as refused:
            raise _to_slack_error(method, refused) from refused
        except (aiohttp.ClientError, TimeoutError, OSError) as lost:
            never_sent = isinstance(lost, NOT_SENT_ERRORS)
            raise SlackError(method, "unreachable", not_sent=never_sent) from lost
        except (AttributeError, ValueError) as odd:  # slack_sdk reads what is no object as one
            raise SlackError(method, "unreadable") from odd
        body = answer.data
        if not isinstance(body, dict):
            raise SlackError(method, "unreadable")
        headers = {key.lower(): value for key, value in answer.headers.items()}
        return {
            **body,
            "_scopes": headers.get("x-oauth-scopes", ""),
            "_date": headers.get("date", ""),
        }

    async def open_view(self, trigger_id: str, view: View) -> dict[str, Any]:
        return await self.call("views.open", trigger_id=trigger_id, view=view)

    async def push_view(self, trigger_id: str, view: View) -> dict[str, Any]:
        return await self.call("views.push", trigger_id=trigger_id, view=view)

    async def update_view(self, view_id: str, view: View, *, view_hash: str = "") -> None:
        """``view_hash`` makes Slack refuse the update when the view changed in between."""
        guard = {"hash": view_hash} if view_hash else {}
        await self.call("views.update", view_id=view_id, view=view, **guard)

    # What the bot says by itself. Who calls these keeps Slack's pace: a 429 is raised at once.

    async def post_message(
        self,
        channel: str,
        message: Message,
        *,
        metadata: Mapping[str, Any] | None = None,
        thread_ts: str = "",
        broadcast: bool = False,
    ) -> MessageRef:
        """``channel`` may be a member's id, for the direct messages with the app; ``thread_ts``
        makes it a reply, which the channel shows too where it is ``broadcast``.

        Slack has no idempotency key: an ``unreachable``, ``unreadable`` or ``http_5…`` leaves open
        whether the message stands, unless it was ``not_sent``. ``metadata`` (``event_type``,
        ``event_payload``) helps to find it then.
        """
        more: dict[str, Any] = {"metadata": dict(metadata)} if metadata else {}
        if thread_ts:
            more |= {"thread_ts": thread_ts, "reply_broadcast": broadcast}
        body = await self._send("chat.postMessage", message, channel=channel, **more)
        return MessageRef(str(body.get("channel", channel)), str(body.get("ts", "")))

    async def post_ephemeral(
        self, channel: str, member_id: str, message: Message, *, thread_ts: str = ""
    ) -> None:
        """Post what only this member of the channel sees."""
        thread = {"thread_ts": thread_ts} if thread_ts else {}
        content = {"text": message.text, "blocks": list(message.blocks)}
        await self.call("chat.postEphemeral", channel=channel, user=member_id, **thread, **content)

    async def update_message(self, ref: MessageRef, message: Message) -> None:
        await self._send("chat.update", message, channel=ref.channel, ts=ref.ts)

    async def _send(self, method: str, message: Message, **arguments: Any) -> dict[str, Any]:
        content = {"text": message.text, "blocks": list(message.blocks)}
        return await self._call(self._no_retry, method, {**arguments, **content})

    async def open_direct_messages(self, member_id: str) -> str:
        """The channel of this member's direct messages with the app."""
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
        """A page of messages since ``oldest``, until ``latest`` (seconds since 1970), with their
        metadata; and the cursor of the next page, "" after the last. The newest come first.

        Replies are there where they were broadcast; all those of a thread with its ``thread_ts``,
        the oldest first, which Slack gives an app of its direct messages only.
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
        found = [one for one in messages or () if isinstance(one, dict)]
        return found, str((after or {}).get("next_cursor") or "")

    async def post_response_url(self, response_url: str, message: Message) -> None:
        """Posts to a ``response_url``, as signed, whatever its host; no token goes with it.

        Slack: five uses, thirty minutes. The ``SlackError`` carries Slack's word.
        """
        if not response_url.startswith(("https://", "http://")):
            raise SlackError("response_url", "unreachable")
        body = message.response_json
        for last in (False, True):
            try:
                status, text, wait = await self._post_json(response_url, body)
            except aiohttp.ClientConnectorError as never_made:
                if last:
                    raise SlackError("response_url", "unreachable") from never_made
                await sleep(self._clock, CONNECT_RETRY_SECONDS)
                continue
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as lost:
                raise SlackError("response_url", "unreachable") from lost
            if status == 429 and not last and wait <= MAX_RETRY_WAIT_SECONDS:
                await sleep(self._clock, wait)
                continue
            if status == 429:
                raise SlackError("response_url", "ratelimited", retry_after=wait)
            if word := _response_url_error(status, text):
                raise SlackError("response_url", word)
            return

    async def _post_json(self, url: str, body: bytes) -> tuple[int, str, float]:
        async with self._session.post(
            url, data=body, headers=JSON_HEADERS, allow_redirects=False
        ) as response:
            text = await response.text(errors="replace")
            return response.status, text, parse_retry_after(response.headers)


_ERROR_CODE = re.compile(r"[a-z]+(_[a-z]+)+")


def _response_url_error(status: int, text: str) -> str:
    """Slack's word for refusing a post to a ``response_url``, "" where it was taken: the answer is
    JSON or the bare word."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    said = body if isinstance(body, dict) else {"error": text.strip()}
    if status == 200 and said.get("ok", True):
        return ""
    word = str(said.get("error") or "")
    return word if _ERROR_CODE.fullmatch(word) else f"http_{status}"


def _to_slack_error(method: str, error: SlackApiError) -> SlackError:
    """``refused`` holds slack_sdk's answer, or aiohttp's where the body could not be read."""
    answer = error.response
    body = getattr(answer, "data", None)
    status: int = getattr(answer, "status_code", 0) or getattr(answer, "status", 0)
    code = str(body.get("error") or "") if isinstance(body, dict) else ""
    if status == 429:
        return SlackError(method, "ratelimited", retry_after=parse_retry_after(answer.headers))
    if code in TRIGGER_EXPIRED_CODES:
        return TriggerExpired(method, code)
    if code in NOT_IN_CHANNEL_CODES:
        return NotInChannel(method, code)
    return SlackError(method, code or (f"http_{status}" if status >= 500 else "unreadable"))
