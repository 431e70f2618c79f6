"""The page's API on loopback: state, events, and a person's actions, as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.blocks import PlacedElement, iter_elements
from bot.sandbox.slack.emoji_names import index_emoji_by_name
from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.exchange_log import ExchangeLog
from bot.sandbox.slack.feed import FeedEvent
from bot.sandbox.slack.files import HostedFile
from bot.sandbox.slack.messages import StoredMessage
from bot.sandbox.slack.modal_forms import ModalForms
from bot.sandbox.slack.page_actions import PageActions
from bot.sandbox.slack.seed import (
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    WorkspaceChannel,
    WorkspaceMember,
)
from bot.sandbox.slack.user_actions import InteractionSource, UserActions
from bot.sandbox.slack.views import StoredView

Json = dict[str, Any]

PAGE_DIRECTORY = Path(__file__).parent / "page"
_NOT_FOUND = 404
_AVATAR_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96">'
    '<rect width="96" height="96" rx="16" fill="#{color}"/>'
    '<text x="48" y="60" font-family="sans-serif" font-size="36" fill="#fff" '
    'text-anchor="middle">{initials}</text></svg>'
)


class PageApi:
    def __init__(
        self,
        user_actions: UserActions,
        forms: ModalForms,
        manifest: AppManifest,
        exchange_log: ExchangeLog,
        actions: PageActions,
        may_send: Callable[[WorkspaceMember], bool],
    ) -> None:
        self._user_actions = user_actions
        self._forms = forms
        self._manifest = manifest
        self._exchange_log = exchange_log
        self._actions = actions
        self._may_send = may_send
        self._workspace = user_actions.workspace

    def build_routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._serve_page),
            Route("/sandbox/state", self._serve_state),
            Route("/sandbox/events", self._serve_events),
            Route("/sandbox/payloads", self._serve_payloads),
            Route("/sandbox/emoji", self._serve_emoji),
            Route("/sandbox/pictures/{member}.svg", self._serve_picture),
            self._actions.build_route("/sandbox/type", self._type_text),
            self._actions.build_route("/sandbox/home", self._open_home),
            self._actions.build_route("/sandbox/press", self._press),
            self._actions.build_route("/sandbox/suggest", self._suggest),
            self._actions.build_route("/sandbox/view", self._act_on_view),
            Mount("/page", StaticFiles(directory=PAGE_DIRECTORY, check_dir=False)),
        ]

    async def _serve_page(self, _: Request) -> Response:
        return FileResponse(PAGE_DIRECTORY / "index.html")

    async def _serve_emoji(self, _: Request) -> Response:
        return JSONResponse(index_emoji_by_name(), headers={"Cache-Control": "max-age=86400"})

    async def _serve_state(self, request: Request) -> Response:
        person = request.query_params.get("as", "")
        member = self._workspace.members.get(person)
        if member is None or not member.is_person:
            return JSONResponse({"error": "There is no such person."}, _NOT_FOUND)
        return JSONResponse(self._build_state(member, request.query_params.get("page", "")))

    def _build_state(self, member: WorkspaceMember, page: str) -> Json:
        channels = self._workspace.list_channels(member.id)
        messages = {
            channel.id: [
                self._build_message_json(message)
                for message in self._workspace.messages.list_messages(channel.id)
                if message.is_visible_to(member.id)
            ]
            for channel in channels
        }
        return {
            "me": self._build_member_json(member),
            "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN},
            "people": [
                self._build_member_json(m) for m in self._workspace.members.values() if m.is_person
            ],
            "channels": [self._build_channel_json(channel, member) for channel in channels],
            "commands": [
                {"command": c.command, "hint": c.hint, "description": c.description}
                for c in self._manifest.commands.values()
            ],
            "messages": messages,
            "views": self._build_views(member.id, page),
            "home_tab": self._manifest.home_tab_enabled,
            "messages_tab": self._manifest.messages_tab_enabled,
        }

    def _build_views(self, person: str, page: str) -> Json:
        """Return the person's forms, if they were opened from this page, and their Home tab."""
        views = self._workspace.list_views(person)
        shown = self._actions.shows_forms(person, page, views["stack"])
        return views if shown else {**views, "stack": []}

    async def _serve_events(self, request: Request) -> Response:
        person, page = (request.query_params.get(name, "") for name in ("as", "page"))
        queue = self._workspace.feed.subscribe(person)

        async def stream_events() -> AsyncIterator[str]:
            try:
                yield ": connected\n\n"
                while (event := await queue.get()) is not None:
                    data = self._build_event_data(event, person, page)
                    yield f"event: {event.kind}\ndata: {json.dumps(data)}\n\n"
            finally:
                self._workspace.feed.unsubscribe(queue)

        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(stream_events(), media_type="text/event-stream", headers=headers)

    async def _serve_payloads(self, request: Request) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
        except ValueError:
            after = 0
        newer = [dataclasses.asdict(p) for p in self._exchange_log.exchanges if p.n > after]
        return JSONResponse({"payloads": newer})

    async def _serve_picture(self, request: Request) -> Response:
        member = self._workspace.members.get(request.path_params["member"])
        if member is None:
            return Response(status_code=_NOT_FOUND)
        picture = _AVATAR_SVG.format(color=member.color, initials=member.initials)
        return Response(picture, media_type="image/svg+xml")

    async def _type_text(self, body: Json) -> Json:
        thread_ts = body.get("thread_ts")
        await self._user_actions.type(body["as"], body["channel"], body["text"], thread_ts)
        return {}

    async def _open_home(self, body: Json) -> Json:
        await self._user_actions.open_home(body["as"], body["tab"])
        return {}

    async def _press(self, body: Json) -> Json:
        source, item = self._locate_element(body)
        await self._user_actions.press(body["as"], source, item, body.get("value"))
        return {}

    async def _suggest(self, body: Json) -> Json:
        source, item = self._locate_element(body)
        return await self._user_actions.suggest(body["as"], source, item, body["query"])

    async def _act_on_view(self, body: Json) -> Json:
        view = self._forms.get_top_view(body["as"], body["view"])
        if body["do"] == "close":
            await self._forms.close(body["as"], view)
            return {}
        filled = self._forms.fill_elements(body["as"], view, body.get("values") or {})
        delivered = await self._forms.submit(body["as"], filled)
        return {"errors": delivered.errors} if delivered.errors else {}

    def _locate_element(self, body: Json) -> tuple[InteractionSource, PlacedElement]:
        source = self._resolve_source(body)
        blocks = source.blocks if isinstance(source, StoredView) else source.content.blocks or []
        for item in iter_elements(blocks):
            if (item.block_id, item.action_id) == (body["block_id"], body["action_id"]):
                return source, item
        raise ActionNotPossible("This no longer exists.")

    def _resolve_source(self, body: Json) -> InteractionSource:
        person, where = body["as"], body["source"]
        if "view" in where:
            home = self._workspace.views.find_home(person)
            is_home = home is not None and home.id == where["view"]
            view = home if home and is_home else self._forms.get_top_view(person, where["view"])
            return self._forms.fill_elements(person, view, body.get("values") or {})
        message = self._workspace.messages.get(where["message"])
        if message is None or not message.is_visible_to(person):
            raise ActionNotPossible("This message no longer exists.")
        return message

    def _build_event_data(self, event: FeedEvent, person: str, page: str) -> Any:
        if event.kind == "views":
            return self._build_views(person, page)
        if event.kind == "message":
            return self._build_message_json(event.data)
        if event.kind == "delete":
            return {"channel": event.data.channel, "id": event.data.id}
        if event.kind == "payload":
            return dataclasses.asdict(event.data)
        return event.data

    def _build_channel_json(self, channel: WorkspaceChannel, viewer: WorkspaceMember) -> Json:
        """Return the channel; a conversation between people is named after the others."""
        others = (m for m in channel.members if m != viewer.id and m in self._workspace.members)
        names = [self._workspace.members[other].display_name for other in others]
        return {
            "id": channel.id,
            "name": ", ".join(names) if channel.kind in ("group", "pair") else channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "members": list(channel.members),
        }

    def _build_member_json(self, member: WorkspaceMember) -> Json:
        return {
            "id": member.id,
            "name": member.name,
            "real_name": member.real_name,
            "title": member.title,
            "kind": member.kind,
            "may_send": self._may_send(member),
            "tz": member.tz,
            "initials": member.initials,
            "color": member.color,
        }

    def _build_message_json(self, message: StoredMessage) -> Json:
        author = self._workspace.members[message.author]
        return {
            "id": message.id,
            "ts": message.ts,
            "channel": message.channel,
            "author": {
                "id": author.id,
                "name": author.display_name,
                "app": not author.is_person,
                "initials": author.initials,
                "color": author.color,
            },
            "text": message.content.text,
            "blocks": message.content.blocks,
            "attachments": message.content.attachments,
            "ephemeral": message.only_for is not None,
            "edited": message.edited_ts is not None,
            "thread_ts": message.thread_ts,
            "broadcast": message.broadcast,
            "files": [_build_file_json(file) for file in message.content.files],
        }


_WRITTEN_PARTS = ("mode", "from", "plain_text", "preview")
"""Fields of emails and snippets, whose text is in the message."""


def _build_file_json(file: HostedFile) -> Json:
    """Return what the page shows of a file; its ``url`` needs the person's ID (``as``)."""
    shown = file.to_json()
    parts = ("id", "name", "title", "mimetype", "pretty_type", "size", *_WRITTEN_PARTS)
    return {
        **{part: shown[part] for part in parts if part in shown},
        "url": f"/sandbox/files/{file.id}",
    }
