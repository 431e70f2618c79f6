"""Addresses of Chakra's dashboard: which lead to a record, and what all may read of it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.processes.record_link import LinkedType, LinkReader, RecordLink, is_impersonal

LEAD = LinkedType("lead", "Lead", "lead_id")
VISIT = LinkedType("field_visit", "Field Visit", "visit_no")
TYPES = (LEAD, VISIT)
HOST = "https://app.chakrahq.com"
UUID = "e2233b54-689b-539b-a231-70eec846d130"
reader = LinkReader(HOST)


def read(url: str) -> str:
    link = reader.read(url, TYPES)
    return link.reference if link else ""


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("/lead/LEAD-004038", "lead/LEAD-004038"),
        ("/leads/LEAD-004038/", "lead/LEAD-004038"),
        ("/Leads/lead-004038", "lead/lead-004038"),
        (f"/lead/{UUID}", f"lead/{UUID}"),
        (f"/lead/{UUID.upper()}", f"lead/{UUID.upper()}"),
        ("/lead/LEAD-004038?tab=chat&utm_source=slack", "lead/LEAD-004038"),
        ("/lead/LEAD-004038#history", "lead/LEAD-004038"),
        ("/lead/LEAD-004038/chat", "lead/LEAD-004038"),
        ("//lead///LEAD-004038", "lead/LEAD-004038"),
        (f"/procedure/lead/process/{UUID}", f"lead/{UUID}"),
        ("/process/lead/view/LEAD-004038", "lead/LEAD-004038"),
        ("/lead/lead_id/LEAD-004038", "lead/LEAD-004038"),
        ("/leads?id=LEAD-004038", "lead/LEAD-004038"),
        (f"/leads?leadId={UUID}&tab=2", f"lead/{UUID}"),
        ("/leads?lead_id=LEAD-004038", "lead/LEAD-004038"),
        (f"/process/{UUID}?procedure=lead", f"lead/{UUID}"),
        (f"/process?procedureShortId=field_visit&processId={UUID}", f"field_visit/{UUID}"),
        ("/#/lead/LEAD-004038", "lead/LEAD-004038"),
        ("/#!/leads/LEAD-004038?tab=chat", "lead/LEAD-004038"),
        ("/#/leads?id=LEAD-004038", "lead/LEAD-004038"),
        ("/field_visit/FV-12", "field_visit/FV-12"),
        ("/field-visits/FV-12", "field_visit/FV-12"),
        ("/Field%20Visits/FV-12", "field_visit/FV-12"),
        ("/lead/LEAD-1/field_visit/FV-12", "field_visit/FV-12"),
        ("/lead/1042", "lead/1042"),
        ("/lead/LEAD%2D004038", "lead/LEAD-004038"),
        ("/lead/LEAD%2F004%2038", "lead/LEAD/004 38"),
        ("/lead/A.12%25b", "lead/A.12%b"),
        ("/lead/LEAD-004038?a=1&amp;b=2", "lead/LEAD-004038"),
        ("/leads?tab=1&amp;id=LEAD-004038", "lead/LEAD-004038"),
    ],
)
def test_record_is_found_in_an_address(path: str, reference: str) -> None:
    assert read(HOST + path) == reference


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/lead",
        "/leads/2",
        "/leads/list",
        "/leads?page=200",
        "/leads?id=7",
        f"/leads?space={UUID}",
        f"/leads/space/{UUID}",
        f"/admin/plugin/{UUID}",
        f"/admin/lead/{UUID}",
        f"/settings/lead/{UUID}",
        f"/chats/{UUID}",
        f"/{UUID}",
        f"/process/{UUID}",
        "/process/LEAD-004038",
        "/ticket/T-12",
        "/lead/maria@acme.com",
        "/lead/Maria%20Garcia",
        "/lead/LEAD-1%00",
        "/lead/LEAD-%E2%80%AE1",
        "/lead/" + "L" * 99 + "1" * 9,
        "/lead/%",
        "/lead/%ZZ",
        "/lead/..",
        "/leads?id=LEAD-1&id=LEAD-2",
        "/leads?" + "&".join(f"f{n}=1" for n in range(60)) + "&id=LEAD-004038",
        "/lead/LEAD-1?" + "x" * 10_000,
    ],
)
def test_nothing_is_guessed_from_other_addresses(path: str) -> None:
    assert read(HOST + path) == ""


@pytest.mark.parametrize(
    "origin",
    [
        "http://app.chakrahq.com",
        "https://app.chakrahq.com.evil.com",
        "https://chakrahq.com",
        "https://www.app.chakrahq.com",
        "https://appachakrahq.com",
        "https://evil.com/app.chakrahq.com",
        "https://evil.com#app.chakrahq.com",
        "https://evil.com\\@app.chakrahq.com",
        "https://app.chakrahq.com\\.evil.com",
        "https://app.chakrahq.com@evil.com",
        "https://user@app.chakrahq.com",
        "https://user:secret@app.chakrahq.com",
        "https://app.chakrahq.com:8443",
        "https://app.chakrahq.com:99999999",
        "https://app.chakrahq.com:port",
        "https://app%2echakrahq%2ecom",
        "https://аpp.chakrahq.com",
        "https://app.chakrahq.com。",
        "https:// app.chakrahq.com",
        "https:/app.chakrahq.com",
        "//app.chakrahq.com",
        "ftp://app.chakrahq.com",
        "javascript://app.chakrahq.com",
        "https://[::1",
        "https://",
        "",
    ],
)
def test_other_hosts_are_not_the_dashboard(origin: str) -> None:
    assert read(f"{origin}/lead/LEAD-004038") == ""
    assert not reader.is_ours(f"{origin}/lead/LEAD-004038")


@pytest.mark.parametrize(
    "origin",
    ["https://APP.ChakraHQ.com", "HTTPS://app.chakrahq.com", "https://app.chakrahq.com:443"],
)
def test_spelling_of_the_host_does_not_matter(origin: str) -> None:
    assert read(f"{origin}/lead/LEAD-004038") == "lead/LEAD-004038"


def test_dashboard_may_have_another_address() -> None:
    own = LinkReader("https://crm.acme.com:8443/chakra")
    assert own.read("https://crm.acme.com:8443/chakra/lead/LEAD-1", TYPES) is not None
    assert own.read("https://crm.acme.com/chakra/lead/LEAD-1", TYPES) is None
    assert own.read(f"{HOST}/lead/LEAD-1", TYPES) is None


@given(
    st.text(max_size=200)
    | st.text(alphabet="/%?#&=:@[]\\.LEAD-1lead0 \u202e\n", max_size=80).map(HOST.__add__)
    | st.from_regex(r"https?://[a-z.@:\[\]0-9]*chakrahq\.com[^\s]{0,60}", fullmatch=True)
)
@example("https://[app.chakrahq.com]/lead/LEAD-1")
@example("https://app.chakrahq.com:０/lead/LEAD-1")
@example("https://app.chakrahq.com/lead/\ud800")
def test_any_text_is_read_without_an_error_and_only_our_host_counts(url: str) -> None:
    link = reader.read(url, TYPES)
    if link is not None:
        assert re.match(r"https://app\.chakrahq\.com(:443)?[/?#]", url, re.IGNORECASE)
        assert link.type in TYPES
        assert any(letter.isdigit() for letter in link.key)


@given(st.from_regex(r"[A-Z]{1,8}[-_./ %#]?[A-Za-z0-9 ./%#_-]{0,20}[0-9]", fullmatch=True))
def test_encoded_key_comes_back_as_it_is(key: str) -> None:
    assert read(f"{HOST}/lead/{quote(key, safe='')}") == f"lead/{key.strip()}"


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("LEAD-004038", "Lead LEAD-004038"),
        (UUID, f"Lead {UUID}"),
        ("1042", "Lead 1042"),
        ("919876543210", "Lead"),
        ("9876543", "Lead"),
        ("P-919876543210", "Lead"),
        ("CU-98-765-432-10", "Lead"),
        ("Maria Garcia 2", "Lead"),
        ("maria1@acme.com", "Lead"),
    ],
)
def test_title_has_no_key_that_could_be_a_number_or_name(key: str, title: str) -> None:
    assert RecordLink(LEAD, key).public_title == title
    assert is_impersonal(key) == (title != "Lead")


def test_title_cannot_mention_a_channel() -> None:
    named = LinkedType("x", "<!channel> & <@U1>", "x_id")
    assert RecordLink(named, "X-1").public_title == "!channel  @U1 X-1"
