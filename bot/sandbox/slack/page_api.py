"""The page's API on loopback: state, events, and a person's acts, as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.slack.blocks import Placed, placed
from bot.sandbox.slack.feed import Event
from bot.sandbox.slack.files import File
from bot.sandbox.slack.forms import Forms
from bot.sandbox.slack.hints import Hint
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.page_acts import json_act
from bot.sandbox.slack.person import People, Source
from bot.sandbox.slack.refusal import CannotAct
from bot.sandbox.slack.seed import TEAM_DOMAIN, TEAM_ID, TEAM_NAME, Channel, Member
from bot.sandbox.slack.traffic import Traffic
from bot.sandbox.slack.views import View

Json = dict[str, Any]

PAGE = Path(__file__).parent / "page"
_NOT_FOUND = 404
_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96">'
    '<rect width="96" height="96" rx="16" fill="#{color}"/>'
    '<text x="48" y="60" font-family="sans-serif" font-size="36" fill="#fff" '
    'text-anchor="middle">{initials}</text></svg>'
)


class PageApi:
    def __init__(
        self,
        people: People,
        forms: Forms,
        manifest: Manifest,
        traffic: Traffic,
        hints: Sequence[Hint],
    ) -> None:
        self._people = people
        self._forms = forms
        self._manifest = manifest
        self._traffic = traffic
        self._hints = hints
        self._workspace = people.workspace

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._page),
            Route("/sandbox/state", self._state),
            Route("/sandbox/events", self._events),
            Route("/sandbox/payloads", self._payloads),
            Route("/sandbox/pictures/{member}.svg", self._picture),
            Route("/sandbox/type", json_act(self._traffic, self._type), methods=["POST"]),
            Route("/sandbox/press", json_act(self._traffic, self._press), methods=["POST"]),
            Route("/sandbox/suggest", json_act(self._traffic, self._suggest), methods=["POST"]),
            Route("/sandbox/view", json_act(self._traffic, self._view), methods=["POST"]),
            Mount("/page", StaticFiles(directory=PAGE, check_dir=False)),
        ]

    async def _page(self, _: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    async def _state(self, request: Request) -> Response:
        person = request.query_params.get("as", "")
        member = self._workspace.members.get(person)
        if member is None or not member.is_person:
            return JSONResponse({"error": "There is no such person."}, _NOT_FOUND)
        return JSONResponse(self._seen_by(member))

    def _seen_by(self, member: Member) -> Json:
        channels = self._workspace.channels_of(member.id)
        messages = {
            channel.id: [
                self._message(message)
                for message in self._workspace.messages.of(channel.id)
                if message.seen_by(member.id)
            ]
            for channel in channels
        }
        return {
            "me": _person_json(member),
            "team": {"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN},
            "people": [_person_json(m) for m in self._workspace.members.values() if m.is_person],
            "channels": [_channel_json(channel) for channel in channels],
            "commands": [
                {"command": c.command, "hint": c.hint, "description": c.description}
                for c in self._manifest.commands.values()
            ],
            "hints": [dataclasses.asdict(hint) for hint in self._hints],
            "messages": messages,
            "views": [v.as_slack_shows() for v in self._workspace.views.stack(member.id)],
        }

    async def _events(self, request: Request) -> Response:
        queue = self._workspace.feed.listen(request.query_params.get("as", ""))

        async def stream() -> AsyncIterator[str]:
            try:
                yield ": connected\n\n"
                while (event := await queue.get()) is not None:
                    yield f"event: {event.kind}\ndata: {json.dumps(self._data(event))}\n\n"
            finally:
                self._workspace.feed.leave(queue)

        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)

    async def _payloads(self, request: Request) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
        except ValueError:
            after = 0
        newer = [dataclasses.asdict(p) for p in self._traffic.payloads if p.n > after]
        return JSONResponse({"payloads": newer})

    async def _picture(self, request: Request) -> Response:
        member = self._workspace.members.get(request.path_params["member"])
        if member is None:
            return Response(status_code=_NOT_FOUND)
        picture = _PICTURE.format(color=member.color, initials=member.initials)
        return Response(picture, media_type="image/svg+xml")

    async def _type(self, body: Json) -> Json:
        await self._people.type(body["as"], body["channel"], body["text"])
        return {}

    async def _press(self, body: Json) -> Json:
        source, item = self._located(body)
        await self._people.press(body["as"], source, item, body.get("value"))
        return {}

    async def _suggest(self, body: Json) -> Json:
        source, item = self._located(body)
        return await self._people.suggest(body["as"], source, item, body["query"])

    async def _view(self, body: Json) -> Json:
        view = self._forms.top(body["as"], body["view"])
        if body["do"] == "close":
            await self._forms.close(body["as"], view)
            return {}
        filled = self._forms.fill_elements(body["as"], view, body.get("values") or {})
        delivered = await self._forms.submit(body["as"], filled)
        return {"errors": delivered.errors} if delivered.errors else {}

    def _located(self, body: Json) -> tuple[Source, Placed]:
        source = self._source(body)
        blocks = source.blocks if isinstance(source, View) else source.content.blocks or []
        for item in placed(blocks):
            if (item.block_id, item.action_id) == (body["block_id"], body["action_id"]):
                return source, item
        raise CannotAct("This no longer exists.")

    def _source(self, body: Json) -> Source:
        person, where = body["as"], body["source"]
        if "view" in where:
            view = self._forms.top(person, where["view"])
            return self._forms.fill_elements(person, view, body.get("values") or {})
        message = self._workspace.messages.get(where["message"])
        if message is None or not message.seen_by(person):
            raise CannotAct("This message no longer exists.")
        return message

    def _data(self, event: Event) -> Any:
        if event.kind == "message":
            return self._message(event.data)
        if event.kind == "delete":
            return {"channel": event.data.channel, "id": event.data.id}
        if event.kind == "payload":
            return dataclasses.asdict(event.data)
        return event.data

    def _message(self, message: Message) -> Json:
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
            "ephemeral": message.only_for is not None,
            "edited": message.edited_ts is not None,
            "thread_ts": message.thread_ts,
            "broadcast": message.broadcast,
            "files": [_file_json(file) for file in message.content.files],
        }


def _file_json(file: File) -> Json:
    """Return what the page shows of a file; its ``url`` needs the person's ID (``as``)."""
    shown = file.as_slack_shows()
    parts = ("id", "name", "title", "mimetype", "pretty_type", "size")
    return {**{part: shown[part] for part in parts}, "url": f"/sandbox/files/{file.id}"}


def _person_json(member: Member) -> Json:
    return {
        "id": member.id,
        "name": member.name,
        "real_name": member.real_name,
        "title": member.title,
        "kind": member.kind,
        "initials": member.initials,
        "color": member.color,
    }


def _channel_json(channel: Channel) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "kind": channel.kind,
        "topic": channel.topic,
        "members": list(channel.members),
    }
