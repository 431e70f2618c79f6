"""A served embedded Slack, and a scripted app that records its requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.slack.web_api import FORM_ONLY_METHODS
from bot.web.server import serve
from tests.clock import ManualClock

Json = dict[str, Any]

SCOPES = (
    "commands",
    "chat:write",
    "users:read",
    "users:read.email",
    "usergroups:read",
    "channels:read",
    "groups:read",
    "im:read",
    "im:write",
    "channels:history",
)


def build_manifest(
    *,
    scopes: tuple[str, ...] = SCOPES,
    interactive: bool = True,
    events: tuple[str, ...] = (),
) -> Json:
    command = {"command": "/chakra", "description": "Work with Chakra", "usage_hint": "help"}
    return {
        "features": {"slash_commands": [{**command, "should_escape": True}]},
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "settings": {
            "interactivity": {"is_enabled": interactive},
            "event_subscriptions": {"bot_events": list(events)},
            "socket_mode_enabled": True,
        },
    }


@dataclass(frozen=True)
class Received:
    """One delivery; ``payload`` is the command's form, or the JSON of an interaction."""

    headers: Mapping[str, str]
    body: bytes
    payload: Json


Script = Callable[[Json], Awaitable[Response] | Response]


@dataclass
class FakeApp:
    """An app that responds with ``answer``, by default with an empty ack."""

    received: list[Received] = field(default_factory=list)
    respond: Script | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: Request) -> Response:
        body = await request.body()
        payload = _parse_payload(request.headers["content-type"], body.decode())
        self.received.append(Received(dict(request.headers), body, payload))
        self.arrived.set()
        if self.respond is None:
            return Response()
        answer = self.respond(payload)
        return answer if isinstance(answer, Response) else await answer

    def respond_with(self, body: Json | str, status: int = 200) -> None:
        def answer(_: Json) -> Response:
            if isinstance(body, str):
                return Response(body, status, media_type="text/plain")
            return JSONResponse(body, status)

        self.respond = answer

    @property
    def last_payload(self) -> Json:
        return self.received[-1].payload


def _parse_payload(content_type: str, body: str) -> Json:
    if content_type == "application/json":
        event: Json = json.loads(body)
        return event
    fields: Json = dict(parse_qsl(body, keep_blank_values=True))
    return json.loads(fields["payload"]) if "payload" in fields else fields


def encode_arguments(method: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments for aiohttp: a form for methods that read, else JSON."""
    if method not in FORM_ONLY_METHODS:
        return {"json": args}
    return {"data": {key: str(value) for key, value in args.items()}}


@dataclass
class SlackHarness:
    slack: EmbeddedSlack
    app: FakeApp
    clock: ManualClock
    web: AsyncWebClient
    session: aiohttp.ClientSession

    async def call_rejected(self, method: str, **args: Any) -> Json:
        """Return the response of a call that Slack refuses."""
        try:
            await self.web.api_call(method, **encode_arguments(method, args))
        except SlackApiError as error:
            answer: Json = error.response.data
            return answer
        raise AssertionError(f"{method} was not refused")

    async def post_response(self, url: str, body: Json) -> tuple[int, str]:
        async with self.session.post(url, json=body) as answer:
            return answer.status, await answer.text()

    async def open_form(self, view: Json, person: str = "U0JOHN") -> Json:
        """Open ``view`` for a person who typed a command."""
        await self.slack.type(person, "C0SALES", "/chakra form")
        trigger = self.app.last_payload["trigger_id"]
        opened = await self.web.views_open(trigger_id=trigger, view=view)
        opened_view: Json = opened["view"]
        return opened_view

    async def post_button(self, *, only_for: str | None = None, **button: Any) -> None:
        """Post a message with one button in #sales."""
        blocks = [build_actions_block(**button)]
        if only_for:
            await self.web.chat_postEphemeral(
                channel="C0SALES", user=only_for, text="Press", blocks=blocks
            )
        else:
            await self.web.chat_postMessage(channel="C0SALES", text="Press", blocks=blocks)


@asynccontextmanager
async def open_harness(app_manifest: Json | None = None) -> AsyncIterator[SlackHarness]:
    clock = ManualClock()
    slack = EmbeddedSlack(manifest=app_manifest or build_manifest(), clock=clock)
    app = FakeApp()
    bot = Starlette(routes=[Route("/slack/events", app.handle, methods=["POST"])])
    async with (
        serve(slack.app, grace_seconds=0.2) as slack_url,
        serve(bot, grace_seconds=0.2) as bot_url,
        aiohttp.ClientSession() as session,
    ):
        slack.set_base_url(slack_url)
        slack.set_request_url(f"{bot_url}/slack/events")
        await slack.start()
        web = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)
        try:
            yield SlackHarness(slack, app, clock, web, session)
        finally:
            await slack.aclose()


def build_actions_block(**button: Any) -> Json:
    given = {"type": "button", "action_id": "go", "text": build_plain_text("Go"), **button}
    return {"type": "actions", "block_id": "row", "elements": [given]}


def build_plain_text(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def build_section_block(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def build_modal(*blocks: Json, **more: Any) -> Json:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": build_plain_text("A form"),
        "submit": build_plain_text("Send"),
        "blocks": list(blocks) or [build_section_block("Hello")],
        **more,
    }


def build_field_block(block_id: str, element: Json | None = None, **more: Any) -> Json:
    given = {"action_id": "value", **(element or {"type": "plain_text_input"})}
    label = build_plain_text(block_id.title())
    return {"type": "input", "block_id": block_id, "label": label, "element": given, **more}
