"""What one reader sees of a message: all of its text, and its file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from bot.chakra.media import MediaApi
from bot.conversations.customer_files import CustomerFiles, LoadedFile
from bot.conversations.media import MAX_FILE_BYTES, MEDIA_KINDS, MediaFile
from bot.conversations.reader import MessageReader
from bot.db.engine import Database
from bot.errors import NotFound, Unavailable
from bot.sandbox.slack import collect_text
from bot.slack.blocks import Markup
from tests.chakra.upstream import CONNECTION_REFUSED, Hang, Reply, Upstream, reply
from tests.clock import ManualClock
from tests.conversations.stage import Stage, build_message, build_text, open_stage

PICTURE = MediaFile(MEDIA_KINDS["image"], "7", "image/png", "picture.png")


@pytest.fixture
async def stage(sqlite: Database) -> AsyncIterator[Stage]:
    async with open_stage(sqlite) as stage:
        stage.chakra_files.contents["7"] = b"picture"
        yield stage


@pytest.fixture
def reader(stage: Stage) -> MessageReader:
    return MessageReader(stage.presenter.threads, stage.chakra_files, stage.harness.client.files)


async def test_giant_text_is_read_in_full(stage: Stage, reader: MessageReader) -> None:
    recorded = await stage.receive(build_text("§" * 60_000))
    view = await reader.read(recorded.id)
    assert json.dumps(view, ensure_ascii=False).count("§") == 60_000
    assert len(view["blocks"]) <= 100
    assert all(len(block["text"]["text"]) <= 3_000 for block in view["blocks"])


async def test_deleted_message_cannot_be_read(stage: Stage, reader: MessageReader) -> None:
    recorded = await stage.receive(
        build_message("wamid.1", "image", {"id": "7", "caption": "My card"})
    )
    await stage.receive(build_message("wamid.2", "revoke", {"original_message_id": "wamid.1"}))
    assert "My card" not in json.dumps(await reader.read(recorded.id))
    with pytest.raises(NotFound):
        await reader.show_file(recorded.id, "U0JOHN")


async def test_file_comes_as_a_direct_message(stage: Stage, reader: MessageReader) -> None:
    recorded = await stage.receive(build_message("wamid.1", "image", {"id": "7"}))
    answer = await reader.show_file(recorded.id, "U0JOHN")
    assert answer.text == "The picture is in your DM with Chakra."
    [shown] = stage.harness.list_messages("D0JOHN")
    assert [file.data for file in shown.files] == [b"picture"]
    assert collect_text(shown).startswith("From Asha Rao")


async def test_missing_file_is_explained(stage: Stage, reader: MessageReader) -> None:
    recorded = await stage.receive(build_message("wamid.1", "image", {"id": "8"}))
    assert (await reader.show_file(recorded.id, "U0JOHN")).text == "Gone."


@pytest.mark.parametrize("event_id", [0, 99])
async def test_unknown_message_is_not_found(reader: MessageReader, event_id: int) -> None:
    with pytest.raises(NotFound):
        await reader.read(event_id)


def build_found_reply(size: int | None = 7, url: str = "https://api.chakrahq.com/v1/file") -> Reply:
    return reply(200, {"id": "7", "url": url, "mime_type": "image/png", "file_size": size})


def build_content_reply(body: bytes = b"picture") -> Reply:
    return httpx.Response(200, content=body, headers={"Content-Type": "image/png"})


@pytest.mark.parametrize(
    ("replies", "shown"),
    [
        ([build_found_reply(), build_content_reply()], b"picture"),
        (
            [build_found_reply(url="https://lookaside.fbsbx.com/7"), build_content_reply()],
            b"picture",
        ),
        ([reply(404, {"_errors": ["Not found"]})], "Chakra no longer has this picture."),
        ([reply(400, {"_errors": ["Expired"]})], "Chakra no longer has this picture."),
        ([build_found_reply(30 * 1024 * 1024)], "This picture has 30 MB."),
        (
            [build_found_reply(None), build_content_reply(bytes(MAX_FILE_BYTES + 1))],
            "This picture is too large.",
        ),
    ],
    ids=["file", "url-of-meta", "gone", "expired", "30-mb", "size-unknown"],
)
async def test_file_is_loaded_or_explained(
    clock: ManualClock, replies: list[Reply], shown: bytes | str
) -> None:
    async with Upstream(replies).open_http(clock) as http:
        loaded = await CustomerFiles(MediaApi(http, "v24.0")).load(PICTURE)
    if isinstance(shown, bytes):
        assert loaded == LoadedFile("picture.png", shown)
    else:
        assert isinstance(loaded, Markup)
        assert loaded.startswith(shown)


async def test_file_without_an_id_is_explained(clock: ManualClock) -> None:
    async with Upstream([Hang]).open_http(clock) as http:
        loaded = await CustomerFiles(MediaApi(http, "v24.0")).load(replace(PICTURE, id=""))
    assert isinstance(loaded, Markup)


async def test_outage_is_raised(clock: ManualClock) -> None:
    async with Upstream([CONNECTION_REFUSED]).open_http(clock) as http, clock.running():
        with pytest.raises(Unavailable):
            await CustomerFiles(MediaApi(http, "v24.0")).load(PICTURE)
