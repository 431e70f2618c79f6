"""Files on WhatsApp: put up for all to see, found, fetched (contract 2.5, 2.6, 3.3 and 3.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.chakra.models import Media, PublicMedia
from bot.chakra.transport.envelope import read
from bot.chakra.transport.error_mapping import unreadable
from bot.chakra.transport.exchange import JSON, Answer
from bot.chakra.transport.http import Http
from bot.chakra.transport.multipart import File, Form

UPLOAD = "/v1/ext/plugin/whatsapp/{pluginId}/upload-public-media"
ONE = "/v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}"
SHOW = "/v2/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}/show"
ATTACHMENT = "/v1/whatsapp/{whatsappApiVersion}/attachments"

MEGABYTE = 1024 * 1024
MOST_BYTES = {"IMAGE": 5 * MEGABYTE, "VIDEO": 16 * MEGABYTE, "DOCUMENT": 100 * MEGABYTE}
"""What WhatsApp takes, by the format of a header (contract 3.3). Chakra's own limit is UNKNOWN."""

MOST_SHOWN = 16 * MEGABYTE


@dataclass(frozen=True)
class Shown:
    media_type: str
    content: bytes = field(repr=False)


class Files:
    """Raises the `ChakraError`s of `Http.get` and `Http.write`. `version` is Meta's: "v24.0"."""

    def __init__(self, http: Http, version: str) -> None:
        self._http = http
        self._version = version

    async def upload(self, plugin_id: str, file: File) -> str:
        """The address of the file, which everyone who knows it can read. CONFIRMED.

        Within two minutes; what `file` raises while it is read passes through.
        """
        form = Form("file", file, {"filename": file.name})
        answer = await self._http.write("POST", UPLOAD, {"pluginId": plugin_id}, body=form)
        address = read(answer).metas(PublicMedia).public_media_url
        if not address.startswith(("https://", "http://")):
            raise unreadable(answer, "It is no web address.", "_data.publicMediaUrl")
        return address

    async def fetch(self, media_id: str) -> Media:
        """Of what sort and how large a file is. The path is CONFIRMED, the body INFERRED."""
        answer = await self._http.get(ONE, self._at(media_id))
        return read(answer).metas(Media)

    async def show(self, media_id: str, *, most: int = MOST_SHOWN) -> Shown:
        """The file itself, in one step. INFERRED, from two integrations.

        Raises `Unreadable` where it is larger than `most` bytes.
        """
        return _shown(await self._http.download(SHOW, self._at(media_id), most=most))

    async def follow(self, media: Media, *, most: int = MOST_SHOWN) -> Shown:
        """The file from the address that `fetch` gave, as long as that is Chakra's: the one inside
        a webhook is Meta's, and `Unreadable`. INFERRED."""
        return _shown(await self._http.follow(ATTACHMENT, media.url, most=most))

    def _at(self, media_id: str) -> dict[str, str]:
        return {"whatsappApiVersion": self._version, "whatsappMediaId": media_id}


def _shown(answer: Answer) -> Shown:
    if not answer.whole:
        raise unreadable(answer, "The file is too large to show.")
    if answer.media_type == JSON:
        read(answer)  # its `_errors` say more
    if answer.media_type in {"", JSON, "text/html"}:
        raise unreadable(answer, f"It is no file ({answer.media_type or 'no media type'}).")
    return Shown(answer.media_type, answer.body)
