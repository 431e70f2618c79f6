"""What a cell becomes by the type of its attribute, and the words for what it cannot become."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sheets.columns import ColumnMatch, ColumnRole, Target
from bot.sheets.values import Parser, ValueKind, build_parser, infer_kind
from bot.text.phones import PhoneParser

INDIAN = "919876543210"
INDIA = ZoneInfo("Asia/Kolkata")
IMPOSSIBLE_NUMBER = ": not a possible phone number. Check the digits and the country code"
MISSING_COUNTRY_CODE = "lacks the country code. Write it as +91 98765 43210"
NOT_A_PHONE = ": not a valid number. Write it as +91 98765 43210"
TRUNCATED_BY_EXCEL = (
    "was shortened by Excel, as 9.2E+11 is. Set the column’s format to text and enter the whole "
    "values again"
)


def build_attribute_parser(type_name: str, *, region: str | None = "IN") -> Parser:
    return build_parser(
        ColumnMatch(0, "x", Target("x", "X", type_name), ColumnRole.ATTRIBUTE),
        phones=PhoneParser(region),
        timezone=INDIA,
    )


def build_root_parser(key: str) -> Parser:
    return build_parser(ColumnMatch(0, key, Target(key), ColumnRole.ROOT), timezone=INDIA)


def build_key_parser() -> Parser:
    return build_parser(ColumnMatch(0, "lead_id", Target("lead_id"), ColumnRole.IDENTIFIER))


def parse_error(read: Parser, cell: str) -> str:
    with pytest.raises(ValueError, match=r".+") as caught:
        read(cell)
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (Target("phone_number", "Phone Number", "phone_number"), ValueKind.PHONE),
        (Target("mobile", "Mobile", "number"), ValueKind.PHONE),
        (Target("x", "Alternate contact no."), ValueKind.PHONE),
        (Target("whatsappNumber"), ValueKind.PHONE),
        (Target("phone_2", "", "text"), ValueKind.PHONE),
        (Target("microphone", "Microphone", "text"), ValueKind.TEXT),
        (Target("contact", "Contact"), ValueKind.TEXT),
        (Target("phone_calls", "Phone calls", "integer"), ValueKind.INTEGER),
        (Target("mobile", "Mobile?", "Yes/No"), ValueKind.BOOLEAN),
        (Target("x", "E-mail id"), ValueKind.EMAIL),
        (Target("x", "X", "Email Address"), ValueKind.EMAIL),
        (Target("x", "X", "NUMBER"), ValueKind.NUMBER),
        (Target("x", "X", "date_time"), ValueKind.DATETIME),
        (Target("born", "Born", "DATE"), ValueKind.DATE),
        (Target("x", "X", "External Object"), ValueKind.TEXT),
        (Target("x"), ValueKind.TEXT),
    ],
)
def test_type_comes_from_its_label_or_the_name(target: Target, found: ValueKind) -> None:
    assert infer_kind(target) is found


@pytest.mark.parametrize(
    "cell",
    [
        *("+91 98765 43210", INDIAN, "00919876543210", "+91-98765-43210", "(+91) 98765 43210"),
        *("＋919876543210", "919876543210.0", "9876543210", "098765 43210", "98765-43210"),
    ],
)
def test_phone_numbers_are_normalized_to_international_digits(cell: str) -> None:
    assert build_attribute_parser("phone")(cell) == INDIAN


@pytest.mark.parametrize(
    ("cell", "region", "expected"),
    [
        ("9876543210", None, MISSING_COUNTRY_CODE),
        ("098765 43210", None, MISSING_COUNTRY_CODE),
        ("98765", "IN", NOT_A_PHONE),
        ("98765432", "IN", IMPOSSIBLE_NUMBER),
        ("+91 98765 4321", "IN", IMPOSSIBLE_NUMBER),
        ("+1 000 000 0000", "IN", IMPOSSIBLE_NUMBER),
        ("00000000000", None, IMPOSSIBLE_NUMBER),
        ("9.19877E+11", "IN", TRUNCATED_BY_EXCEL),
        ("9,19877E+11", "IN", TRUNCATED_BY_EXCEL),
        ("Asha", "IN", NOT_A_PHONE),
        ("98765 43210, 98765 43211", "IN", NOT_A_PHONE),
        ("+91 98765 43210 ext. 5", "IN", NOT_A_PHONE),
        ("n/a", "IN", NOT_A_PHONE),
        ("-", "IN", NOT_A_PHONE),
        ("9" * 18, "IN", NOT_A_PHONE),
    ],
)
def test_invalid_phone_number_suggests_a_fix(cell: str, region: str | None, expected: str) -> None:
    assert parse_error(build_attribute_parser("phone", region=region), cell) == expected


def test_foreign_number_keeps_its_country_code() -> None:
    assert build_attribute_parser("phone", region="IN")("+49 15550 112233") == "4915550112233"
    assert build_attribute_parser("phone", region=None)("12025550121") == "12025550121"


@pytest.mark.parametrize(
    "cell",
    [
        "p:+919876543210",
        '="09876543210"',
        "'09876543210",
        "tel:+91-98765-43210",
        "whatsapp:+919876543210",
        "\u202a+91 98765 43210\u202c",
        "https://wa.me/919876543210",
    ],
)
def test_numbers_dressed_for_an_export_are_read(cell: str) -> None:
    assert build_attribute_parser("phone")(cell) == INDIAN


def test_former_number_that_whatsapp_knows_is_taken_as_it_is() -> None:
    assert build_attribute_parser("phone")("+55 11 8765-4321") == "551187654321"


@pytest.mark.parametrize(
    ("parser", "cell", "value"),
    [
        (build_attribute_parser("email"), "\ufeffasha@exam\u00adple.com\u200b", "asha@example.com"),
        (build_attribute_parser("integer"), "\u200e42\u2060", 42),
        (build_attribute_parser("date"), "\u200e2024-05-31", "2024-05-31"),
        (build_root_parser("status"), "open\u200b", "OPEN"),
        (build_root_parser("assignedTo"), "asha@example.com\u200b", "asha@example.com"),
        (build_root_parser("nextActionAt"), "\u200e2026-07-01\u200e\u202f10:00", 1782880200000),
        (build_key_parser(), "LEAD-1\ufffc", "LEAD-1"),
        (build_key_parser(), "\u202aLEAD-1\u202c\u00a0", "LEAD-1"),
        (build_key_parser(), "LEAD\u200d-1\ufe0f", "LEAD-1"),
    ],
)
def test_invisible_characters_are_removed_from_all_but_texts(
    parser: Parser, cell: str, value: object
) -> None:
    assert parser(cell) == value


@pytest.mark.parametrize("cell", ["👩\u200d💻", "می\u200cخواهم", "क्\u200dष", "❤\ufe0f"])
def test_texts_keep_the_joiners_of_scripts_and_emoji(cell: str) -> None:
    assert build_attribute_parser("text")(cell) == cell


def test_key_of_invisible_characters_alone_is_a_problem() -> None:
    assert "can’t be seen" in parse_error(build_key_parser(), "\u200b\u2060")


@pytest.mark.parametrize("cell", ["asha@example.com", "a.b+c@mail.example.co.in", "ä@köln.example"])
def test_valid_emails(cell: str) -> None:
    assert build_attribute_parser("email")(cell) == cell


@pytest.mark.parametrize(
    "cell", ["asha", "asha@", "@x.co", "a@b", "a b@x.co", "a@x..co", "A <a@x.co>", "a@x.co;b@x.co"]
)
def test_invalid_emails(cell: str) -> None:
    assert parse_error(build_attribute_parser("email"), cell) == ": not a valid address"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(("5", 5), ("-5", -5), ("+5", 5), ("007", 7), ("0", 0), ("5.0", 5), ("5.25", 5.25)),
        *(("1,234,567", 1234567), ("12,34,567.5", 1234567.5), ("1,234.5", 1234.5)),
        *(("1.2E+03", 1200), ("2.5e-3", 0.0025), ("9007199254740992", 9007199254740992)),
    ],
)
def test_valid_numbers(cell: str, value: float) -> None:
    found = build_attribute_parser("number")(cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("eighty", ": not a number. Write it as 1234.5"),
        ("5 kg", ": not a number. Write it as 1234.5"),
        ("1.234,5", ": not a number. Write it as 1234.5"),
        ("1,5", ": not a number. Write it as 1234.5"),
        ("--5", ": not a number. Write it as 1234.5"),
        ("nan", ": not a number. Write it as 1234.5"),
        ("1" * 5000, ": not a number. Write it as 1234.5"),
        ("1,234", "may be read as thousands or as a fraction. Write 1234 or 1.234"),
        ("9007199254740993", "is too long for a number: its last digits would be lost"),
        ("9E99", "is too long for a number: its last digits would be lost"),
    ],
)
def test_invalid_numbers(cell: str, expected: str) -> None:
    assert parse_error(build_attribute_parser("number"), cell) == expected


def test_integers() -> None:
    assert build_attribute_parser("integer")("12.0") == 12
    assert parse_error(build_attribute_parser("integer"), "12.5") == ": not a whole number"


@pytest.mark.parametrize(
    ("cell", "date", "moment"),
    [
        ("2024-05-06", "2024-05-06", "2024-05-06"),
        ("2024-05-06 00:00:00", "2024-05-06", "2024-05-06T00:00:00"),
        ("2024-05-06T07:08", "2024-05-06T07:08:00", "2024-05-06T07:08:00"),
        ("2024-05-06T07:08:09+05:30", *["2024-05-06T07:08:09+05:30"] * 2),
        ("25/12/2024", "2024-12-25", "2024-12-25"),
        ("12/25/2024", "2024-12-25", "2024-12-25"),
        ("5.5.2024", "2024-05-05", "2024-05-05"),
        ("2024/1/31", "2024-01-31", "2024-01-31"),
        ("6 Oct 2024", "2024-10-06", "2024-10-06"),
        ("06-October-2024", "2024-10-06", "2024-10-06"),
        ("6 sept, 2024", "2024-09-06", "2024-09-06"),
    ],
)
def test_unambiguous_date_formats(cell: str, date: str, moment: str) -> None:
    assert (build_attribute_parser("date")(cell), build_attribute_parser("datetime")(cell)) == (
        date,
        moment,
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("3/4/2024", "may be read with the day or the month first. Write it as 2024-05-31"),
        ("3-4-2024", "may be read with the day or the month first. Write it as 2024-05-31"),
        ("31/2/2024", "is not a date. Write it as 2024-05-31"),
        ("13/13/2024", "is not a date. Write it as 2024-05-31"),
        ("2024-02-30", "is not a date. Write it as 2024-05-31"),
        ("2024-05-06 25:00", "is not a date. Write it as 2024-05-31"),
        ("2024-W05", "is not a date. Write it as 2024-05-31"),
        ("20240506", "is not a date. Write it as 2024-05-31"),
        ("45418", "is not a date. Write it as 2024-05-31"),
        ("6 Octopus 2024", "is not a date. Write it as 2024-05-31"),
        ("tomorrow", "is not a date. Write it as 2024-05-31"),
    ],
)
def test_invalid_or_ambiguous_dates(cell: str, expected: str) -> None:
    assert parse_error(build_attribute_parser("date"), cell) == expected
    assert parse_error(build_attribute_parser("datetime"), cell) == expected


@pytest.mark.parametrize(
    ("cell", "value"),
    [("TRUE", True), ("yes", True), ("Y", True), ("1", True), ("False", False), ("no", False)],
)
def test_booleans(cell: str, value: bool) -> None:
    assert build_attribute_parser("boolean")(cell) is value


def test_invalid_boolean() -> None:
    expected = "is neither yes nor no. Write true or false"
    assert parse_error(build_attribute_parser("boolean"), "maybe") == expected


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1618558867539", 1618558867539),
        ("2021-04-16", 1618511400000),  # midnight in India
        ("2021-04-16T07:41:07+00:00", 1618558867000),
        ("16/4/2021", 1618511400000),
    ],
)
def test_next_action_at_becomes_milliseconds(cell: str, value: int) -> None:
    assert build_root_parser("nextActionAt")(cell) == value


@pytest.mark.parametrize("cell", ["0001-01-01", "1969-12-31", "9999-12-31", "2300-01-01"])
def test_next_action_at_is_within_a_sane_range(cell: str) -> None:
    assert (
        parse_error(build_root_parser("nextActionAt"), cell)
        == "is too far from today. Check the year"
    )


def test_status_is_case_insensitive() -> None:
    assert build_root_parser("status")("completed") == "COMPLETED"
    assert (
        parse_error(build_root_parser("status"), "Done")
        == ": not one of OPEN, COMPLETED, CANCELLED"
    )


def test_chakra_id_format() -> None:
    read = build_parser(ColumnMatch(0, "id", Target("id"), ColumnRole.IDENTIFIER))
    assert read("1BC10281-5882-43AA-B48D-28C527335E7A") == "1bc10281-5882-43aa-b48d-28c527335e7a"
    assert parse_error(read, "LEAD-1").startswith(": not a Chakra ID.")


def test_text_is_unchanged_unless_truncated_by_excel() -> None:
    assert build_attribute_parser("")("+91 or 1E5, whatever") == "+91 or 1E5, whatever"
    assert parse_error(build_attribute_parser(""), "1.23457E+15") == TRUNCATED_BY_EXCEL


KINDS = ["phone", "email", "number", "integer", "date", "datetime", "boolean", "text"]


@given(
    st.sampled_from(KINDS),
    st.text(max_size=40) | st.text("0123456789+-(). ,:/TEeZ٣", max_size=30),
)
@example("number", "٣٣")
@example("datetime", "2024-05-06 ::::")
def test_any_text_parses_or_gets_an_error_without_quoting_it(text: str, cell: str) -> None:
    try:
        value = build_attribute_parser(text)(cell)
    except ValueError as error:
        words = str(error)
    else:
        assert isinstance(value, str | int | float | bool)
        assert text != "phone" or re.fullmatch("[1-9][0-9]+", str(value))
        return
    assert re.fullmatch(r"(: )?[a-z].*[^.]", words)


@given(
    st.datetimes(timezones=st.none() | st.timezones()).map(
        lambda moment: moment.isoformat(" ", "seconds")
    )
)
@example("0001-01-01 00:00:00+14:00")
@example("9999-12-31 23:59:59-12:00")
def test_any_timestamp_is_in_range_or_rejected(cell: str) -> None:
    try:
        value = build_root_parser("nextActionAt")(cell)
    except ValueError as error:
        words = str(error)
    else:
        assert isinstance(value, int)
        assert 0 < value < 10**13
        return
    assert words in (
        "is too far from today. Check the year",
        "is not a date. Write it as 2024-05-31",  # an offset with seconds, of long ago
    )


@given(st.integers(6_000_000_000, 9_999_999_999), st.sampled_from(["", "0", "+91", "91", "0091"]))
def test_number_formats_are_equivalent(national: int, prefix: str) -> None:
    """Whether anybody can have it is the same in each."""

    def read(cell: str) -> object:
        try:
            return build_attribute_parser("phone")(cell)
        except ValueError:
            return None

    found = read(f"{prefix}{national}")
    assert found in (f"91{national}", None) or not prefix
    spaced = f"{prefix} {str(national)[:5]}-{str(national)[5:]}"
    assert read(spaced) == found


@given(st.floats(-(2.0**50), 2.0**50, allow_nan=False))
def test_formatted_number_round_trips(number: float) -> None:
    written = f"{number:.6f}"
    assert build_attribute_parser("number")(written) == pytest.approx(float(written), abs=1e-6)
