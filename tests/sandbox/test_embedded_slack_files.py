"""Files: chosen in a form, read by the app with its token, and sent by the app."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.sandbox.slack import ActionNotPossible, LocalFile, visible_text
from bot.sandbox.slack.files import MAX_FORM_FILE_BYTES
from tests.sandbox.slack_stage import SCOPES, Json, Stage, field_block, manifest, modal, staged

ALL_SCOPES = (*SCOPES, "files:read", "files:write", "im:history")
PRICES = LocalFile("Price list.PDF", "application/pdf", b"%PDF-1.7 prices")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(manifest(scopes=ALL_SCOPES)) as made:
        yield made


def file_form(**element: object) -> Json:
    return modal(field_block("file", {"type": "file_input", **element}), field_block("name"))


async def chosen(stage: Stage, *uploads: LocalFile) -> Json:
    """Return the first file object of a form submitted with these uploads."""
    await stage.form(file_form())
    await stage.slack.submit("U0JOHN", {"file": list(uploads), "name": "x"})
    given: Json = stage.app.last["view"]["state"]["values"]["file"]["value"]["files"][0]
    return given


async def fetched(stage: Stage, url: str, token: str = "") -> tuple[int, str, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with stage.session.get(url, headers=headers) as answer:
        return answer.status, answer.content_type, await answer.read()


async def sent(stage: Stage, data: bytes = b"one,two", name: str = "report.csv") -> str:
    """Return the ID of a file that the app announced and uploaded, not completed."""
    told = await stage.web.files_getUploadURLExternal(filename=name, length=len(data))
    async with stage.session.post(told["upload_url"], data=data) as answer:
        assert (answer.status, await answer.text()) == (200, f"OK - {len(data)}")
    return str(told["file_id"])


# Chosen in a form


async def test_an_empty_file_input_holds_an_empty_list(stage: Stage) -> None:
    view = await stage.form(file_form())
    assert view["state"]["values"]["file"]["value"] == {"type": "file_input", "files": []}
    delivered = await stage.slack.submit("U0JOHN", {"name": "x"})
    assert delivered.errors == {"file": "Please complete this required field."}


async def test_a_chosen_file_comes_as_a_file_object(stage: Stage) -> None:
    file = await chosen(stage, PRICES)
    assert stage.app.last["view"]["state"]["values"]["file"]["value"]["type"] == "file_input"
    assert file["id"].startswith("F")
    assert (file["name"], file["title"]) == ("Price list.PDF", "Price list.PDF")
    assert (file["mimetype"], file["filetype"], file["size"]) == ("application/pdf", "pdf", 15)
    assert (file["user"], file["is_public"], file["file_access"]) == ("U0JOHN", False, "visible")
    place = f"{stage.slack.base_url}/files-pri/T0ACME-{file['id']}"
    assert file["url_private"] == f"{place}/price_list.pdf"
    assert file["url_private_download"] == f"{place}/download/price_list.pdf"
    assert [kept.data for kept in stage.slack.files] == [PRICES.data]


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
async def test_slack_does_not_send_files_that_the_form_forbids(
    stage: Stage, element: Json, uploads: list[LocalFile], sentence: str
) -> None:
    await stage.form(file_form(**element))
    before = len(stage.app.received)
    delivered = await stage.slack.submit("U0JOHN", {"file": uploads, "name": "x"})
    assert delivered.errors["file"].startswith(sentence)
    assert len(stage.app.received) == before


async def test_the_largest_file_and_the_right_kind_pass(stage: Stage) -> None:
    await stage.form(file_form(max_files=2, filetypes=["pdf", "mp4"]))
    largest = LocalFile("a.MP4", "video/mp4", bytes(MAX_FORM_FILE_BYTES))
    delivered = await stage.slack.submit("U0JOHN", {"file": [PRICES, largest], "name": "x"})
    assert (delivered.status, delivered.errors) == (200, {})
    files = stage.app.last["view"]["state"]["values"]["file"]["value"]["files"]
    assert [file["size"] for file in files] == [15, MAX_FORM_FILE_BYTES]


async def test_a_chosen_file_stays_when_the_app_updates_the_form(stage: Stage) -> None:
    view = await stage.form(file_form())
    stage.app.says({"response_action": "errors", "errors": {"name": "No."}})
    await stage.slack.submit("U0JOHN", {"file": PRICES, "name": "x"})
    updated = await stage.web.views_update(view_id=view["id"], view=file_form(max_files=3))
    kept = updated["view"]["state"]["values"]["file"]["value"]["files"]
    assert [file["name"] for file in kept] == ["Price list.PDF"]


async def test_a_file_goes_into_file_inputs_only_and_only_ones_own(stage: Stage) -> None:
    file = await chosen(stage, PRICES)
    await stage.form(file_form())
    with pytest.raises(ActionNotPossible, match="'name' doesn't accept files"):
        await stage.slack.submit("U0JOHN", {"name": PRICES})
    await stage.form(file_form(), person="U0MEI")
    with pytest.raises(ActionNotPossible, match="isn't a file that this person uploaded"):
        await stage.slack.submit("U0MEI", {"file": [file["id"]], "name": "x"})


async def test_a_form_for_files_needs_the_scope() -> None:
    async with staged() as stage:
        await stage.slack.type("U0JOHN", "C0SALES", "/chakra form")
        trigger = stage.app.last["trigger_id"]
        answer = await stage.refusal("views.open", trigger_id=trigger, view=file_form())
        assert (answer["error"], answer["needed"]) == ("missing_scope", "files:read")


# Read by the app


async def test_the_app_reads_a_file_with_its_token(stage: Stage) -> None:
    file = await chosen(stage, PRICES)
    told = await stage.web.files_info(file=file["id"])
    assert told["file"] == file
    for url in (file["url_private_download"], file["url_private"]):
        got = await fetched(stage, url, stage.slack.bot_token)
        assert got == (200, "application/pdf", PRICES.data)


async def test_without_the_token_the_download_ends_at_a_sign_in_page(stage: Stage) -> None:
    file = await chosen(stage, PRICES)
    url = file["url_private_download"]
    async with stage.session.get(url, allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["location"].endswith("price_list.pdf")
    for token in ("", "xoxb-wrong", stage.slack.app_token):
        status, kind, body = await fetched(stage, url, token)
        assert (status, kind) == (200, "text/html")
        assert PRICES.data not in body


async def test_a_download_can_lead_to_the_sign_in_page(stage: Stage) -> None:
    url = (await chosen(stage, PRICES))["url_private_download"]
    stage.slack.fail("download", error="sign_in")
    assert (await fetched(stage, url, stage.slack.bot_token))[:2] == (200, "text/html")
    assert (await fetched(stage, url, stage.slack.bot_token))[2] == PRICES.data


async def test_without_the_scope_nothing_is_read() -> None:
    async with staged(manifest(scopes=(*SCOPES, "files:write"))) as stage:
        file = stage.slack.workspace.files.add("U0JOHN", PRICES)
        stage.slack.workspace.files.reveal_to_app([file.id])
        url = file.to_json()["url_private_download"]
        assert (await fetched(stage, url, stage.slack.bot_token))[1] == "text/html"
        answer = await stage.refusal("files.info", file=file.id)
        assert (answer["error"], answer["needed"]) == ("missing_scope", "files:read")


async def test_a_file_that_never_reached_the_app_is_not_found(stage: Stage) -> None:
    await stage.form(file_form(max_files=1))
    await stage.slack.submit("U0JOHN", {"file": [PRICES, PRICES], "name": "x"})
    held = stage.slack.files[0].to_json()
    assert (await stage.refusal("files.info", file=held["id"]))["error"] == "file_not_found"
    assert (await stage.refusal("files.info", file="F999"))["error"] == "file_not_found"
    got = await fetched(stage, held["url_private_download"], stage.slack.bot_token)
    assert got[0] == 404


async def test_a_download_can_fail(stage: Stage) -> None:
    file = await chosen(stage, PRICES)
    url, token = file["url_private_download"], stage.slack.bot_token
    stage.slack.fail("download", status=503)
    assert (await fetched(stage, url, token))[0] == 503
    stage.slack.fail("download", reset="before", times=2)  # aiohttp retries once
    with pytest.raises(aiohttp.ClientError):
        await fetched(stage, url, token)
    assert (await fetched(stage, url, token))[2] == PRICES.data
    assert [call.method for call in stage.slack.calls][-3:] == ["download"] * 3


# Sent by the app


async def test_the_app_sends_a_file_in_three_steps(stage: Stage) -> None:
    file_id = await sent(stage)
    assert stage.slack.files == []
    done = await stage.web.files_completeUploadExternal(
        files=[{"id": file_id, "title": "The report"}],
        channel_id="C0SALES",
        initial_comment="Here it is",
    )
    assert done["files"] == [{"id": file_id, "title": "The report"}]
    shown = stage.slack.messages("U0MEI", "C0SALES")[-1]
    assert visible_text(shown) == "Here it is\nThe report"
    assert [(file.name, file.data) for file in shown.files] == [("report.csv", b"one,two")]
    told = (await stage.web.files_info(file=file_id))["file"]
    assert (told["user"], told["channels"], told["is_public"]) == ("U0CHAKRA", ["C0SALES"], True)
    url = told["url_private_download"]
    assert (await fetched(stage, url, stage.slack.bot_token))[2] == b"one,two"


async def test_slacks_own_client_sends_a_file(stage: Stage) -> None:
    done = await stage.web.files_upload_v2(
        filename="a.txt", content="hello", channels=["U0JOHN", "C0LEADS"], initial_comment="Hi"
    )
    assert done["files"][0]["title"] == "a.txt"
    for person, channel in (("U0JOHN", "D0JOHN"), ("U0OMAR", "C0LEADS")):
        shown = stage.slack.messages(person, channel)[-1]
        assert [file.name for file in shown.files] == ["a.txt"]
    history = await stage.web.conversations_history(channel="D0JOHN")
    assert history["messages"][0]["files"][0]["name"] == "a.txt"
    assert stage.slack.files[0].to_json()["groups"] == ["C0LEADS"]


async def test_an_edit_leaves_the_file_in_the_message(stage: Stage) -> None:
    await stage.web.files_upload_v2(filename="a.txt", content="hello", channel="C0SALES")
    ts = stage.slack.messages("U0JOHN", "C0SALES")[-1].ts
    await stage.web.chat_update(channel="C0SALES", ts=ts, text="Look")
    shown = stage.slack.messages("U0JOHN", "C0SALES")[-1]
    assert (shown.text, [file.name for file in shown.files]) == ("Look", ["a.txt"])


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"filename": "a.txt"}, "invalid_arguments"),
        ({"length": 3}, "invalid_arguments"),
        ({"filename": "a.txt", "length": "three"}, "invalid_arguments"),
        ({"filename": "a.txt", "length": 0}, "missing_argument"),
        ({"filename": "a.txt", "length": 3, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
async def test_an_upload_is_announced_rightly(stage: Stage, args: Json, error: str) -> None:
    answer = await stage.refusal("files.getUploadURLExternal", **args)
    assert answer["error"] == error


async def test_an_upload_url_takes_the_announced_bytes_once(stage: Stage) -> None:
    told = await stage.web.files_getUploadURLExternal(filename="a.txt", length=3)
    for data, status in ((b"four", 400), (b"ab", 400), (b"abc", 200), (b"abc", 404)):
        async with stage.session.post(told["upload_url"], data=data) as answer:
            assert answer.status == status
    assert stage.slack.calls[-1].method == "upload"


async def test_an_upload_may_come_as_a_form(stage: Stage) -> None:
    data = b"\r\n--x\r\n\x00\xff"
    told = await stage.web.files_getUploadURLExternal(filename="a.bin", length=len(data))
    form = aiohttp.FormData()
    form.add_field("note", "hello")
    form.add_field("filename", data, filename="a.bin")
    async with stage.session.post(told["upload_url"], data=form) as answer:
        assert answer.status == 200
    await stage.web.files_completeUploadExternal(files=[{"id": told["file_id"]}])
    assert stage.slack.files[0].data == data


async def test_only_what_was_uploaded_can_be_completed_and_only_once(stage: Stage) -> None:
    told = await stage.web.files_getUploadURLExternal(filename="a.txt", length=3)
    for files in ([{"id": told["file_id"]}], [{"id": "F999"}], [{"title": "x"}]):
        answer = await stage.refusal("files.completeUploadExternal", files=files)
        assert answer["error"] == "file_not_found"
    file_id = await sent(stage)
    assert (await stage.web.files_completeUploadExternal(files=[{"id": file_id}]))["ok"]
    answer = await stage.refusal("files.completeUploadExternal", files=[{"id": file_id}])
    assert answer["error"] == "file_not_found"
    for junk in ([], "junk", [1], None):
        answer = await stage.refusal("files.completeUploadExternal", files=junk)
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
async def test_a_file_is_not_shown_where_the_app_may_not_write(
    stage: Stage, place: Json, error: str
) -> None:
    file_id = await sent(stage)
    files: list[dict[str, str | None]] = [{"id": file_id}]
    answer = await stage.refusal("files.completeUploadExternal", files=files, **place)
    assert answer["error"] == error
    again = await stage.web.files_completeUploadExternal(files=files, channel_id="C0SALES")
    assert again["ok"]


async def test_sending_files_needs_the_scope() -> None:
    async with staged() as stage:
        args = {"filename": "a.txt", "length": 3}
        answer = await stage.refusal("files.getUploadURLExternal", **args)
        assert answer["needed"] == "files:write"
        answer = await stage.refusal("files.completeUploadExternal", files=[{"id": "F1"}])
        assert answer["needed"] == "files:write"


# On the page


async def uploaded(stage: Stage, data: bytes, name: str = "a.txt", **more: str) -> Json:
    url = f"{stage.slack.base_url}/sandbox/upload"
    params = {"as": "U0JOHN", "name": name, "type": "text/plain"}
    headers = {"Content-Type": "application/octet-stream", **more}
    async with stage.session.post(
        url, params=params, data=io.BytesIO(data), headers=headers
    ) as answer:
        told: Json = await answer.json()
        return told


async def test_the_page_uploads_and_submits_a_file(stage: Stage) -> None:
    view = await stage.form(file_form())
    told = await uploaded(stage, b"hello")
    values = {"file": {"value": [told["file"]["id"]]}, "name": {"value": "x"}}
    body = {"as": "U0JOHN", "view": view["id"], "do": "submit", "values": values}
    async with stage.session.post(f"{stage.slack.base_url}/sandbox/view", json=body) as answer:
        assert await answer.json() == {"ok": True}
    files = stage.app.last["view"]["state"]["values"]["file"]["value"]["files"]
    assert [file["id"] for file in files] == [told["file"]["id"]]


async def test_the_page_cannot_upload_what_slack_does_not_take(stage: Stage) -> None:
    assert "too large" in (await uploaded(stage, bytes(MAX_FORM_FILE_BYTES + 1)))["error"]
    assert "empty" in (await uploaded(stage, b""))["error"]
    form = {"Content-Type": "text/plain"}
    assert (await uploaded(stage, b"x", **form))["ok"] is False
    assert stage.slack.files == []


async def test_the_page_opens_files_for_those_who_may_see_them(stage: Stage) -> None:
    await stage.web.files_upload_v2(filename="a.txt", content="hello", channel="C0LEADS")
    base = stage.slack.base_url
    async with stage.session.get(f"{base}/sandbox/state?as=U0OMAR") as answer:
        message = (await answer.json())["messages"]["C0LEADS"][-1]
    file = message["files"][0]
    assert (file["name"], file["size"], file["pretty_type"]) == ("a.txt", 5, "Plain Text")
    async with stage.session.get(f"{base}{file['url']}?as=U0OMAR") as answer:
        assert (answer.status, await answer.read()) == (200, b"hello")
        assert answer.headers["content-disposition"].startswith("attachment")
    async with stage.session.get(f"{base}{file['url']}?as=U0MEI") as answer:
        assert answer.status == 404
