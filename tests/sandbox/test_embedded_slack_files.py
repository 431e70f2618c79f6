"""Files: chosen in a form, read by the app with its token, and sent by the app."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack import ActionNotPossible, LocalFile, collect_text
from bot.sandbox.slack.files import MAX_FORM_FILE_BYTES
from tests.sandbox.slack_harness import (
    SCOPES,
    Json,
    SlackHarness,
    build_field_block,
    build_manifest,
    build_modal,
    open_harness,
)

ALL_SCOPES = (*SCOPES, "files:read", "files:write", "im:history")
PRICES = LocalFile("Price list.PDF", "application/pdf", b"%PDF-1.7 prices")


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness(build_manifest(scopes=ALL_SCOPES)) as harness:
        yield harness


def build_file_form(**element: object) -> Json:
    return build_modal(
        build_field_block("file", {"type": "file_input", **element}), build_field_block("name")
    )


async def choose_file(harness: SlackHarness, *uploads: LocalFile) -> Json:
    """Return the first file object of a form submitted with these uploads."""
    await harness.open_form(build_file_form())
    await harness.slack.submit("U0JOHN", {"file": list(uploads), "name": "x"})
    given: Json = harness.app.last_payload["view"]["state"]["values"]["file"]["value"]["files"][0]
    return given


async def fetch_file(harness: SlackHarness, url: str, token: str = "") -> tuple[int, str, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with harness.session.get(url, headers=headers) as answer:
        return answer.status, answer.content_type, await answer.read()


async def send_file(
    harness: SlackHarness, data: bytes = b"one,two", name: str = "report.csv"
) -> str:
    """Return the ID of a file that the app announced and uploaded, not completed."""
    upload_url = await harness.web.files_getUploadURLExternal(filename=name, length=len(data))
    async with harness.session.post(upload_url["upload_url"], data=data) as answer:
        assert (answer.status, await answer.text()) == (200, f"OK - {len(data)}")
    return str(upload_url["file_id"])


# Chosen in a form


async def test_an_empty_file_input_holds_an_empty_list(harness: SlackHarness) -> None:
    view = await harness.open_form(build_file_form())
    assert view["state"]["values"]["file"]["value"] == {"type": "file_input", "files": []}
    delivered = await harness.slack.submit("U0JOHN", {"name": "x"})
    assert delivered.errors == {"file": "Please complete this required field."}


async def test_a_chosen_file_comes_as_a_file_object(harness: SlackHarness) -> None:
    file = await choose_file(harness, PRICES)
    assert (
        harness.app.last_payload["view"]["state"]["values"]["file"]["value"]["type"] == "file_input"
    )
    assert file["id"].startswith("F")
    assert (file["name"], file["title"]) == ("Price list.PDF", "Price list.PDF")
    assert (file["mimetype"], file["filetype"], file["size"]) == ("application/pdf", "pdf", 15)
    assert (file["user"], file["is_public"], file["file_access"]) == ("U0JOHN", False, "visible")
    place = f"{harness.slack.base_url}/files-pri/T0ACME-{file['id']}"
    assert file["url_private"] == f"{place}/price_list.pdf"
    assert file["url_private_download"] == f"{place}/download/price_list.pdf"
    assert [file.data for file in harness.slack.files] == [PRICES.data]


@pytest.mark.parametrize(
    ("element", "uploads", "sentence"),
    [
        ({"max_files": 1}, [PRICES, PRICES], "Please choose up to 1 file."),
        ({}, [PRICES] * 11, "Please choose up to 10 files."),
        ({"filetypes": ["jpg", "png"]}, [PRICES], "Price list.PDF isn't supported."),
        ({}, [LocalFile("a.txt", "text/plain", b"")], "a.txt is empty."),
        (
            {},
            [LocalFile("big.mp4", "video/mp4", bytes(MAX_FORM_FILE_BYTES + 1))],
            "big.mp4 is too large",
        ),
    ],
)
async def test_disallowed_files_are_rejected_before_submission(
    harness: SlackHarness, element: Json, uploads: list[LocalFile], sentence: str
) -> None:
    await harness.open_form(build_file_form(**element))
    before = len(harness.app.received)
    delivered = await harness.slack.submit("U0JOHN", {"file": uploads, "name": "x"})
    assert delivered.errors["file"].startswith(sentence)
    assert len(harness.app.received) == before


async def test_the_largest_file_and_the_right_kind_pass(harness: SlackHarness) -> None:
    await harness.open_form(build_file_form(max_files=2, filetypes=["pdf", "mp4"]))
    largest = LocalFile("a.MP4", "video/mp4", bytes(MAX_FORM_FILE_BYTES))
    delivered = await harness.slack.submit("U0JOHN", {"file": [PRICES, largest], "name": "x"})
    assert (delivered.status, delivered.errors) == (200, {})
    files = harness.app.last_payload["view"]["state"]["values"]["file"]["value"]["files"]
    assert [file["size"] for file in files] == [15, MAX_FORM_FILE_BYTES]


async def test_selected_file_survives_a_form_update(harness: SlackHarness) -> None:
    view = await harness.open_form(build_file_form())
    harness.app.respond_with({"response_action": "errors", "errors": {"name": "No."}})
    await harness.slack.submit("U0JOHN", {"file": PRICES, "name": "x"})
    updated = await harness.web.views_update(view_id=view["id"], view=build_file_form(max_files=3))
    files = updated["view"]["state"]["values"]["file"]["value"]["files"]
    assert [file["name"] for file in files] == ["Price list.PDF"]


async def test_file_input_accepts_only_own_files(harness: SlackHarness) -> None:
    file = await choose_file(harness, PRICES)
    await harness.open_form(build_file_form())
    with pytest.raises(ActionNotPossible, match="'name' doesn't accept files"):
        await harness.slack.submit("U0JOHN", {"name": PRICES})
    await harness.open_form(build_file_form(), person="U0MEI")
    with pytest.raises(ActionNotPossible, match="isn't a file that this person uploaded"):
        await harness.slack.submit("U0MEI", {"file": [file["id"]], "name": "x"})


async def test_a_form_for_files_needs_the_scope() -> None:
    async with open_harness() as harness:
        await harness.slack.type("U0JOHN", "C0SALES", "/chakra form")
        trigger = harness.app.last_payload["trigger_id"]
        answer = await harness.call_rejected(
            "views.open", trigger_id=trigger, view=build_file_form()
        )
        assert (answer["error"], answer["needed"]) == ("missing_scope", "files:read")


# Read by the app


async def test_the_app_reads_a_file_with_its_token(harness: SlackHarness) -> None:
    file = await choose_file(harness, PRICES)
    info = await harness.web.files_info(file=file["id"])
    assert info["file"] == file
    for url in (file["url_private_download"], file["url_private"]):
        got = await fetch_file(harness, url, harness.slack.bot_token)
        assert got == (200, "application/pdf", PRICES.data)


async def test_download_without_a_token_redirects_to_sign_in(harness: SlackHarness) -> None:
    file = await choose_file(harness, PRICES)
    url = file["url_private_download"]
    async with harness.session.get(url, allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["location"].endswith("price_list.pdf")
    for token in ("", "xoxb-wrong", harness.slack.app_token):
        status, kind, body = await fetch_file(harness, url, token)
        assert (status, kind) == (200, "text/html")
        assert PRICES.data not in body


async def test_download_can_be_made_to_redirect_to_sign_in(harness: SlackHarness) -> None:
    url = (await choose_file(harness, PRICES))["url_private_download"]
    harness.slack.fail("download", error="sign_in")
    assert (await fetch_file(harness, url, harness.slack.bot_token))[:2] == (200, "text/html")
    assert (await fetch_file(harness, url, harness.slack.bot_token))[2] == PRICES.data


async def test_missing_scope_blocks_file_reads() -> None:
    async with open_harness(build_manifest(scopes=(*SCOPES, "files:write"))) as harness:
        file = harness.slack.workspace.files.add("U0JOHN", PRICES)
        harness.slack.workspace.files.reveal_to_app([file.id])
        url = file.to_json()["url_private_download"]
        assert (await fetch_file(harness, url, harness.slack.bot_token))[1] == "text/html"
        answer = await harness.call_rejected("files.info", file=file.id)
        assert (answer["error"], answer["needed"]) == ("missing_scope", "files:read")


async def test_file_never_shared_with_the_app_is_not_found(harness: SlackHarness) -> None:
    await harness.open_form(build_file_form(max_files=1))
    await harness.slack.submit("U0JOHN", {"file": [PRICES, PRICES], "name": "x"})
    file = harness.slack.files[0].to_json()
    assert (await harness.call_rejected("files.info", file=file["id"]))["error"] == "file_not_found"
    assert (await harness.call_rejected("files.info", file="F999"))["error"] == "file_not_found"
    got = await fetch_file(harness, file["url_private_download"], harness.slack.bot_token)
    assert got[0] == 404


async def test_a_download_can_fail(harness: SlackHarness) -> None:
    file = await choose_file(harness, PRICES)
    url, token = file["url_private_download"], harness.slack.bot_token
    harness.slack.fail("download", status=503)
    assert (await fetch_file(harness, url, token))[0] == 503
    harness.slack.fail("download", reset="before", times=2)  # aiohttp retries once
    with pytest.raises(aiohttp.ClientError):
        await fetch_file(harness, url, token)
    assert (await fetch_file(harness, url, token))[2] == PRICES.data
    assert [call.method for call in harness.slack.calls][-3:] == ["download"] * 3


# Sent by the app


async def test_the_app_sends_a_file_in_three_steps(harness: SlackHarness) -> None:
    file_id = await send_file(harness)
    assert harness.slack.files == []
    done = await harness.web.files_completeUploadExternal(
        files=[{"id": file_id, "title": "The report"}],
        channel_id="C0SALES",
        initial_comment="Here it is",
    )
    assert done["files"] == [{"id": file_id, "title": "The report"}]
    message = harness.slack.list_messages("U0MEI", "C0SALES")[-1]
    assert collect_text(message) == "Here it is\nThe report"
    assert [(file.name, file.data) for file in message.files] == [("report.csv", b"one,two")]
    info = (await harness.web.files_info(file=file_id))["file"]
    assert (info["user"], info["channels"], info["is_public"]) == ("U0CHAKRA", ["C0SALES"], True)
    url = info["url_private_download"]
    assert (await fetch_file(harness, url, harness.slack.bot_token))[2] == b"one,two"


async def test_slacks_own_client_sends_a_file(harness: SlackHarness) -> None:
    done = await harness.web.files_upload_v2(
        filename="a.txt", content="hello", channels=["U0JOHN", "C0LEADS"], initial_comment="Hi"
    )
    assert done["files"][0]["title"] == "a.txt"
    for person, channel in (("U0JOHN", "D0JOHN"), ("U0OMAR", "C0LEADS")):
        message = harness.slack.list_messages(person, channel)[-1]
        assert [file.name for file in message.files] == ["a.txt"]
    history = await harness.web.conversations_history(channel="D0JOHN")
    assert history["messages"][0]["files"][0]["name"] == "a.txt"
    assert harness.slack.files[0].to_json()["groups"] == ["C0LEADS"]


async def test_an_edit_leaves_the_file_in_the_message(harness: SlackHarness) -> None:
    await harness.web.files_upload_v2(filename="a.txt", content="hello", channel="C0SALES")
    ts = harness.slack.list_messages("U0JOHN", "C0SALES")[-1].ts
    await harness.web.chat_update(channel="C0SALES", ts=ts, text="Look")
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert (message.text, [file.name for file in message.files]) == ("Look", ["a.txt"])


async def test_the_app_deletes_only_its_own_files(harness: SlackHarness) -> None:
    done = await harness.web.files_upload_v2(filename="a.txt", content="hi", channel="C0SALES")
    file_id = done["files"][0]["id"]
    await harness.web.files_delete(file=file_id)
    message = harness.slack.list_messages("U0JOHN", "C0SALES")[-1]
    assert [file.is_deleted for file in message.files] == [True]
    with pytest.raises(SlackApiError, match="file_deleted"):
        await harness.web.files_delete(file=file_id)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await harness.web.files_delete(file="F0NONE")


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"filename": "a.txt"}, "invalid_arguments"),
        ({"length": 3}, "invalid_arguments"),
        ({"filename": "a.txt", "length": "three"}, "invalid_arguments"),
        ({"filename": "a.txt", "length": 0}, "missing_argument"),
        ({"filename": "a.csv", "length": 1_000_000_001}, "file_upload_size_restricted"),
        ({"filename": "a.txt", "length": 3, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
async def test_upload_url_request_is_validated(
    harness: SlackHarness, args: Json, error: str
) -> None:
    answer = await harness.call_rejected("files.getUploadURLExternal", **args)
    assert answer["error"] == error


async def test_upload_url_accepts_the_declared_bytes_once(harness: SlackHarness) -> None:
    upload_url = await harness.web.files_getUploadURLExternal(filename="a.txt", length=3)
    for data, status in ((b"four", 400), (b"ab", 400), (b"abc", 200), (b"abc", 404)):
        async with harness.session.post(upload_url["upload_url"], data=data) as answer:
            assert answer.status == status
    assert harness.slack.calls[-1].method == "upload"


async def test_an_upload_may_come_as_a_form(harness: SlackHarness) -> None:
    data = b"\r\n--x\r\n\x00\xff"
    upload_url = await harness.web.files_getUploadURLExternal(filename="a.bin", length=len(data))
    form = aiohttp.FormData()
    form.add_field("note", "hello")
    form.add_field("filename", data, filename="a.bin")
    async with harness.session.post(upload_url["upload_url"], data=form) as answer:
        assert answer.status == 200
    await harness.web.files_completeUploadExternal(files=[{"id": upload_url["file_id"]}])
    assert harness.slack.files[0].data == data


async def test_only_uploaded_files_can_be_completed_once(harness: SlackHarness) -> None:
    upload_url = await harness.web.files_getUploadURLExternal(filename="a.txt", length=3)
    for files in ([{"id": upload_url["file_id"]}], [{"id": "F999"}], [{"title": "x"}]):
        answer = await harness.call_rejected("files.completeUploadExternal", files=files)
        assert answer["error"] == "file_not_found"
    file_id = await send_file(harness)
    assert (await harness.web.files_completeUploadExternal(files=[{"id": file_id}]))["ok"]
    answer = await harness.call_rejected("files.completeUploadExternal", files=[{"id": file_id}])
    assert answer["error"] == "file_not_found"
    for junk in ([], "junk", [1], None):
        answer = await harness.call_rejected("files.completeUploadExternal", files=junk)
        assert answer["error"] == "invalid_arguments"


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ({"channel_id": "C0GENERAL"}, "not_in_channel"),
        ({"channel_id": "U0JOHN"}, "invalid_arguments"),
        ({"channels": "C0SALES,C0LEADS", "thread_ts": "1.2"}, "invalid_arguments"),
        ({"channel_id": "C999"}, "channel_not_found"),
        ({"channels": "C0SALES,C0GENERAL"}, "not_in_channel"),
        ({"channels": "U0SAM"}, "channel_not_found"),
    ],
)
async def test_file_is_not_shared_where_the_app_cannot_post(
    harness: SlackHarness, place: Json, error: str
) -> None:
    file_id = await send_file(harness)
    files: list[dict[str, str | None]] = [{"id": file_id}]
    answer = await harness.call_rejected("files.completeUploadExternal", files=files, **place)
    assert answer["error"] == error
    again = await harness.web.files_completeUploadExternal(files=files, channel_id="C0SALES")
    assert again["ok"]


async def test_sending_files_needs_the_scope() -> None:
    async with open_harness() as harness:
        args = {"filename": "a.txt", "length": 3}
        answer = await harness.call_rejected("files.getUploadURLExternal", **args)
        assert answer["needed"] == "files:write"
        answer = await harness.call_rejected("files.completeUploadExternal", files=[{"id": "F1"}])
        assert answer["needed"] == "files:write"


# On the page


async def upload_file(harness: SlackHarness, data: bytes, name: str = "a.txt", **more: str) -> Json:
    url = f"{harness.slack.base_url}/sandbox/upload"
    params = {"as": "U0JOHN", "name": name, "type": "text/plain"}
    headers = {"Content-Type": "application/octet-stream", **more}
    async with harness.session.post(
        url, params=params, data=io.BytesIO(data), headers=headers
    ) as answer:
        body: Json = await answer.json()
        return body


async def test_the_page_uploads_and_submits_a_file(harness: SlackHarness) -> None:
    view = await harness.open_form(build_file_form())
    uploaded = await upload_file(harness, b"hello")
    values = {"file": {"value": [uploaded["file"]["id"]]}, "name": {"value": "x"}}
    body = {"as": "U0JOHN", "view": view["id"], "do": "submit", "values": values}
    async with harness.session.post(f"{harness.slack.base_url}/sandbox/view", json=body) as answer:
        assert await answer.json() == {"ok": True}
    files = harness.app.last_payload["view"]["state"]["values"]["file"]["value"]["files"]
    assert [file["id"] for file in files] == [uploaded["file"]["id"]]


async def test_page_cannot_upload_files_slack_rejects(harness: SlackHarness) -> None:
    assert "too large" in (await upload_file(harness, bytes(MAX_FORM_FILE_BYTES + 1)))["error"]
    assert "empty" in (await upload_file(harness, b""))["error"]
    form = {"Content-Type": "text/plain"}
    assert (await upload_file(harness, b"x", **form))["ok"] is False
    assert harness.slack.files == []


async def test_page_serves_files_only_to_permitted_members(harness: SlackHarness) -> None:
    await harness.web.files_upload_v2(filename="a.txt", content="hello", channel="C0LEADS")
    base = harness.slack.base_url
    async with harness.session.get(f"{base}/sandbox/state?as=U0OMAR") as answer:
        message = (await answer.json())["messages"]["C0LEADS"][-1]
    file = message["files"][0]
    assert (file["name"], file["size"], file["pretty_type"]) == ("a.txt", 5, "Plain Text")
    async with harness.session.get(f"{base}{file['url']}?as=U0OMAR") as answer:
        assert (answer.status, await answer.read()) == (200, b"hello")
        assert answer.headers["content-disposition"].startswith("attachment")
    async with harness.session.get(f"{base}{file['url']}?as=U0MEI") as answer:
        assert answer.status == 404
