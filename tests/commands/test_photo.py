"""Stories of ``/chakra photo``: shown to one person, and uploaded once, for a record or alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox.chakra.faults import (
    Hang,
    ResetAfterHandling,
    ResetBeforeHandling,
    StatusResponse,
)
from bot.sandbox.chakra.photos import SEED_PHOTOS
from bot.sandbox.slack import LocalFile, collect_text
from tests.endpoints import reaches
from tests.media.pictures import build_jpeg, build_png
from tests.people import JOHN, MEI, SALES
from tests.shared_world import shared_world
from tests.world import World

DIRECT = "D0JOHN"
PHOTO = SEED_PHOTOS[0][0]
FETCH = "GET /v1/ext/photo/{photoId}"
UPLOAD = "POST /v1/ext/photo/{photoId}"
UPDATE = "PUT /v1/ext/procedure/{procedureShortId}/process/{processId}"
SHOP = LocalFile("Shop front.png", "image/png", build_png(40, 30))


def get_stored(acme: World, key: str = "LEAD-004038") -> dict[str, Any]:
    return dict(acme.chakra.records.find(key)["data"])


def add_marias(acme: World) -> None:
    for key in ("LEAD-M1", "LEAD-M2"):
        acme.chakra.add_lead(key, name="Maria Lopez")


def read_form(acme: World) -> str:
    return collect_text(acme.slack.find_view(JOHN) or {})


async def upload(acme: World, file: LocalFile = SHOP, **values: Any) -> dict[str, str]:
    """Fill in the form, and confirm what it shows; return the sentences under its fields."""
    return await acme.submit({"file": file, **values}) or await acme.submit({})


# --- showing -------------------------------------------------------------------------------------


@reaches(
    "GET /v1/ext/photo/{photoId}", "photos.fetch", title="Fetch Photo", by="`/chakra photo <ID>`"
)
@shared_world
@pytest.mark.parametrize("typed", [f"photo {PHOTO}", f"photo `{PHOTO}`", "photo LEAD-004039",
                                   "photos of lead LEAD-004039", "photo sofia",
                                   "show me the photo of sofia", "photo for the lead LEAD-004039",
                                   f"show photo {PHOTO.upper()}"])  # fmt: skip
async def test_photo_comes_as_a_direct_message(acme: World, typed: str) -> None:
    answer = await acme.type(f"/chakra {typed}", by=MEI)
    assert collect_text(answer) == "The photo is in your DM with Chakra."
    assert answer.ephemeral
    [shown] = acme.slack.list_messages(MEI, "D0MEI")
    [file] = shown.files
    found = acme.chakra.photos.find(PHOTO)
    assert found is not None
    assert (file.data, file.content_type) == (found.content, "image/png")


async def test_description_is_shown_if_chakra_sends_no_more(acme: World) -> None:
    acme.chakra.photos.answers_object = True
    shown = collect_text(await acme.type(f"/chakra photo {PHOTO}"))
    for text in (PHOTO, "filename", "shop_front", "isPublic", "false", "doesn't send it"):
        assert text in shown


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("photo 00000000-0000-0000-0000-00000000beef", "Can't find photo"),
        ("photo LEAD-004038", "It has no photo yet."),
        ("photo NOPE-99", "Can't find lead"),
        ("photo zzqq", "Can't find lead"),
        ("photo upload NOPE-99", "Can't find lead"),
        ("photo ../config", "Can't find lead"),
        ("photo maria", 'Several records match "maria"'),
        ("photo LEAD-004039 share", "A photo is shown only to you."),
        ("photo me", "A colleague's picture is on their card."),
        ("photo <@U0MEI>", "A colleague's picture is on their card."),
    ],
)
async def test_what_cannot_be_found_is_named(acme: World, typed: str, sentence: str) -> None:
    add_marias(acme)
    assert sentence in collect_text(await acme.type(f"/chakra {typed}"))
    assert acme.slack.list_messages(JOHN, DIRECT) == []


@shared_world
async def test_card_shows_its_photo_by_a_button(acme: World) -> None:
    card = await acme.type("/chakra lead LEAD-004039")
    assert "Show Site Photo" in collect_text(card)
    assert PHOTO not in collect_text(card)
    await acme.press("photo.show:1")
    assert len(acme.slack.list_messages(JOHN, DIRECT)) == 1


@shared_world
async def test_outage_is_explained(acme: World) -> None:
    acme.chakra.fail(FETCH, StatusResponse(403))
    assert "Chakra" in collect_text(await acme.type(f"/chakra photo {PHOTO}"))


# --- uploading -----------------------------------------------------------------------------------


@reaches(
    "POST /v1/ext/photo/{photoId}",
    "photos.upload",
    title="Upload Photo With Id",
    by="`/chakra photo`, and Add photo on a record's card",
)
async def test_photo_is_shown_before_it_is_uploaded(acme: World) -> None:
    await acme.type("/chakra photo")
    assert await acme.submit({"file": SHOP}) == {}
    for text in ("Shop front.png", "PNG, 40 × 30", "without a record"):
        assert text in read_form(acme)
    assert acme.chakra.count(UPLOAD) == 0
    await acme.submit({})
    said = collect_text(acme.find_shown())
    assert "The photo is in Chakra" in said
    await acme.press("photo.show")
    [shown] = acme.slack.list_messages(JOHN, DIRECT)
    assert shown.files[0].data == SHOP.data
    photo = acme.chakra.photos.find(said.split("`")[1])
    assert photo is not None
    assert (photo.filename, photo.filetype) == ("Shop front.png", "png")


@shared_world
@pytest.mark.parametrize("typed", ["add photo to LEAD-004038", "photo upload for aarav"])
async def test_record_of_a_typed_line_is_in_the_form(acme: World, typed: str) -> None:
    await acme.type(f"/chakra {typed}")
    assert "LEAD-004038" in read_form(acme)


async def test_type_is_that_of_the_bytes(acme: World) -> None:
    await acme.type("/chakra upload a photo")
    assert await upload(acme, LocalFile("card.png", "image/png", build_jpeg())) == {}
    photo = acme.chakra.photos.find(collect_text(acme.find_shown()).split("`")[1])
    assert photo is not None
    assert (photo.filename, photo.filetype, photo.media_type) == ("card.jpg", "jpg", "image/jpeg")


async def test_photo_of_a_record_is_added_from_its_card(acme: World) -> None:
    await acme.type("/chakra lead LEAD-004038")
    await acme.press("photo.add")
    await acme.submit({"file": SHOP})
    assert "Aarav Mehta  ·  LEAD-004038" in read_form(acme).replace("*", "")
    await acme.submit({})
    assert "Site Photo of LEAD-004038" in collect_text(acme.find_shown()).replace("*", "")
    photo = acme.chakra.photos.find(get_stored(acme)["site_photo"])
    assert photo is not None
    assert photo.content == SHOP.data


@pytest.mark.parametrize("key", ["A/B", "50%", "two words", "..", "Ä.1"])
async def test_photo_goes_to_the_record_of_the_card_whatever_its_key(acme: World, key: str) -> None:
    lead_id = acme.chakra.add_lead(key, name="Odd Key", score=1)
    await acme.type("/chakra lead Odd Key")
    await acme.press("photo.add")
    await upload(acme)
    assert get_stored(acme, key)["site_photo"]
    assert acme.chakra.count(UPDATE) == 1
    assert any(request.path.endswith(lead_id) for request in acme.chakra.requests)


@shared_world
async def test_present_photo_is_named_before_it_is_replaced(acme: World) -> None:
    await acme.type("/chakra photo add sofia")
    await acme.submit({"file": SHOP})
    assert "replaces the current photo: Site Photo" in read_form(acme)


async def test_record_that_changed_since_the_check_is_shown_again(acme: World) -> None:
    await acme.type("/chakra photo upload LEAD-004038")
    await acme.submit({"file": SHOP})
    acme.chakra.records.change("LEAD-004038", score=90)
    await acme.submit({})
    assert "has changed in Chakra" in read_form(acme)
    assert acme.chakra.count(UPLOAD) == 0
    await acme.submit({})
    assert get_stored(acme)["site_photo"]


@shared_world
@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (LocalFile("a.png", "image/png", b"<svg xmlns='x'></svg>"), "an SVG drawing"),
        (LocalFile("a.png", "image/png", b"<!doctype html><p>"), "a web page"),
        (LocalFile("a.png", "image/png", build_png()[:-4]), "incomplete"),
        (LocalFile("a.png", "image/png", build_png(50_000, 50_000)), "50,000"),
        (LocalFile("a.jpg", "image/jpeg", b"%PDF-1.4"), "a PDF document"),
    ],
)
async def test_what_is_no_photo_is_refused(acme: World, file: LocalFile, sentence: str) -> None:
    await acme.type("/chakra photo")
    assert sentence in (await acme.submit({"file": file}))["file"]
    assert acme.chakra.count(UPLOAD) == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("lead NOPE-1", "There's no record"), ("maria", "Several records match")],
)
async def test_unclear_record_is_named_under_its_field(
    acme: World, typed: str, sentence: str
) -> None:
    add_marias(acme)
    await acme.type("/chakra photo")
    assert sentence in (await acme.submit({"file": SHOP, "record": typed}))["record"]


@shared_world
async def test_member_who_may_not_edit_can_look_only(acme: World) -> None:
    assert "sender" in collect_text(await acme.type("/chakra photo", by=MEI))
    assert "Add photo" not in collect_text(await acme.type("/chakra lead LEAD-004038", by=MEI))


# --- once ----------------------------------------------------------------------------------------


async def test_same_photo_again_is_asked_about(acme: World) -> None:
    for _ in range(2):
        await acme.type("/chakra photo")
        await upload(acme)
    assert "did exactly this" in read_form(acme)
    assert acme.chakra.count(UPLOAD) == 1
    await acme.submit({})
    assert acme.chakra.count(UPLOAD) == 2


async def test_upload_that_arrived_without_an_answer_is_found(acme: World) -> None:
    acme.chakra.fail(UPLOAD, ResetAfterHandling())
    await acme.type("/chakra photo upload LEAD-004038")
    await upload(acme)
    assert "The photo is in Chakra" in collect_text(acme.find_shown())
    assert get_stored(acme)["site_photo"]


@pytest.mark.parametrize("fault", [ResetAfterHandling(), ResetBeforeHandling()])
async def test_repeat_after_an_unknown_outcome_makes_one_photo(acme: World, fault: Any) -> None:
    before = len(acme.chakra.photos)
    acme.chakra.fail(UPLOAD, fault, 1)
    acme.chakra.fail(FETCH, StatusResponse(403), 1)
    await acme.type("/chakra photo upload LEAD-004038")
    await upload(acme)
    said = collect_text(acme.find_shown())
    assert "We don't know whether Chakra has the photo." in said
    assert "it can't be there twice" in said
    assert "The photo is in Chakra" in collect_text(await acme.press("photo.retry"))
    assert len(acme.chakra.photos) == before + 1
    assert get_stored(acme)["site_photo"]


async def test_form_says_that_a_slow_upload_is_not_confirmed(acme: World) -> None:
    await acme.type("/chakra photo")
    await acme.submit({"file": SHOP})
    acme.chakra.fail(UPLOAD, Hang())
    async with acme.clock.running():
        await acme.slack.submit(JOHN, {})
        await acme.slack.wait_until(lambda: "Not confirmed" in read_form(acme))
    assert "We don't know whether Chakra has it." in read_form(acme)


@reaches(
    "POST /v1/ext/photo",
    "photos.upload_new",
    title="Upload Photo",
    by="`/chakra photo`, if Chakra takes no ID",
)
async def test_chakra_that_takes_no_id_gives_one(acme: World) -> None:
    acme.chakra.fail(UPLOAD, StatusResponse(404))
    await acme.type("/chakra photo upload LEAD-004038")
    await upload(acme)
    assert "The photo is in Chakra" in collect_text(acme.find_shown())
    photo = acme.chakra.photos.find(get_stored(acme)["site_photo"])
    assert photo is not None
    assert photo.content == SHOP.data


async def test_upload_without_an_id_is_not_repeated(acme: World) -> None:
    acme.chakra.fail(UPLOAD, StatusResponse(405))
    acme.chakra.fail("POST /v1/ext/photo", ResetAfterHandling())
    await acme.type("/chakra photo")
    await upload(acme)
    said = collect_text(acme.find_shown())
    assert "it could be there twice" in said
    assert "Try again" not in said


async def test_photo_without_its_record_can_be_set_again(acme: World) -> None:
    acme.chakra.fail(UPDATE, StatusResponse(400), 1)
    await acme.type("/chakra photo upload LEAD-004038")
    await upload(acme)
    assert "the record doesn't have it" in collect_text(acme.find_shown())
    await acme.press("photo.retry")
    assert acme.chakra.count(UPLOAD) == 1
    assert get_stored(acme)["site_photo"]


async def test_lost_answer_of_the_record_is_shown(acme: World) -> None:
    acme.chakra.fail(UPDATE, ResetAfterHandling(), 1)
    await acme.type("/chakra photo upload LEAD-004038")
    await upload(acme)
    assert "we don't know whether the record has it" in collect_text(acme.find_shown())
    assert "Site Photo" in collect_text(await acme.press("photo.retry"))


# --- from a message ------------------------------------------------------------------------------


async def test_picture_of_another_workspace_is_offered(acme: World) -> None:
    await acme.slack.invite_app(JOHN, "C0PARTNERS")
    message = acme.slack.posted.post_file(MEI, "C0PARTNERS", SHOP)
    await acme.slack.use_message_shortcut(JOHN, "bulk.message", message.id)
    await acme.wait_until_idle()
    assert "Upload a photo" in read_form(acme)
    await acme.submit({})
    assert "Shop front.png" in read_form(acme)


@shared_world
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (build_png(padding=50 * 1024 * 1024), "has 50.0 MB. Photos may have 10.0 MB"),
        (b"", "is empty: it has 0 bytes."),
    ],
    ids=["50 MB", "empty"],
)
async def test_unusable_picture_of_a_message_is_refused(
    acme: World, content: bytes, sentence: str
) -> None:
    file = LocalFile("big.png", "image/png", content)
    message = acme.slack.posted.post_file(MEI, SALES, file)
    await acme.slack.use_message_shortcut(JOHN, "bulk.message", message.id)
    await acme.wait_until_idle()
    assert sentence in (await acme.submit({}))["file"]
    assert not any(call.method == "download" for call in acme.slack.calls)


async def test_photo_that_chakra_finds_too_large_is_explained(acme: World) -> None:
    acme.chakra.fail(UPLOAD, StatusResponse(413))
    await acme.type("/chakra photo")
    await upload(acme)
    assert "too large for Chakra" in read_form(acme)


async def test_photo_that_was_deleted_since_the_check_is_chosen_again(acme: World) -> None:
    await acme.type("/chakra photo upload LEAD-004038")
    await acme.submit({"file": SHOP})
    acme.slack.fail("files.info", error="file_deleted")
    await acme.submit({})
    assert "Slack no longer has Shop front.png" in read_form(acme)
    assert "link" not in read_form(acme)
    assert acme.chakra.count(UPLOAD) == 0
    assert await upload(acme) == {}
    assert get_stored(acme)["site_photo"]


async def test_pictures_of_a_message_are_offered(acme: World) -> None:
    posted = acme.slack.posted
    first = posted.post_file(MEI, SALES, SHOP)
    second = posted.post_file(MEI, SALES, LocalFile("card.jpg", "image/jpeg", build_jpeg()))
    files = (*first.content.files, *second.content.files)
    message = acme.slack.workspace.messages.replace(first, replace(first.content, files=files))
    await acme.slack.use_message_shortcut(JOHN, "bulk.message", message.id)
    await acme.wait_until_idle()
    assert "card.jpg" in read_form(acme)
    await acme.submit({"file": files[1].id, "record": "LEAD-004038"})
    await acme.submit({})
    photo = acme.chakra.photos.find(get_stored(acme)["site_photo"])
    assert photo is not None
    assert photo.content == build_jpeg()
