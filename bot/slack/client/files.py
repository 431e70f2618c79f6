"""Download files that people uploaded to Slack, and upload those that the app makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from io import SEEK_END, BytesIO
from typing import Any, BinaryIO, Protocol

import aiohttp
from yarl import URL

from bot.aio.clock import Clock, sleep
from bot.errors import UNTRUSTED_URL, FileUnavailable, SlackError
from bot.slack.client.retry import CONNECT_RETRY_SECONDS, MAX_RETRY_WAIT_SECONDS, parse_retry_after

COMPLETE_UPLOAD = "files.completeUploadExternal"
DOWNLOAD, UPLOAD = "download", "upload"
"""The method that errors name for requests outside the Web API."""

TOTAL_TIMEOUT_FACTOR = 3
"""How many client timeouts a whole file may take; a pause may take one.

By default 30 seconds: 10 MB, the most that a form accepts, at 3 Mbit/s.
"""
SLOW_UPLOAD_SECONDS = 1_800.0
"""Seconds that a large file may take."""
CHUNK_BYTES = 64 * 1024
MAX_DOWNLOAD_REQUESTS = 2

INVALID_URL_ERRORS = (ValueError, IndexError)
"""The errors that yarl raises for an invalid URL; the second for an empty host after ``[]@``."""

SLACK_DOMAINS = ("slack.com", "slack-gov.com")
"""The domains of Slack's file hosts: files.slack.com serves ``url_private`` and accepts uploads.
 docs.slack.dev/reference/objects/file-object; GovSlack: docs.slack.dev/govslack"""
FILE_HOSTS = frozenset(
    f"{name}.{domain}" for name in ("files", "files-origin") for domain in SLACK_DOMAINS
)
"""The only hosts to which a redirect is followed: on Enterprise Grid files.slack.com is reported to
redirect to files-origin.slack.com, which needs the token too. INFERRED, from other apps' reports
(github.com/NousResearch/hermes-agent/pull/114483). The sign-in page is on neither."""

SIGN_IN = "sign_in"
EXTERNAL = "external_file"
NOT_FOUND = "file_not_found"
TOO_LARGE = "too_large"

_OK, _TOO_MANY_REQUESTS, _SERVER_ERROR = 200, 429, 500
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_HTML_PREFIXES = (b"<!doctype html", b"<html")
_UNSPECIFIC_TYPES = frozenset({"", "application/octet-stream"})
_OCTET_STREAM = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as ``files.info`` describes it, with "" and ``None`` for missing fields.

    ``size`` is in bytes. An external file is not in Slack: its ``url`` may be on any host.
    """

    id: str
    name: str = field(repr=False)
    mimetype: str
    size: int | None
    is_external: bool
    url: str = field(repr=False)


class SlackCaller(Protocol):
    """The methods of the client that are used here. Both raise ``SlackError``."""

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]: ...

    async def open_direct_messages(self, member_id: str, /) -> str: ...


class SlackFiles:
    """Downloads carry the token, but only to the host of ``base_url`` or to Slack's file hosts.

    No other host gets it, and no redirect to another host is followed.
    """

    def __init__(
        self,
        slack: SlackCaller,
        session: aiohttp.ClientSession,
        *,
        token: str,
        base_url: str,
        clock: Clock,
        timeout: float,
    ) -> None:
        self._slack = slack
        self._session = session
        self._token = token
        self._api_url = URL(base_url)
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(
            total=TOTAL_TIMEOUT_FACTOR * timeout, connect=timeout, sock_read=timeout
        )
        self._slow_timeout = aiohttp.ClientTimeout(
            total=SLOW_UPLOAD_SECONDS, connect=timeout, sock_read=TOTAL_TIMEOUT_FACTOR * timeout
        )

    async def get_info(self, file_id: str) -> StoredFile:
        """Return what Slack knows about the file.

        Raises ``FileUnavailable``: ``file_not_found``, ``file_deleted``, ``missing_scope``, …
        """
        try:
            body = await self._slack.call("files.info", file=file_id)
        except SlackError as refused:
            raise FileUnavailable(
                refused.method, refused.code, retry_after=refused.retry_after
            ) from refused
        shown = body.get("file")
        if not isinstance(shown, Mapping):
            raise FileUnavailable("files.info", "unreadable")
        return _parse_file(file_id, shown)

    async def download(self, file: StoredFile, *, max_bytes: int) -> bytes:
        """Return the content of the file, at most ``max_bytes``, like ``download_to``."""
        content = BytesIO()
        await self.download_to(content, file, max_bytes=max_bytes)
        return content.getvalue()

    async def download_to(self, sink: BinaryIO, file: StoredFile, *, max_bytes: int) -> None:
        """Write the content of the file, at most ``max_bytes``, to ``sink``, in chunks.

        Retries once after a lost connection or a failure at Slack, since it only reads.

        Raises ``FileUnavailable``; without a request if ``file`` is too large or not in Slack.
        Without the scope files:read Slack serves its sign-in page, as a 200 or by a redirect:
        that is ``sign_in``.
        """
        if file.is_external:
            raise FileUnavailable(DOWNLOAD, EXTERNAL)
        if not file.url:  # missing for a file beyond the history that the workspace pays for
            raise FileUnavailable(DOWNLOAD, NOT_FOUND)
        if file.size is not None and file.size > max_bytes:
            raise FileUnavailable(DOWNLOAD, TOO_LARGE)
        address = find_trusted_url(self._api_url, file.url)
        if address is None:
            raise FileUnavailable(DOWNLOAD, UNTRUSTED_URL)
        try:
            return await self._fetch(address, file, max_bytes, sink)
        except _TransientError as passing:
            if passing.wait > MAX_RETRY_WAIT_SECONDS:
                raise passing.error from passing
            await sleep(self._clock, passing.wait)
        try:
            return await self._fetch(address, file, max_bytes, sink)
        except _TransientError as passing:
            raise passing.error from passing

    async def upload(
        self,
        destination: str,
        name: str,
        content: bytes | BinaryIO,
        *,
        title: str = "",
        comment: str = "",
        thread_ts: str = "",
    ) -> str:
        """Upload a file, share it with a ``comment`` (mrkdwn) and return its ID.

        A ``content`` that is an open file is sent from its beginning, a piece at a time.

        ``destination`` is a channel, or a member for their DM with the app; ``thread_ts`` is of a
        message there. Raises ``SlackError`` or a subclass. Slack has no idempotency key for
        uploads: if the response to ``files.completeUploadExternal`` is lost (``unreachable``,
        ``unreadable``, ``http_5…``) the file may have been shared, so nothing is retried here, and
        a caller that retries may share it twice. After any other error nothing was shared.
        """
        stream = content if isinstance(content, bytes) else _read_pieces(content)
        file_id = await self.store(name, _measure_length(content), stream)
        await self.share(
            destination, file_id, title=title or name, comment=comment, thread_ts=thread_ts
        )
        return file_id

    async def store(
        self, name: str, length: int, content: bytes | AsyncIterator[bytes], *, slow: bool = False
    ) -> str:
        """Upload a file of ``length`` bytes, to be shared; return its ID.

        Slack deletes what is never shared. ``slow``: the content takes long to produce, and only a
        pause is limited by the timeout. Raises ``SlackError`` or a subclass.
        """
        announced = await self._slack.call(
            "files.getUploadURLExternal", filename=name, length=length
        )
        address, file_id = announced.get("upload_url"), announced.get("file_id")
        if not isinstance(address, str) or not isinstance(file_id, str) or not file_id:
            raise SlackError("files.getUploadURLExternal", "unreadable")
        await self._upload_bytes(address, content, length, slow=slow)
        return file_id

    async def share(
        self, destination: str, file_id: str, *, title: str, comment: str = "", thread_ts: str = ""
    ) -> None:
        """Share a stored file, with what ``upload`` says about errors."""
        channel = (
            await self._slack.open_direct_messages(destination)
            if destination[:1] in ("U", "W")
            else destination
        )
        more = {"initial_comment": comment, "thread_ts": thread_ts}
        await self._slack.call(
            COMPLETE_UPLOAD,
            files=[{"id": file_id, "title": title}],
            channel_id=channel,
            **{key: value for key, value in more.items() if value},
        )

    async def _upload_bytes(
        self, address: str, content: bytes | AsyncIterator[bytes], length: int, *, slow: bool
    ) -> None:
        """Upload the content. The URL itself grants permission: no token goes with it."""
        to = find_trusted_url(self._api_url, address)
        if to is None:
            raise SlackError(UPLOAD, UNTRUSTED_URL)
        try:
            async with self._session.post(
                to,
                data=content,
                headers={"Content-Type": _OCTET_STREAM, "Content-Length": str(length)},
                allow_redirects=False,
                timeout=self._slow_timeout if slow else self._timeout,
            ) as response:
                if response.status != _OK:
                    raise SlackError(UPLOAD, f"http_{response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as lost:
            raise SlackError(UPLOAD, "unreachable") from lost

    async def _fetch(self, address: URL, file: StoredFile, max_bytes: int, sink: BinaryIO) -> None:
        """Follow redirects to the content, and write it from the beginning of ``sink``.

        Raises ``FileUnavailable``, or ``_TransientError`` if a retry can help.
        """
        for _ in range(MAX_DOWNLOAD_REQUESTS):
            try:
                async with self._session.get(
                    address,
                    headers={"Authorization": f"Bearer {self._token}"},
                    allow_redirects=False,
                    timeout=self._timeout,
                ) as response:
                    if response.status not in _REDIRECT_STATUSES:
                        return await _copy_content(response, file, max_bytes, sink)
                    address = _resolve_redirect(address, response.headers.get("Location", ""))
            except TimeoutError as late:
                raise FileUnavailable(DOWNLOAD, "unreachable") from late
            except (aiohttp.ClientError, OSError) as lost:
                raise _TransientError(
                    FileUnavailable(DOWNLOAD, "unreachable"), CONNECT_RETRY_SECONDS
                ) from lost
        raise FileUnavailable(DOWNLOAD, SIGN_IN)


def describe_file_hosts(api_url: str) -> str:
    """Return the hosts that files are downloaded from and uploaded to."""
    own = URL(api_url)
    domains = " and ".join(SLACK_DOMAINS)
    if any(_is_under(own.raw_host or "", domain) for domain in SLACK_DOMAINS):
        return f"{domains}, with their subdomains"
    port = "" if own.is_default_port() else f":{own.port}"
    return f"{domains}, with their subdomains, and {own.raw_host}{port} (SLACK_API_URL)"


def find_trusted_url(api_url: URL, address: str) -> URL | None:
    """Return the URL to request if its host is Slack's, or that of ``api_url``.

    ``None`` for any other host and for an invalid URL.
    """
    try:
        url = URL(address)
    except INVALID_URL_ERRORS:
        return None
    if url.user is not None or url.password is not None:
        return None
    if _parse_origin(url) == _parse_origin(api_url):
        return url
    host = url.raw_host or ""
    own = any(_is_under(host, domain) for domain in SLACK_DOMAINS)
    return url if own and _parse_origin(url) == ("https", host, 443) else None


class _TransientError(Exception):
    """A failure that a retry after ``wait`` seconds may resolve; ``error`` is the last one."""

    def __init__(self, error: FileUnavailable, wait: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def _parse_file(file_id: str, payload: Mapping[str, Any]) -> StoredFile:
    size = payload.get("size")
    return StoredFile(
        id=file_id,
        name=_get_string_or_empty(payload.get("name")),
        mimetype=_get_string_or_empty(payload.get("mimetype")),
        size=size if type(size) is int and size >= 0 else None,
        is_external=bool(payload.get("is_external")) or payload.get("mode") == "external",
        url=_get_string_or_empty(payload.get("url_private_download"))
        or _get_string_or_empty(payload.get("url_private")),
    )


def _get_string_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_under(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _parse_origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.raw_host, url.port


def _resolve_redirect(address: URL, location: str) -> URL:
    """Return where a redirect leads, if to Slack's file hosts; else it is the sign-in page."""
    try:
        onward = address.join(URL(location))
    except INVALID_URL_ERRORS:
        raise FileUnavailable(DOWNLOAD, SIGN_IN) from None
    host = onward.raw_host or ""
    strange = host not in FILE_HOSTS or onward.user is not None
    if strange or _parse_origin(onward) != ("https", host, 443):
        raise FileUnavailable(DOWNLOAD, SIGN_IN)
    return onward


async def _copy_content(
    response: aiohttp.ClientResponse, file: StoredFile, max_bytes: int, sink: BinaryIO
) -> None:
    """Write at most ``max_bytes``, and one piece, to ``sink``. Raise what ``_fetch`` does."""
    status = response.status
    if status == _TOO_MANY_REQUESTS:
        wait = parse_retry_after(response.headers)
        raise _TransientError(FileUnavailable(DOWNLOAD, "ratelimited", retry_after=wait), wait)
    if status >= _SERVER_ERROR:
        raise _TransientError(FileUnavailable(DOWNLOAD, f"http_{status}"), CONNECT_RETRY_SECONDS)
    if status != _OK:
        raise FileUnavailable(DOWNLOAD, f"http_{status}")
    sink.seek(0)
    sink.truncate()
    beginning = b""
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        beginning = beginning or chunk
        sink.write(chunk)
        if sink.tell() > max_bytes:
            raise FileUnavailable(DOWNLOAD, TOO_LARGE)
    sink.flush()
    if sink.tell() != file.size and _is_html(response, beginning):
        raise FileUnavailable(DOWNLOAD, SIGN_IN)


async def _read_pieces(content: BinaryIO) -> AsyncIterator[bytes]:
    content.seek(0)
    while piece := content.read(CHUNK_BYTES):
        yield piece


def _measure_length(content: bytes | BinaryIO) -> int:
    return len(content) if isinstance(content, bytes) else content.seek(0, SEEK_END)


def _is_html(response: aiohttp.ClientResponse, beginning: bytes) -> bool:
    """Return whether the content is a web page, even if its type was lost on the way."""
    said = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if said in _HTML_TYPES:
        return True
    return said in _UNSPECIFIC_TYPES and beginning[:200].lstrip().lower().startswith(_HTML_PREFIXES)
