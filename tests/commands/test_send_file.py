"""Stories of ``/chakra send`` with a file: chosen, put up, sent once; or not sent, and why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox.chakra.faults import DelayedResponse
from bot.sandbox.slack import LocalFile
from tests.clock import ManualClock
from tests.commands.file_stories import (
    CLIP,
    INVOICE,
    MEGABYTE,
    OFFER,
    PICTURE,
    PNG,
    PROMO,
    PUT_UP,
    SEND,
    block,
    downloads,
    posted,
    promo,
    read,
    submitted,
)
from tests.commands.send_stories import (
    DIRECT,
    JOHN,
    LOST,
    READS,
    chosen,
    entered,
    line,
    opened,
    out,
    report,
    typed,
    until,
    view,
)
from tests.world import World

# --- it goes out ---------------------------------------------------------------------------------


async def test_choose_a_picture_send_it_and_it_is_read(acme: World, clock: ManualClock) -> None:
    await promo(acme)
    assert await submitted(acme, file=PICTURE) == {}
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    [sent] = acme.chakra.sends
    assert (sent.to, sent.template) == ("12025550100", PROMO)
    assert await read(sent.body["imageUrl"]) == ("image/png", PNG)
    assert "filename" not in sent.body
    await until(acme, clock, lambda: "Read:" in report(acme))
    assert len(acme.slack.messages(JOHN, DIRECT)) == 1
    assert (downloads(acme), acme.chakra.count(PUT_UP), acme.chakra.count(SEND)) == (1, 1, 1)


async def test_a_document_keeps_its_name(acme: World, clock: ManualClock) -> None:
    await opened(acme, "order_update", "en_US")
    values = {"var_body_2": "17", "var_button_0_1": "17", "file": INVOICE}
    assert await submitted(acme, **values) == {}
    await until(acme, clock, lambda: out(acme) == 1)
    body = acme.chakra.sends[0].body
    assert body["filename"] == "Invoice 17.pdf"
    assert await read(body["documentUrl"]) == ("application/pdf", INVOICE.data)


async def test_a_video_of_nine_megabytes_goes(acme: World, clock: ManualClock) -> None:
    await opened(acme, "holi_offer", "en")
    assert await submitted(acme, **OFFER, file=CLIP) == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert (await read(acme.chakra.sends[0].body["videoUrl"]))[1] == CLIP.data


async def test_a_link_does_as_before(acme: World, clock: ManualClock) -> None:
    await promo(acme)
    assert await submitted(acme, media="https://acme.example/tree.png") == {}
    await until(acme, clock, lambda: out(acme) == 1)
    assert acme.chakra.sends[0].body["imageUrl"] == "https://acme.example/tree.png"
    assert (downloads(acme), acme.chakra.count(PUT_UP)) == (0, 0)


async def test_a_slow_chakra_does_not_delay_the_ack(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(PUT_UP, DelayedResponse(9))
    await promo(acme)
    delivered = await acme.slack.submit(
        JOHN, {"phone": READS, "var_body_1": "Jane", "file": PICTURE}
    )
    assert delivered.seconds < 0.3
    assert acme.slack.view(JOHN) is None
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    assert out(acme) == 1


# --- the form ------------------------------------------------------------------------------------


async def test_the_form_takes_a_link_or_a_file_and_says_who_can_open_it(acme: World) -> None:
    await promo(acme)
    link, upload = block(acme, "media"), block(acme, "file")
    assert (link["optional"], upload["optional"]) == (True, True)
    assert upload["element"]["type"] == "file_input"
    assert upload["element"]["max_files"] == 1
    assert set(upload["element"]["filetypes"]) == {"jpg", "jpeg", "png"}
    hint = upload["hint"]["text"]
    assert "JPEG or PNG up to 5 MB" in hint
    assert "anyone with the link can open the file" in hint
    await chosen(acme, "holi_offer")
    assert "MP4 or 3GP up to 10 MB" in block(acme, "file")["hint"]["text"]
    await chosen(acme, "login_otp")
    assert "file_input" not in str(acme.slack.view(JOHN))


async def test_the_preview_names_the_file(acme: World, clock: ManualClock) -> None:
    await promo(acme)
    assert "Picture  ‹file›" in view(acme)
    await submitted(acme, file=PICTURE, phone="12345")  # it stays open, with the file in it
    await entered(acme, clock, "var_body_1", "Jane")
    assert "`tree.png`" in view(acme)
    assert "Merry Christmas Jane" in view(acme)


async def test_the_file_stays_in_the_form_while_it_is_corrected(
    acme: World, clock: ManualClock
) -> None:
    await promo(acme)
    assert "too short" in (await submitted(acme, file=PICTURE, phone="12345"))["phone"]
    await entered(acme, clock, "var_body_1", "Jane")
    delivered = await acme.slack.submit(JOHN, {"phone": READS})
    assert delivered.errors == {}
    await until(acme, clock, lambda: out(acme) == 1)


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
    await promo(acme)
    errors = await submitted(acme, **values)
    assert list(errors) == [field]
    assert expected in errors[field]
    assert (downloads(acme), acme.chakra.count(PUT_UP), acme.chakra.count(SEND)) == (0, 0, 0)
    assert acme.slack.view(JOHN) is not None


@pytest.mark.parametrize(
    ("template", "mimetype", "expected"),
    [
        (PROMO, "image/png", "This file is 30 MB; WhatsApp accepts up to 5 MB here."),
        ("holi_offer", "video/mp4", "This file is 30 MB; WhatsApp accepts up to 16 MB here."),
        ("order_update", "application/pdf", "forms accept up to 10 MB. Use a link instead."),
        ("order_update", "application/zip", "WhatsApp accepts a PDF, text, Word, Excel"),
    ],
)
async def test_thirty_megabytes_are_refused_before_anything_is_fetched(
    acme: World, template: str, mimetype: str, expected: str
) -> None:
    language = "en" if template == "holi_offer" else "en_US"
    await opened(acme, template, language)
    huge = {"id": "F0HUGE", "name": "a.bin", "mimetype": mimetype, "size": 30 * MEGABYTE}
    errors = await posted(acme, huge)
    assert expected in errors["file"]
    assert (downloads(acme), acme.chakra.count(PUT_UP), out(acme)) == (0, 0, 0)


async def test_one_file_only(acme: World) -> None:
    await promo(acme)
    one = {"id": "F1", "name": "a.png", "mimetype": "image/png", "size": 7}
    assert "one file only" in (await posted(acme, one, {**one, "id": "F2"}))["file"]


async def test_what_the_form_did_not_say_is_asked_before_it_is_fetched(
    acme: World, clock: ManualClock
) -> None:
    """Files of Slack Connect come without name, type and size."""
    large = acme.slack.workspace.files.add(JOHN, replace(PICTURE, data=bytes(6 * MEGABYTE)))
    acme.slack.workspace.files.reveal_to_app([large.id])
    await promo(acme)
    assert await posted(acme, {"id": large.id, "file_access": "check_file_info"}) == {}
    await until(acme, clock, lambda: "Not sent" in line(acme))
    assert "WhatsApp accepts up to 5 MB here" in line(acme)
    assert (downloads(acme), acme.chakra.count(PUT_UP), out(acme)) == (0, 0, 0)


# --- once ----------------------------------------------------------------------------------------


async def test_a_submission_that_comes_twice_puts_up_and_sends_once(
    acme: World, clock: ManualClock
) -> None:
    await promo(acme)
    values: dict[str, Any] = {"phone": READS, "var_body_1": "Jane", "file": PICTURE}
    await asyncio.gather(
        acme.slack.submit(JOHN, values), acme.slack.submit(JOHN, values), return_exceptions=True
    )
    await until(acme, clock, lambda: "WhatsApp has it" in line(acme))
    assert (out(acme), acme.chakra.count(PUT_UP), downloads(acme)) == (1, 1, 1)


async def test_the_same_file_chosen_again_asks_first(acme: World, clock: ManualClock) -> None:
    for _ in range(2):
        await promo(acme)
        assert await submitted(acme, file=PICTURE) == {}
        await until(acme, clock, lambda: out(acme) == 1)
    assert "sent this same message to this recipient" in view(acme)
    assert "`tree.png`" in view(acme)
    assert acme.chakra.count(PUT_UP) == 1
    delivered = await acme.slack.submit(JOHN, {})  # the file is still in the form
    assert delivered.errors == {}
    await until(acme, clock, lambda: out(acme) == 2)
    assert (await read(acme.chakra.sends[1].body["imageUrl"]))[1] == PNG


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
    await promo(acme)
    await submitted(acme, file=PICTURE)
    await until(acme, clock, lambda: out(acme) == 1)
    await promo(acme)
    assert await submitted(acme, file=other) == {}
    await until(acme, clock, lambda: out(acme) == 2)


async def test_what_may_have_gone_out_is_still_unknown(acme: World, clock: ManualClock) -> None:
    await promo(acme)
    await submitted(acme, file=PICTURE, phone=LOST)
    await until(acme, clock, lambda: "We don't know whether" in line(acme))
    assert (acme.chakra.count(PUT_UP), out(acme)) == (1, 1)


# --- the typed line ------------------------------------------------------------------------------


async def test_a_line_takes_a_link_and_leads_to_the_form_without_one(
    acme: World, clock: ManualClock
) -> None:
    shown = await typed(acme, f"{PROMO} {READS} 1=Jane media=https://acme.example/tree.png")
    assert "tree.png" in str(shown)
    await acme.slack.press(JOHN, "send.confirm")
    await until(acme, clock, lambda: out(acme) == 1)
    await typed(acme, f"{PROMO} {READS} 1=Jane")
    assert "Picture: or a file" in view(acme)


async def test_a_line_takes_no_file(acme: World) -> None:
    await typed(acme, f"{PROMO} {READS} 1=Jane file=tree.png")
    assert "Files can only be chosen in the form" in line(acme)
    assert acme.slack.view(JOHN) is None
