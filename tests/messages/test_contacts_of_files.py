"""Contacts in emails, snippets, forwarded messages, other apps' messages and links of buttons."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.contacts import describe_missing_contacts, extract_contacts
from bot.sandbox.slack import Email, LocalFile, MessageContent, collect_text
from bot.text.phones import PhoneParser
from tests.people import JOHN, PRIYA, SALES
from tests.world import World

ANN, BEN = "+919876543210", "+919876543211"
ANN_LINK = "https://wa.me/919876543210"
EMAIL: dict[str, Any] = {
    "mode": "email",
    "filetype": "email",
    "mimetype": "text/html",
    "from": [{"address": "ann@acme.com", "name": "Ann", "original": "Ann <ann@acme.com>"}],
    "subject": "Order",
    "plain_text": "Call +91 98765 43211",
}
SNIPPET = {"mode": "snippet", "filetype": "text", "preview": "Ann: 98765 43210"}
PICTURE = {"mode": "hosted", "mimetype": "image/png", "filetype": "png", "name": "9876543210.png"}
CARD = {"mode": "hosted", "mimetype": "text/vcard", "filetype": "vcf", "name": "Ann.vcf"}
VOICE = {"mode": "hosted", "mimetype": "audio/webm", "name": "audio_message.m4a"}


def files(*given: dict[str, Any]) -> dict[str, Any]:
    return {"text": "", "files": list(given)}


def attachment(**fields: Any) -> dict[str, Any]:
    return {"text": "", "attachments": [fields]}


def blocks(*given: dict[str, Any]) -> dict[str, Any]:
    return {"text": "", "blocks": list(given)}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "Chat"}, **fields}


FORWARDED = {"message_blocks": [{"message": {"text": "", "files": [EMAIL]}}]}

MESSAGES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    (files(EMAIL), (BEN, "ann@acme.com")),
    (files({**EMAIL, "plain_text": ""}), ("ann@acme.com",)),
    (files({**EMAIL, "from": [], "plain_text": "From: <ben@acme.com>"}), ("ben@acme.com",)),
    (files({**EMAIL, "from": None, "plain_text": None, "preview": "<p>98765&nbsp;43210</p>"}),
     (ANN,)),
    (files({"mode": "email", "preview": '<div><a href="tel:+919876543210">Call</a></div>'}),
     (ANN,)),
    (files({"mode": "email", "preview": '<p><a class="b" href="mailto:ann@acme.com">A</a></p>'}),
     ("ann@acme.com",)),
    (files({"mode": "email", "preview": f"<br><a href='{ANN_LINK}?text=hi'>Chat</a>"}), (ANN,)),
    (files({"mode": "email", "plain_text": "Ann &lt;ann@acme.com&gt;"}), ("ann@acme.com",)),
    (files({"mode": "email", "preview_plain_text": "98765 43210", "preview": "<p>x</p>"}), (ANN,)),
    (files({**EMAIL, "from": [], "plain_text": "", "subject": "Call 98765 43210"}), (ANN,)),
    (files({"mode": "email", "title": "Call 98765 43210"}), (ANN,)),
    (files({**EMAIL, "plain_text": "", "headers": {"reply_to": "Ben <ben@acme.com>"}}),
     ("ann@acme.com", "ben@acme.com")),
    (files({"mode": "email", "simplified_html": "<p>98765 43210</p>"}), (ANN,)),
    (files(SNIPPET), (ANN,)),
    (files({**SNIPPET, "preview": "a < b\n+91 98765 43210\n"}), (ANN,)),
    (files({"transcription": {"preview": {"content": "call +91 98765 43210"}}}), (ANN,)),
    (files(PICTURE, SNIPPET, CARD), (ANN,)),
    (attachment(files=[EMAIL]), (BEN, "ann@acme.com")),
    (attachment(**FORWARDED), (BEN, "ann@acme.com")),
    (attachment(attachments=[{"text": "98765 43210"}]), (ANN,)),
    (attachment(text="See", title="Chat", title_link=ANN_LINK), (ANN,)),
    (attachment(author_name="Ann", author_link="https://wa.me/919876543210?text=hi"), (ANN,)),
    (attachment(original_url="https://api.whatsapp.com/send?phone=919876543210"), (ANN,)),
    (attachment(title_link="https://wa.me/919876543210?a=1&amp;b=2"), (ANN,)),
    (attachment(actions=[{"type": "button", "text": "Chat", "url": ANN_LINK}]), (ANN,)),
    (attachment(fallback="x", fields=[{"title": "Phone", "value": "98765 43210"}]), (ANN,)),
    (attachment(blocks=[{"type": "actions", "elements": [button(url=ANN_LINK)]}]), (ANN,)),
    (blocks({"type": "actions", "elements": [button(url=ANN_LINK)]}), (ANN,)),
    (blocks({"type": "section", "accessory": button(url="tel:+919876543210")}), (ANN,)),
    (blocks({"type": "section", "accessory": button(url="mailto:ann@acme.com?subject=x")}),
     ("ann@acme.com",)),
    (blocks({"type": "section", "accessory": button(url="whatsapp://send?phone=919876543210")}),
     (ANN,)),
    (blocks({"type": "section", "accessory": {"type": "overflow", "options": [
        {"text": {"type": "plain_text", "text": "Chat"}, "url": ANN_LINK}]}}), (ANN,)),
    (blocks({"type": "card", "title": {"type": "plain_text", "text": "Ann"},
             "actions": [button(url=ANN_LINK)]}), (ANN,)),
    (blocks({"type": "video", "title_url": ANN_LINK}), (ANN,)),
    (blocks({"type": "data_table", "rows": [[{"type": "raw_number", "value": 919876543210}]]}),
     (ANN,)),
    (blocks({"type": "plan", "tasks": [{"type": "task_card", "title": "Call", "details": {
        "type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": "98765 43210"}]}]}}]}), (ANN,)),
    (blocks({"type": "task_card", "title": "Call", "sources": [
        {"type": "url", "url": ANN_LINK, "text": "Chat"}]}), (ANN,)),
    *((blocks({"type": "actions", "elements": [button(url=url)]}), (ANN,)) for url in (
        "https://wa.me/91-98765-43210",
        "https://wa.me/p/1234567890123/919876543210",
        "https://api.whatsapp.com/send?phone=%2B91%2098765%2043210&text=9876543211",
        "https://api.whatsapp.com/send/?text=a&phone=+91+98765+43210",
        "https://web.whatsapp.com/send?phone=%28%2B91%29%2098765-43210",
        "https://l.acme.com/?u=https%3A%2F%2Fwa.me%2F919876543210&h=9876543211",
    )),
    (blocks({"type": "file", "file": SNIPPET}), (ANN,)),
    ({"subtype": "bot_message", "bot_id": "B1", **attachment(text="98765 43210")}, (ANN,)),
    # Not contacts: names of files, values of buttons, links elsewhere.
    (files(PICTURE, CARD), ()),
    (blocks({"type": "actions", "elements": [button(value="9876543210")]}), ()),
    (blocks({"type": "actions", "elements": [button(url="https://acme.com/9876543210")]}), ()),
    (attachment(title_link="https://acme.com/orders/9876543210", title="Order"), ()),
    *((attachment(title_link=url), ()) for url in (
        "https://medium.com/@ann/post.html",
        "https://www.google.com/maps/@12.97,77.59,15z",
        "https://www.tiktok.com/@shop.example/video/1",
    )),
    (attachment(title_link="https://crm.example/?email=ann@acme.com"), ("ann@acme.com",)),
    ({"text": "1234567890123-1234567@g.us, photo v1@2.3"}, ()),
    ({"text": "_ann@acme.com_ *Ben@acme.com*. “o'neil@a.co.in”|x_y@b.de/z@b.de"},
     ("ann@acme.com", "ben@acme.com", "o'neil@a.co.in", "x_y@b.de", "z@b.de")),
    (attachment(from_url="https://acme.slack.com/archives/C1/p9876543210123456"), ()),
    (blocks({"type": "actions", "elements": [button(url="https://wa.me/qr/9876543210AB")]}), ()),
    (blocks({"type": "actions", "elements": [button(url="https://wa.me/message/9876543210")]}), ()),
]  # fmt: skip


@pytest.mark.parametrize(("message", "found"), MESSAGES)
def test_contacts_are_found_in_every_part_of_a_message(
    message: dict[str, Any], found: tuple[str, ...]
) -> None:
    assert extract_contacts(message, PhoneParser("IN")) == found


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (files(PICTURE), "can't read pictures, and"),
        (files(CARD), "can't read contact cards, and"),
        (files({"name": "Ann Rao.VCF", "mimetype": "application/octet-stream"}), "contact cards"),
        (files(PICTURE, CARD), "can't read pictures or contact cards, and"),
        (files(VOICE), "can't read recordings, and"),
        (files({"id": "F1", "file_access": "check_file_info"}), "can't read files, and"),
        (files({"name": "leads.xlsx", "filetype": "xlsx"}), "can't read files, and"),
        (attachment(files=[PICTURE]), "can't read pictures, and"),
        (attachment(message_blocks=[{"message": {"files": [CARD]}}]), "contact cards"),
        (blocks({"type": "image", "image_url": "https://acme.com/a.png"}), "pictures"),
        ({**files(PICTURE), "text": "Call her"}, "pictures"),
    ],
)
def test_message_with_unreadable_files_alone_is_explained(
    message: dict[str, Any], words: str
) -> None:
    assert extract_contacts(message, PhoneParser("IN")) == ()
    sentence = describe_missing_contacts(message)
    assert words in sentence
    assert sentence.endswith("Type the recipient.")


@pytest.mark.parametrize("message", [{"text": "Good morning"}, files(SNIPPET), {}])
def test_message_without_unreadable_files_has_the_plain_sentence(message: dict[str, Any]) -> None:
    assert "can't read" not in describe_missing_contacts(message)


JUNK = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["files", "from", "attachments", "message_blocks", "message", "blocks",
                         "type", "url", "preview", "elements", "actions", "transcription"]),
        inner, max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["files", "attachments", "blocks", "text"]), JUNK))
def test_any_message_is_read_or_explained(message: dict[str, Any]) -> None:
    extract_contacts(message, PhoneParser("IN"))
    assert describe_missing_contacts(message)


@pytest.mark.parametrize("text", ["<a ", "<a href='", "<", "<p", "href=<a", "98765 ", "a@", "9a"])
def test_large_email_is_read_in_time(text: str) -> None:
    started = time.process_time()
    extract_contacts(files({"mode": "email", "preview": "<p>" + text * 30_000}), PhoneParser("IN"))
    assert time.process_time() - started < 1


def test_deep_forwards_are_read_to_a_limit() -> None:
    message: dict[str, Any] = attachment(text="98765 43210")
    for _ in range(200):
        message = {"attachments": [message]}
    assert extract_contacts(message, PhoneParser("IN")) == ()
    assert describe_missing_contacts(message)


# --- through the front door ----------------------------------------------------------------------


async def open_on_last(acme: World, channel: str = SALES) -> dict[str, Any]:
    """Use the shortcut on the newest message; return the form."""
    message = acme.slack.list_messages(JOHN, channel)[-1]
    await acme.slack.use_message_shortcut(JOHN, "send.from_message", message)
    await acme.wait_until_idle()
    return acme.slack.find_view(JOHN) or {}


def list_recipients(form: dict[str, Any]) -> list[str]:
    elements = {block["block_id"]: block.get("element", {}) for block in form["blocks"]}
    if "found" in elements:
        return [option["value"] for option in elements["found"]["options"][:-1]]
    return [elements["phone"].get("initial_value", "")]


async def test_form_opens_with_the_contacts_of_what_people_post(acme: World) -> None:
    posted = acme.slack.posted
    email = Email("Ann", "ann@lotus.example", "Order", "Call me: +91 98765 43210")
    posted.receive_email(SALES, email)
    assert list_recipients(await open_on_last(acme)) == [ANN, "ann@lotus.example"]
    posted.post_snippet(PRIYA, SALES, "list.txt", "Ben: +91 98765 43211")
    assert list_recipients(await open_on_last(acme)) == [BEN]
    original = acme.slack.workspace.messages.list_messages(SALES)[-2]
    posted.forward(PRIYA, original, SALES, "Please call her")
    assert list_recipients(await open_on_last(acme)) == [ANN, "ann@lotus.example"]
    posted.post_as_other_app(
        SALES, MessageContent(attachments=[{"title": "New chat", "title_link": ANN_LINK}])
    )
    assert list_recipients(await open_on_last(acme)) == [ANN]
    link = {"type": "actions", "elements": [button(url=ANN_LINK, action_id="x")]}
    posted.post_as_other_app(SALES, MessageContent(text="New chat", blocks=[link]))
    assert list_recipients(await open_on_last(acme)) == [ANN]


async def test_form_says_which_files_cannot_be_read(acme: World) -> None:
    for name, kind, words in [
        ("9876543210.png", "image/png", "can't read pictures"),
        ("Ann.vcf", "text/vcard", "can't read contact cards"),
    ]:
        acme.slack.posted.post_file(PRIYA, SALES, LocalFile(name, kind, b"TEL:+919876543210"))
        form = await open_on_last(acme)
        assert words in collect_text(form)
        assert list_recipients(form) == [""]
