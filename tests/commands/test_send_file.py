"""Stories of ``/chakra send`` with a file: chosen, put up, sent once; or not sent, and why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox.chakra.faults import DelayedResponse
from bot.sandbox.slack import LocalFile
from tests.clock import ManualClock
from tests.commands.send_file_scenarios import (
    CLIP,
    INVOICE,
    MEGABYTE,
    OFFER_VALUES,
    PICTURE,
    PNG,
    PROMO,
    SEND_ENDPOINT,
    UPLOAD_ENDPOINT,
    check_promo_form,
    download_count,
    fetch_public_file,
    find_block,
    open_promo_form,
    submit_files,
    submit_promo_form,
)
from tests.commands.send_scenarios import (
    DIRECT,
    JOHN,
    LOST_RESPONSE,
    READING_NUMBER,
    advance_until,
    choose_template,
    count_sent,
    enter_text,
    is_sent,
    open_form,
    read_last_message_text,
    read_report_text,
    read_view_text,
    run_command,
)
from tests.endpoints import PLUGIN, reaches
from tests.shared_world import shared_world
from tests.world import World

# --- it goes out ---------------------------------------------------------------------------------


@reaches(
    f"POST {PLUGIN}/upload-public-media",
    "media.upload",
    title="Upload Public Media",
    by="a file in the form of `/chakra send`",
)
async def test_selected_picture_is_sent_and_read(acme: World, clock: ManualClock) -> None:
    await open_promo_form(acme)
    assert await check_promo_form(acme, file=PICTURE) == {}
    assert "`tree.png`" in read_view_text(acme)
    assert await acme.confirm() == {}
    assert is_sent(acme)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    [sent] = acme.chakra.sends
    assert (sent.to, sent.template) == ("12025550100", PROMO)
    assert await fetch_public_file(sent.body["imageUrl"]) == ("image/png", PNG)
    assert "filename" not in sent.body
    await advance_until(acme, clock, lambda: "*Read* by" in read_report_text(acme))
    assert len(acme.slack.list_messages(JOHN, DIRECT)) == 1
    assert (
        download_count(acme),
        acme.chakra.count(UPLOAD_ENDPOINT),
        acme.chakra.count(SEND_ENDPOINT),
    ) == (1, 1, 1)


async def test_document_keeps_its_file_name(acme: World, clock: ManualClock) -> None:
    await open_form(acme, "order_update", "en_US")
    values = {"var_body_2": "17", "var_button_0_1": "17", "file": INVOICE}
    assert await submit_promo_form(acme, **values) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    body = acme.chakra.sends[0].body
    assert body["filename"] == "Invoice 17.pdf"
    assert await fetch_public_file(body["documentUrl"]) == ("application/pdf", INVOICE.data)


async def test_nine_megabyte_video_is_sent(acme: World, clock: ManualClock) -> None:
    await open_form(acme, "holi_offer", "en")
    assert await submit_promo_form(acme, **OFFER_VALUES, file=CLIP) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert (await fetch_public_file(acme.chakra.sends[0].body["videoUrl"]))[1] == CLIP.data


async def test_file_link_still_works(acme: World, clock: ManualClock) -> None:
    await open_promo_form(acme)
    assert await submit_promo_form(acme, media="https://acme.example/tree.png") == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert acme.chakra.sends[0].body["imageUrl"] == "https://acme.example/tree.png"
    assert (download_count(acme), acme.chakra.count(UPLOAD_ENDPOINT)) == (0, 0)


async def test_a_slow_chakra_does_not_delay_the_ack(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(UPLOAD_ENDPOINT, DelayedResponse(9))
    await open_promo_form(acme)
    await check_promo_form(acme, file=PICTURE)
    delivered = await acme.slack.submit(JOHN, {})
    assert delivered.seconds < 0.3
    assert "Sending to" in read_view_text(acme)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    assert count_sent(acme) == 1


# --- the form ------------------------------------------------------------------------------------


@shared_world
async def test_form_accepts_a_link_or_a_file_with_a_privacy_hint(acme: World) -> None:
    await open_promo_form(acme)
    link, upload = find_block(acme, "media"), find_block(acme, "file")
    assert (link["optional"], upload["optional"]) == (True, True)
    assert upload["element"]["type"] == "file_input"
    assert upload["element"]["max_files"] == 1
    assert set(upload["element"]["filetypes"]) == {"jpg", "jpeg", "png"}
    hint = upload["hint"]["text"]
    assert "JPEG or PNG up to 5 MB" in hint
    assert "anyone with the link can open the file" in hint
    await choose_template(acme, "holi_offer")
    assert "MP4 or 3GP up to 10 MB" in find_block(acme, "file")["hint"]["text"]
    await choose_template(acme, "login_otp")
    assert "file_input" not in str(acme.slack.find_view(JOHN))


@shared_world
async def test_the_preview_names_the_file(acme: World, clock: ManualClock) -> None:
    await open_promo_form(acme)
    assert "Picture  ‹file›" in read_view_text(acme)
    await submit_promo_form(acme, file=PICTURE, phone="12345")  # it stays open, with the file in it
    await enter_text(acme, clock, "var_body_1", "Jane")
    assert "`tree.png`" in read_view_text(acme)
    assert "Merry Christmas Jane" in read_view_text(acme)


async def test_file_stays_selected_after_a_validation_error(
    acme: World, clock: ManualClock
) -> None:
    await open_promo_form(acme)
    assert "too short" in (await submit_promo_form(acme, file=PICTURE, phone="12345"))["phone"]
    await enter_text(acme, clock, "var_body_1", "Jane")
    assert await acme.send({"phone": READING_NUMBER}) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)


@shared_world
@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({}, "media", "starting with https://, or choose a file"),
        ({"media": "https://x.example/a.png", "file": PICTURE}, "media", "not both"),
        ({"media": "tree.png"}, "media", "starting with https://"),
        (
            {"file": replace(PICTURE, data=bytes(6 * MEGABYTE))},
            "file",
            "This file is 6 MB; WhatsApp accepts up to 5 MB here. Choose a smaller one.",
        ),
        ({"file": replace(PICTURE, content_type="image/webp")}, "file", "accepts a JPEG or PNG"),
    ],
)
async def test_errors_are_shown_under_their_fields(
    acme: World, values: dict[str, Any], field: str, expected: str
) -> None:
    await open_promo_form(acme)
    errors = await submit_promo_form(acme, **values)
    assert list(errors) == [field]
    assert expected in errors[field]
    assert (
        download_count(acme),
        acme.chakra.count(UPLOAD_ENDPOINT),
        acme.chakra.count(SEND_ENDPOINT),
    ) == (0, 0, 0)
    assert acme.slack.find_view(JOHN) is not None


@shared_world
@pytest.mark.parametrize(
    ("template", "mimetype", "expected"),
    [
        (PROMO, "image/png", "This file is 30 MB; WhatsApp accepts up to 5 MB here."),
        ("holi_offer", "video/mp4", "This file is 30 MB; WhatsApp accepts up to 16 MB here."),
        ("order_update", "application/pdf", "forms accept up to 10 MB. Use a link instead."),
        ("order_update", "application/zip", "WhatsApp accepts a PDF, text, Word, Excel"),
    ],
)
async def test_oversized_file_is_rejected_before_download(
    acme: World, template: str, mimetype: str, expected: str
) -> None:
    language = "en" if template == "holi_offer" else "en_US"
    await open_form(acme, template, language)
    huge = {"id": "F0HUGE", "name": "a.bin", "mimetype": mimetype, "size": 30 * MEGABYTE}
    errors = await submit_files(acme, huge)
    assert expected in errors["file"]
    assert (download_count(acme), acme.chakra.count(UPLOAD_ENDPOINT), count_sent(acme)) == (0, 0, 0)


@shared_world
async def test_only_one_file_is_accepted(acme: World) -> None:
    await open_promo_form(acme)
    one = {"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 7}
    assert "one file only" in (await submit_files(acme, one, {**one, "id": "F2"}))["file"]


async def test_missing_file_metadata_is_fetched_before_download(
    acme: World, clock: ManualClock
) -> None:
    """Files of Slack Connect come without name, type and size."""
    large = acme.slack.workspace.files.add(JOHN, replace(PICTURE, data=bytes(6 * MEGABYTE)))
    acme.slack.workspace.files.reveal_to_app([large.id])
    await open_promo_form(acme)
    assert await submit_files(acme, {"id": large.id, "file_access": "check_file_info"}) == {}
    await advance_until(acme, clock, lambda: "Not sent" in read_last_message_text(acme))
    assert "WhatsApp accepts up to 5 MB here" in read_last_message_text(acme)
    assert (download_count(acme), acme.chakra.count(UPLOAD_ENDPOINT), count_sent(acme)) == (0, 0, 0)


# --- once ----------------------------------------------------------------------------------------


async def test_duplicate_submission_uploads_and_sends_once(acme: World, clock: ManualClock) -> None:
    await open_promo_form(acme)
    await check_promo_form(acme, file=PICTURE)
    await asyncio.gather(*(acme.slack.submit(JOHN, {}) for _ in range(2)), return_exceptions=True)
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    assert (count_sent(acme), acme.chakra.count(UPLOAD_ENDPOINT), download_count(acme)) == (1, 1, 1)


async def test_same_file_again_asks_for_confirmation(acme: World, clock: ManualClock) -> None:
    for step in (submit_promo_form, check_promo_form):
        await open_promo_form(acme)
        assert await step(acme, file=PICTURE) == {}
        await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert "sent this same message to this recipient" in read_view_text(acme)
    assert "`tree.png`" in read_view_text(acme)
    assert acme.chakra.count(UPLOAD_ENDPOINT) == 1
    assert await acme.confirm() == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)
    assert (await fetch_public_file(acme.chakra.sends[1].body["imageUrl"]))[1] == PNG


@pytest.mark.parametrize(
    "other",
    [
        replace(PICTURE, data=PNG + b"more"),
        replace(PICTURE, name="star.png"),
        replace(PICTURE, name="tree.jpg", content_type="image/jpeg"),
    ],
)
async def test_another_file_is_another_message(
    acme: World, clock: ManualClock, other: LocalFile
) -> None:
    await open_promo_form(acme)
    await submit_promo_form(acme, file=PICTURE)
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await open_promo_form(acme)
    assert await submit_promo_form(acme, file=other) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 2)


async def test_ambiguous_file_send_is_unknown(acme: World, clock: ManualClock) -> None:
    await open_promo_form(acme)
    await submit_promo_form(acme, file=PICTURE, phone=LOST_RESPONSE)
    await advance_until(
        acme, clock, lambda: "We don't know whether" in read_last_message_text(acme)
    )
    assert (acme.chakra.count(UPLOAD_ENDPOINT), count_sent(acme)) == (1, 1)


# --- the typed line ------------------------------------------------------------------------------


async def test_command_line_accepts_a_link_and_opens_the_form_without_one(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, f"{PROMO} {READING_NUMBER} 1=Jane media=https://acme.example/tree.png")
    assert "tree.png" in read_view_text(acme)
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    await run_command(acme, f"{PROMO} {READING_NUMBER} 1=Jane")
    assert "Picture: or a file" in read_view_text(acme)


@shared_world
async def test_command_line_accepts_no_file(acme: World) -> None:
    await run_command(acme, f"{PROMO} {READING_NUMBER} 1=Jane file=tree.png")
    assert "Files can only be chosen in the form" in read_view_text(acme)
    assert count_sent(acme) == 0
