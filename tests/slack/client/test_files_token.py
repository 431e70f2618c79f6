"""The bot's token goes with a request for a file to Slack, and to no other host."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.responses import Response
from yarl import URL

from bot.errors import FileUnavailable
from bot.slack.client.files import StoredFile, find_trusted_url
from tests.clock import ManualClock
from tests.slack.stub_files import (
    MEGABYTE,
    PNG,
    catch_unavailable,
    download,
    get_files_origin,
    list_requested_paths,
    serve_stub_files,
)
from tests.slack.stub_server import TOKEN, StubServer


async def test_token_is_sent_to_the_web_api_host(clock: ManualClock) -> None:
    async with serve_stub_files(clock) as (wire, files):
        wire.path_responses["/file"] = lambda: Response(PNG, media_type="image/png")
        assert await download(files) == PNG
        assert wire.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"


async def test_foreign_host_is_never_requested(clock: ManualClock) -> None:
    elsewhere = StubServer()
    async with elsewhere.serve() as stranger, serve_stub_files(clock) as (wire, files):
        host = stranger.removeprefix("http://")
        for address in (
            f"{stranger}/file",
            f"http://files.slack.com@{host}/file",
            f"http://user:word@{host}/file",
            f"http://{host}/files.slack.com/file",
            f"//{host}/file",
            "http://files.slack.com/file",
            "ftp://files.slack.com/file",
            "https://files.slack.com:8443/file",
            "https://files.slack.com.evil.example/file",
            "https://evilslack.com/file",
            "https://files-slack.com/file",
            "https://slack.com.evil.example/file",
            "file:///etc/passwd",
            "/file",
            "https://[",
            "",
        ):
            file = StoredFile("F1", "a.png", "image/png", len(PNG), is_external=False, url=address)
            with pytest.raises(FileUnavailable) as raised:
                await files.download(file, max_bytes=MEGABYTE)
            expected = "untrusted_url" if address else "file_not_found"
            assert raised.value.code == expected, address
        assert (elsewhere.requests, wire.requests) == ([], [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("there", ["stranger", "same", "relative", "none", "junk"])
async def test_token_is_not_sent_on_redirects(clock: ManualClock, status: int, there: str) -> None:
    elsewhere = StubServer(lambda: Response(PNG, media_type="image/png"))
    async with elsewhere.serve() as stranger, serve_stub_files(clock) as (wire, files):
        to = {
            "stranger": f"{stranger}/file",
            "same": f"{get_files_origin(files)}/signin",
            "relative": "/signin",
            "none": "",
            "junk": "https://[]@",
        }[there]
        wire.path_responses["/file"] = lambda: Response(
            status_code=status, headers={"Location": to}
        )
        assert await catch_unavailable(files) == "sign_in"
        assert elsewhere.requests == []
        assert list_requested_paths(wire) == ["/api/files.info", "/file"]


HOSTS = st.sampled_from(
    ["slack.com", "files.slack.com", "acme.slack.com", "evil.example", "xslack.com", "127.0.0.1"]
) | st.text("abs.-/@:\\#?%[]", max_size=12)


@given(
    scheme=st.sampled_from(["https://", "http://", "//", "", "HTTPS://", "https:\\\\"]),
    user=st.sampled_from(["", "files.slack.com@", "a:b@"]),
    host=HOSTS,
    rest=st.sampled_from(
        ["", "/x", ":443/x", ":80/x", ".slack.com/x", "/.slack.com", "@slack.com"]
    ),
)
@example("https://", "", "[]@", "")
def test_any_url_only_requests_slack_hosts(scheme: str, user: str, host: str, rest: str) -> None:
    found = find_trusted_url(URL("https://slack.com/api/"), f"{scheme}{user}{host}{rest}")
    if found is not None:
        assert (found.scheme, found.port, found.user) == ("https", 443, None)
        assert found.raw_host == "slack.com" or str(found.raw_host).endswith(".slack.com")


def test_slack_hosts_are_recognized() -> None:
    home = URL("http://127.0.0.1:3000/api/")
    for address in (
        "https://files.slack.com/files-pri/T1-F1/download/a.png",
        "https://acme.slack.com/files-pri/T1-F1/a.png",
        "https://files.slack-gov.com/files-pri/T1-F1/a.png",
        "http://127.0.0.1:3000/files-pri/T1-F1/a.png",
    ):
        assert find_trusted_url(home, address) is not None
    assert find_trusted_url(home, "http://127.0.0.1:3001/a.png") is None
