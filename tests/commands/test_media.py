"""Stories of ``/chakra media``: a customer's file, shown to one person by what its bytes are."""

from __future__ import annotations

import pytest

from bot.media.content import identify
from bot.media.whatsapp_files import choose_extension
from bot.sandbox.chakra.faults import InvalidJsonBody, StatusResponse
from bot.sandbox.slack import collect_text
from tests.endpoints import reaches
from tests.media.pictures import build_jpeg, build_png
from tests.people import JOHN, MEI
from tests.shared_world import shared_world
from tests.world import World

DIRECT = "D0JOHN"
FETCH = "GET /v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}"
SHOW = "GET /v2/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}/show"
ATTACHMENT = "GET /v1/whatsapp/{whatsappApiVersion}/attachments"
MEGABYTE = 1024 * 1024


@reaches(
    "GET /v1/whatsapp/{whatsappApiVersion}/attachments",
    "media.copy_from_url",
    title="Show WhatsApp Media Attachments",
    by="`/chakra media <ID>`, if Fetch WhatsApp Media names this address",
)
@reaches(
    "GET /v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}",
    "media.fetch",
    title="Fetch WhatsApp Media",
    by="`/chakra media <ID>`",
)
@pytest.mark.parametrize(
    ("content", "media_type", "ending", "noun"),
    [
        (build_png(), "image/png", "png", "picture"),
        (build_jpeg(), "image/png", "jpg", "picture"),
        (b"OggS voice", "audio/ogg; codecs=opus", "ogg", "audio file"),
        (b"\0\0\0\x18ftypmp42 film", "video/mp4", "mp4", "video"),
        (b"%PDF-1.7 invoice", "application/pdf", "pdf", "file"),
        (b"%PDF-1.7" + bytes(30 * MEGABYTE), "application/pdf", "pdf", "file"),
    ],
    ids=["png", "jpeg", "voice", "video", "pdf", "30 MB"],
)
async def test_file_comes_as_a_direct_message(
    acme: World, content: bytes, media_type: str, ending: str, noun: str
) -> None:
    media_id = acme.chakra.add_media(content, media_type)
    answer = await acme.type(f"/chakra media {media_id}")
    assert collect_text(answer) == f"The {noun} is in your DM with Chakra."
    [shown] = acme.slack.list_messages(JOHN, DIRECT)
    [file] = shown.files
    assert file.data == content
    assert file.name == f"whatsapp-{media_id[-6:]}.{ending}"
    assert media_id in shown.text


@pytest.mark.parametrize(
    "typed",
    [
        "`{}`",
        "#{}",
        "ID: {}",
        "the file {}.",
        "show me {}",
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={}&ext=17&hash=AT",
    ],
)
async def test_id_is_read_as_people_have_it(acme: World, typed: str) -> None:
    media_id = acme.chakra.add_media(build_png(), "image/png")
    await acme.type(f"/chakra media {typed.format(media_id)}")
    [shown] = acme.slack.list_messages(JOHN, DIRECT)
    assert shown.files[0].data == build_png()


async def test_what_it_is_comes_before_what_it_is_declared_as(acme: World) -> None:
    media_id = acme.chakra.add_media(b"<!doctype html><script>x()</script>", "image/jpeg")
    await acme.type(f"/chakra media {media_id}")
    [shown] = acme.slack.list_messages(JOHN, DIRECT)
    assert shown.files[0].name.endswith(".txt")
    assert "is declared as `image/jpeg`, but it is a web page" in shown.text


@reaches(
    "GET /v2/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}/show",
    "media.download",
    title="Show WhatsApp Media",
    by="`/chakra media <ID>`, and customers' files in their threads",
)
@pytest.mark.parametrize("endpoint", [FETCH, ATTACHMENT])
async def test_other_endpoint_is_used_if_one_answers_oddly(acme: World, endpoint: str) -> None:
    media_id = acme.chakra.add_media(build_png(), "image/png")
    acme.chakra.fail(endpoint, InvalidJsonBody())
    await acme.type(f"/chakra media {media_id}")
    [shown] = acme.slack.list_messages(JOHN, DIRECT)
    assert shown.files[0].data == build_png()
    assert acme.chakra.count(SHOW) == 1


@shared_world
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("media", "Which file?"),
        ("media wamid.HBgM", "That's the ID of a message."),
        ("media hello", "isn't a media ID"),
        ("media 1037543291543636 share", "A file is shown only to you."),
        ("media 1/../../config", "isn't a media ID"),
        ("media 1037543291543636 1037543291543637", "isn't a media ID"),
        ("media https://x.test/?mid=1037543291543636/../config", "isn't a media ID"),
        ("media 404404404404", "has no file with the ID `404404404404`"),
    ],
)
async def test_what_cannot_be_shown_is_named(acme: World, typed: str, sentence: str) -> None:
    assert sentence in collect_text(await acme.type(f"/chakra {typed}"))
    assert acme.slack.list_messages(JOHN, DIRECT) == []


@shared_world
async def test_file_that_is_gone_is_explained(acme: World) -> None:
    media_id = acme.chakra.add_media(build_png(), "image/png")
    acme.chakra.delete_media(media_id)
    shown = collect_text(await acme.type(f"/chakra media {media_id}"))
    assert "WhatsApp deletes files after a while" in shown


@shared_world
async def test_outage_is_no_missing_file(acme: World) -> None:
    acme.chakra.fail(FETCH, StatusResponse(403))
    shown = collect_text(await acme.type("/chakra media 1037543291543636"))
    assert "no file" not in shown
    assert "Chakra" in shown


async def test_member_who_may_not_send_sees_no_file(acme: World) -> None:
    media_id = acme.chakra.add_media(build_png(), "image/png")
    shown = collect_text(await acme.type(f"/chakra media {media_id}", by=MEI))
    assert "Customers' files are for people who may send." in shown
    assert acme.chakra.count(FETCH) == 0


@pytest.mark.parametrize(
    ("head", "declared", "ending"),
    [
        (
            b"PK\x03\x04",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "docx",
        ),
        (b"PK\x03\x04", "image/png", "zip"),
        (b"\0\0\0\x18ftypM4A ", "audio/mp4", "m4a"),
        (b"\0\0\0\x18ftypisom", "audio/mp4", "m4a"),
        (b"MZ\x90", "application/pdf", "bin"),
        (b"name,city\n", "text/plain", "txt"),
        (b"??", "", "bin"),
        (b"??", "no such/type", "bin"),
        (b"??", "image/webp", "webp"),
    ],
)
def test_ending_is_that_of_the_content(head: bytes, declared: str, ending: str) -> None:
    assert choose_extension(identify(head), declared) == ending
