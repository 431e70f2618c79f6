"""File contents over HTTP: to the app with its token, from the app, to and from the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.sandbox.slack.app_manifest import AppManifest
from bot.sandbox.slack.client_validation import find_file_error
from bot.sandbox.slack.connection_reset import reset_connection
from bot.sandbox.slack.downloads import download_response
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.exchange_log import ApiCall, ExchangeLog
from bot.sandbox.slack.faults import ApiFault, ApiFaultQueue
from bot.sandbox.slack.files import MAX_FORM_FILE_BYTES, HostedFile, LocalFile
from bot.sandbox.slack.seed import TEAM_ID
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]

DOWNLOAD_METHOD, UPLOAD_METHOD = "download", "upload"
"""The names of the app's requests here, in faults and ``calls``."""
SIGN_IN_ERROR = "sign_in"
"""The error of a download with an unauthorized token."""
_BAD_REQUEST, _NOT_FOUND, _UNSUPPORTED, _FAILED = 400, 404, 415, 500
_FOUND = 302
_BINARY_CONTENT_TYPE = "application/octet-stream"
_MAX_MULTIPART_OVERHEAD_BYTES = 16 * 1024
"""Overhead of a multipart form around the file."""
_SIGN_IN_PAGE = (
    "<!DOCTYPE html><html lang='en'><title>Sign in</title><p>Sign in to Acme.</p></html>"
)


class FileServer:
    """Serves files.

    ``bot_token`` with the scope files:read allows downloads; anything else is redirected to the
    sign-in page, 200 with HTML as in real Slack.
    """

    def __init__(
        self,
        workspace: Workspace,
        manifest: AppManifest,
        exchange_log: ExchangeLog,
        faults: ApiFaultQueue,
        bot_token: str,
    ) -> None:
        self._workspace = workspace
        self._files = workspace.files
        self._manifest = manifest
        self._exchange_log = exchange_log
        self._faults = faults
        self._bot_token = bot_token

    def build_routes(self) -> list[BaseRoute]:
        download = self._apply_faults(DOWNLOAD_METHOD, self._download)
        return [
            Route("/files-pri/{place}/{name}", download),
            Route("/files-pri/{place}/download/{name}", download),
            Route("/signin", self._sign_in),
            Route(
                "/upload/v1/{key}",
                self._apply_faults(UPLOAD_METHOD, self._upload),
                methods=["POST"],
            ),
            Route("/sandbox/upload", self._upload_from_page, methods=["POST"]),
            Route("/sandbox/files/{file}", self._serve_to_page),
        ]

    # The app

    async def _download(self, request: Request) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if bearer != self._bot_token or "files:read" not in self._manifest.scopes:
            return self._redirect_to_sign_in(request)
        try:
            file_id = request.path_params["place"].removeprefix(f"{TEAM_ID}-")
            return _build_file_response(self._files.get_for_app(file_id))
        except WebApiError:
            return HTMLResponse("<!DOCTYPE html><title>No such file</title>", _NOT_FOUND)

    def _redirect_to_sign_in(self, request: Request) -> Response:
        there = f"{self._files.base_url}/signin?redir={quote(request.url.path, safe='')}"
        return HTMLResponse(f'<a href="{there}">Found</a>.', _FOUND, {"Location": there})

    async def _sign_in(self, _: Request) -> Response:
        return HTMLResponse(_SIGN_IN_PAGE)

    async def _upload(self, request: Request) -> Response:
        """Accept the announced number of bytes, once."""
        key = request.path_params["key"]
        upload = self._files.get_pending_upload(key)
        if upload is None:
            return PlainTextResponse("not found", _NOT_FOUND)
        data = _extract_upload(
            request, await _read_body(request, upload.length + _MAX_MULTIPART_OVERHEAD_BYTES)
        )
        if data is None or len(data) != upload.length:
            return PlainTextResponse("the length is not the one announced", _BAD_REQUEST)
        if self._files.get_pending_upload(key) is None:
            return PlainTextResponse("not found", _NOT_FOUND)
        self._files.receive_upload(key, data)
        return PlainTextResponse(f"OK - {len(data)}")

    # The page

    async def _upload_from_page(self, request: Request) -> Response:
        """Store a file that a person chose in a form.

        The body is the file itself: other sites' forms can't send that.
        """
        query = request.query_params
        person, name = query.get("as", ""), query.get("name", "")
        if request.headers.get("content-type", "") != _BINARY_CONTENT_TYPE:
            return JSONResponse({"ok": False, "error": "Send raw bytes."}, _UNSUPPORTED)
        member = self._workspace.members.get(person)
        if member is None or not member.is_person or not name:
            error = {"ok": False, "error": "The request is not as it should be."}
            return JSONResponse(error, _BAD_REQUEST)
        data = await _read_body(request, MAX_FORM_FILE_BYTES)
        size = MAX_FORM_FILE_BYTES + 1 if data is None else len(data)
        complaint = find_file_error(name, size)
        if data is None or complaint:
            return JSONResponse({"ok": False, "error": complaint})
        file = self._files.add(
            person, LocalFile(name, query.get("type") or _BINARY_CONTENT_TYPE, data)
        )
        return JSONResponse({"ok": True, "file": file.to_json()})

    async def _serve_to_page(self, request: Request) -> Response:
        """Return a person's own file, or one that a visible message has."""
        person = request.query_params.get("as", "")
        file = self._files.get(request.path_params["file"])
        if file is None or not (file.owner == person or self._is_visible_to(person, file)):
            return PlainTextResponse("There is no such file.", _NOT_FOUND)
        return _build_file_response(file)

    def _is_visible_to(self, person: str, file: HostedFile) -> bool:
        return any(
            file.id == shown.id
            for channel in self._workspace.list_channels(person)
            for message in self._workspace.messages.list_messages(channel.id)
            if message.is_visible_to(person)
            for shown in message.content.files
        )

    def _apply_faults(
        self, name: str, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Wrap a request of the app: apply faults, and record it."""

        async def answer_request(request: Request) -> Response:
            with self._exchange_log.track():
                clock = self._workspace.clock
                at, began = clock.time(), clock.monotonic()
                fault = self._faults.take_next(name)
                await self._faults.wait_released(name)
                if fault is not None and fault.error == SIGN_IN_ERROR:
                    response: Response | None = self._redirect_to_sign_in(request)
                else:
                    response = await _respond_or_fail(request, fault, answer)
                status = response.status_code if response else 0
                self._record_exchange(name, request, status, at, clock.monotonic() - began)
                if response is None or (fault and fault.reset):
                    await reset_connection(request)
                    return Response()
                return response

        return answer_request

    def _record_exchange(
        self, name: str, request: Request, status: int, at: float, seconds: float
    ) -> None:
        args, answer = {"path": request.url.path}, {"status": status}
        self._exchange_log.calls.append(ApiCall(name, args, answer, at))
        self._exchange_log.record(
            "from the app",
            name,
            request.url.path.rpartition("/")[2] if name == DOWNLOAD_METHOD else "",
            at=at,
            seconds=seconds,
            status=status,
            request=args,
            response=answer,
        )


async def _respond_or_fail(
    request: Request, fault: ApiFault | None, answer: Callable[[Request], Awaitable[Response]]
) -> Response | None:
    """Return the response; None if the connection breaks first."""
    if fault is not None and fault.reset == "before":
        return None
    if fault is not None and fault.reset is None:
        return PlainTextResponse(fault.error or "Internal Server Error", fault.status or _FAILED)
    return await answer(request)


async def _read_body(request: Request, max_bytes: int) -> bytes | None:
    """Return the whole body; None if it is longer than ``most`` bytes."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size <= max_bytes:
                parts.append(part)
    except ClientDisconnect:
        return None
    return b"".join(parts) if size <= max_bytes else None


def _extract_upload(request: Request, body: bytes | None) -> bytes | None:
    """Return the file: the body, or the part of a multipart form with a filename."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    if body is None or kind.strip() != "multipart/form-data":
        return body
    boundary = b"--" + rest.partition("boundary=")[2].strip().strip('"').encode()
    for part in body.split(boundary):
        head, blank, data = part.partition(b"\r\n\r\n")
        if blank and b"filename=" in head:
            return data.removesuffix(b"\r\n")
    return None


def _build_file_response(file: HostedFile) -> Response:
    return download_response(file.name, file.data, file.content_type)
