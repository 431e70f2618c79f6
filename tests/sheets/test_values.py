"""What a cell becomes by the type of its attribute, and the words for what it cannot become."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sheets.columns import ColumnMatch, ColumnRole, Target
from bot.sheets.values import Parser, ValueKind, build_parser, infer_kind

INDIAN = "919876543210"
INDIA = ZoneInfo("Asia/Kolkata")
NOBODYS = "is a phone number that nobody can have. Check the digits and the country code"
NO_CODE = "lacks the country code. Write it as +91 98765 43210"
NO_PHONE = "is no phone number. Write it as +91 98765 43210"
SHORTENED = (
    "was shortened by Excel, as 9.2E+11 is. Set the column’s format to text and enter the whole "
    "values again"
)


def of_type(said: str, *, region: str | None = "IN") -> Parser:
    return build_parser(
        ColumnMatch(0, "x", Target("x", "X", said), ColumnRole.ATTRIBUTE),
        region=region,
        timezone=INDIA,
    )


def beside(key: str) -> Parser:
    return build_parser(ColumnMatch(0, key, Target(key), ColumnRole.ROOT), timezone=INDIA)


def refused(read: Parser, cell: str) -> str:
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
def test_a_type_is_told_by_its_word_or_else_by_the_name(target: Target, found: ValueKind) -> None:
    assert infer_kind(target) is found


@pytest.mark.parametrize(
    "cell",
    [
        *("+91 98765 43210", INDIAN, "00919876543210", "+91-98765-43210", "(+91) 98765 43210"),
        *("＋919876543210", "919876543210.0", "9876543210", "098765 43210", "98765-43210"),
    ],
)
def test_phone_numbers_become_digits_with_the_country_code(cell: str) -> None:
    assert of_type("phone")(cell) == INDIAN


@pytest.mark.parametrize(
    ("cell", "region", "told"),
    [
        ("9876543210", None, NO_CODE),
        ("098765 43210", None, NOBODYS),
        ("98765", "IN", NO_PHONE),
        ("98765432", "IN", NOBODYS),
        ("+91 98765 4321", "IN", NOBODYS),
        ("+1 000 000 0000", "IN", NOBODYS),
        ("00000000000", None, NOBODYS),
        ("9.19877E+11", "IN", SHORTENED),
        ("9,19877E+11", "IN", SHORTENED),
        ("Asha", "IN", NO_PHONE),
        ("98765 43210, 98765 43211", "IN", NO_PHONE),
        ("+91 98765 43210 ext. 5", "IN", NO_PHONE),
        ("n/a", "IN", NO_PHONE),
        ("-", "IN", NO_PHONE),
        ("9" * 18, "IN", NO_PHONE),
    ],
)
def test_what_is_no_phone_number_says_what_to_do(cell: str, region: str | None, told: str) -> None:
    assert refused(of_type("phone", region=region), cell) == told


def test_a_number_of_another_country_keeps_its_own() -> None:
    assert of_type("phone", region="IN")("+49 15550 112233") == "4915550112233"
    assert of_type("phone", region=None)("12025550121") == "12025550121"


@pytest.mark.parametrize("cell", ["asha@example.com", "a.b+c@mail.example.co.in", "ä@köln.example"])
def test_addresses(cell: str) -> None:
    assert of_type("email")(cell) == cell


@pytest.mark.parametrize(
    "cell", ["asha", "asha@", "@x.co", "a@b", "a b@x.co", "a@x..co", "A <a@x.co>", "a@x.co;b@x.co"]
)
def test_what_is_no_address(cell: str) -> None:
    assert refused(of_type("email"), cell) == "is no e-mail address"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(("5", 5), ("-5", -5), ("+5", 5), ("007", 7), ("0", 0), ("5.0", 5), ("5.25", 5.25)),
        *(("1,234,567", 1234567), ("12,34,567.5", 1234567.5), ("1,234.5", 1234.5)),
        *(("1.2E+03", 1200), ("2.5e-3", 0.0025), ("9007199254740992", 9007199254740992)),
    ],
)
def test_numbers(cell: str, value: float) -> None:
    found = of_type("number")(cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("eighty", "is no number. Write it as 1234.5"),
        ("5 kg", "is no number. Write it as 1234.5"),
        ("1.234,5", "is no number. Write it as 1234.5"),
        ("1,5", "is no number. Write it as 1234.5"),
        ("--5", "is no number. Write it as 1234.5"),
        ("nan", "is no number. Write it as 1234.5"),
        ("1" * 5000, "is no number. Write it as 1234.5"),
        ("1,234", "may be read as thousands or as a fraction. Write 1234 or 1.234"),
        ("9007199254740993", "is too long for a number: its last digits would be lost"),
        ("9E99", "is too long for a number: its last digits would be lost"),
    ],
)
def test_what_is_no_number(cell: str, told: str) -> None:
    assert refused(of_type("number"), cell) == told


def test_whole_numbers() -> None:
    assert of_type("integer")("12.0") == 12
    assert refused(of_type("integer"), "12.5") == "is no whole number"


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
def test_dates_in_every_form_that_has_one_meaning(cell: str, date: str, moment: str) -> None:
    assert (of_type("date")(cell), of_type("datetime")(cell)) == (date, moment)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("3/4/2024", "may be read with the day or the month first. Write it as 2024-05-31"),
        ("3-4-2024", "may be read with the day or the month first. Write it as 2024-05-31"),
        ("31/2/2024", "is no date. Write it as 2024-05-31"),
        ("13/13/2024", "is no date. Write it as 2024-05-31"),
        ("2024-02-30", "is no date. Write it as 2024-05-31"),
        ("2024-05-06 25:00", "is no date. Write it as 2024-05-31"),
        ("2024-W05", "is no date. Write it as 2024-05-31"),
        ("20240506", "is no date. Write it as 2024-05-31"),
        ("45418", "is no date. Write it as 2024-05-31"),
        ("6 Octopus 2024", "is no date. Write it as 2024-05-31"),
        ("tomorrow", "is no date. Write it as 2024-05-31"),
    ],
)
def test_what_is_no_date_or_more_than_one(cell: str, told: str) -> None:
    assert refused(of_type("date"), cell) == told
    assert refused(of_type("datetime"), cell) == told


@pytest.mark.parametrize(
    ("cell", "value"),
    [("TRUE", True), ("yes", True), ("Y", True), ("1", True), ("False", False), ("no", False)],
)
def test_a_yes_and_a_no(cell: str, value: bool) -> None:
    assert of_type("boolean")(cell) is value


def test_what_is_neither() -> None:
    told = "is neither yes nor no. Write true or false"
    assert refused(of_type("boolean"), "maybe") == told


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1618558867539", 1618558867539),
        ("2021-04-16", 1618511400000),  # midnight in India
        ("2021-04-16T07:41:07+00:00", 1618558867000),
        ("16/4/2021", 1618511400000),
    ],
)
def test_when_to_act_next_becomes_milliseconds(cell: str, value: int) -> None:
    assert beside("nextActionAt")(cell) == value


@pytest.mark.parametrize("cell", ["0001-01-01", "1969-12-31", "9999-12-31", "2300-01-01"])
def test_when_to_act_next_is_in_our_times(cell: str) -> None:
    assert refused(beside("nextActionAt"), cell) == "is too far from today. Check the year"


def test_a_status_is_one_of_three_in_either_case() -> None:
    assert beside("status")("completed") == "COMPLETED"
    assert refused(beside("status"), "Done") == "is none of OPEN, COMPLETED, CANCELLED"


def test_an_id_of_chakra_has_its_form() -> None:
    read = build_parser(ColumnMatch(0, "id", Target("id"), ColumnRole.IDENTIFIER))
    assert read("1BC10281-5882-43AA-B48D-28C527335E7A") == "1bc10281-5882-43aa-b48d-28c527335e7a"
    assert refused(read, "LEAD-1").startswith("is no id of Chakra.")


def test_a_text_is_as_it_is_unless_excel_has_shortened_it() -> None:
    assert of_type("")("+91 or 1E5, whatever") == "+91 or 1E5, whatever"
    assert refused(of_type(""), "1.23457E+15") == SHORTENED


KINDS = ["phone", "email", "number", "integer", "date", "datetime", "boolean", "text"]


@given(
    st.sampled_from(KINDS),
    st.text(max_size=40) | st.text("0123456789+-(). ,:/TEeZ٣", max_size=30),
)
@example("number", "٣٣")
@example("datetime", "2024-05-06 ::::")
def test_any_text_becomes_a_value_or_words_without_it(said: str, cell: str) -> None:
    try:
        value = of_type(said)(cell)
    except ValueError as error:
        words = str(error)
    else:
        assert isinstance(value, str | int | float | bool)
        assert said != "phone" or re.fullmatch("[1-9][0-9]+", str(value))
        return
    assert re.fullmatch(r"[a-z].*[^.]", words)


@given(
    st.datetimes(timezones=st.none() | st.timezones()).map(
        lambda one: one.isoformat(" ", "seconds")
    )
)
@example("0001-01-01 00:00:00+14:00")
@example("9999-12-31 23:59:59-12:00")
def test_any_moment_is_milliseconds_of_our_times_or_refused(cell: str) -> None:
    try:
        value = beside("nextActionAt")(cell)
    except ValueError as error:
        words = str(error)
    else:
        assert isinstance(value, int)
        assert 0 < value < 10**13
        return
    assert words in (
        "is too far from today. Check the year",
        "is no date. Write it as 2024-05-31",  # an offset with seconds, of long ago
    )


@given(st.integers(6_000_000_000, 9_999_999_999), st.sampled_from(["", "0", "+91", "91", "0091"]))
def test_a_number_is_one_number_in_every_form(national: int, prefix: str) -> None:
    """Whether anybody can have it is the same in each."""

    def read(cell: str) -> object:
        try:
            return of_type("phone")(cell)
        except ValueError:
            return None

    found = read(f"{prefix}{national}")
    assert found in (f"91{national}", None) or not prefix
    spaced = f"{prefix} {str(national)[:5]}-{str(national)[5:]}"
    assert read(spaced) == found


@given(st.floats(-(2.0**50), 2.0**50, allow_nan=False))
def test_a_number_is_read_as_it_was_written(number: float) -> None:
    written = f"{number:.6f}"
    assert of_type("number")(written) == pytest.approx(float(written), abs=1e-6)
