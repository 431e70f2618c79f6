"""The page's extras beside messages and forms: the app's shortcuts, and things to try."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.downloads import download_response
from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.files import LocalFile
from bot.sandbox.slack.page_actions import PageActions
from bot.sandbox.slack.posted_content import PostedContent
from bot.sandbox.slack.preview_actions import PreviewActions
from bot.sandbox.slack.shortcuts import ShortcutActions
from bot.sandbox.slack.tips import Sample, Tip
from bot.sandbox.slack.user_actions import UserActions

Json = dict[str, Any]

_NOT_FOUND = 404


class ExtrasApi:
    def __init__(
        self,
        shortcuts: ShortcutActions,
        posted: PostedContent,
        previews: PreviewActions,
        user_actions: UserActions,
        manifest: AppManifest,
        actions: PageActions,
        tips: Sequence[Tip],
        *,
        has_phones: bool = False,
    ) -> None:
        self._has_phones = has_phones
        self._shortcuts = shortcuts
        self._posted = posted
        self._previews = previews
        self._user_actions = user_actions
        self._manifest = manifest
        self._actions = actions
        self._tips = tips

    def build_routes(self) -> list[BaseRoute]:
        return [
            Route("/sandbox/extras", self._list_extras),
            self._actions.build_route("/sandbox/shortcut", self._use_shortcut),
            self._actions.build_route("/sandbox/post", self._post),
            self._actions.build_route("/sandbox/preview", self._use_preview),
            Route("/sandbox/samples/{name}", self._download_sample),
        ]

    async def _list_extras(self, _: Request) -> Response:
        return JSONResponse(
            {
                "shortcuts": [dataclasses.asdict(each) for each in self._manifest.shortcuts],
                "tips": [_build_tip_json(tip) for tip in self._tips],
                "phones": self._has_phones,
            }
        )

    async def _download_sample(self, request: Request) -> Response:
        try:
            sample = self._require_sample(request.path_params["name"])
        except ActionNotPossible as missing:
            return PlainTextResponse(str(missing), _NOT_FOUND)
        return download_response(sample.name, sample.content, sample.content_type)

    async def _use_shortcut(self, body: Json) -> Json:
        """Use a shortcut: a message shortcut if a message's ID is given."""
        if body.get("message"):
            await self._shortcuts.use_on_message(body["as"], body["callback_id"], body["message"])
        else:
            await self._shortcuts.use_global(body["as"], body["callback_id"])
        return {}

    async def _use_preview(self, body: Json) -> Json:
        """Open, refresh or close the pane beside a link's preview, or press a button of either."""
        person, verb = body["as"], body["do"]
        if verb == "close":
            self._previews.close(person)
        elif verb == "press_in_pane":
            await self._previews.press_in_pane(person, body["action_id"])
        elif verb == "press":
            await self._previews.press(person, body["action_id"], body["message"], url=body["url"])
        else:
            refresh = verb == "refresh"
            await self._previews.open(person, body["message"], url=body["url"], refresh=refresh)
            return {"pane": self._previews.find_pane(person)}
        return {}

    async def _post(self, body: Json) -> Json:
        """Post a sample of a kind or a file of the tips, or forward a message by its ID."""
        person, channel = body["as"], body["channel"]
        self._user_actions.require_membership(person, channel)
        if body.get("message"):
            message = self._user_actions.require_message(person, body["message"])
            self._posted.forward(person, message, channel, body.get("text", ""))
        elif body.get("sample"):
            sample = self._require_sample(body["sample"])
            upload = LocalFile(sample.name, sample.content_type, sample.content)
            self._posted.post_file(person, channel, upload)
        else:
            self._posted.post_sample(person, channel, body["kind"])
        return {}

    def _require_sample(self, name: str) -> Sample:
        for sample in (each for tip in self._tips for each in tip.samples):
            if sample.name == name:
                return sample
        raise ActionNotPossible(f"There is no file {name!r}.")


def _build_tip_json(tip: Tip) -> Json:
    return {
        "title": tip.title,
        "line": tip.line,
        "in_forms": tip.in_forms,
        "rows": [{"text": text, "note": note} for text, note in tip.rows],
        "samples": [_build_sample_json(sample) for sample in tip.samples],
    }


def _build_sample_json(sample: Sample) -> Json:
    return {
        "name": sample.name,
        "type": sample.content_type,
        "note": sample.note,
        "size": len(sample.content),
        "url": f"/sandbox/samples/{quote(sample.name)}",
    }
