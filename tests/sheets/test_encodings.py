"""Encodings that a file doesn't name: guessed, shown, and open to choice."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sheets.encoding import ENCODING_NAMES
from bot.sheets.read import parse_sheet, read_sheet
from bot.sheets.samples import list_cells_beyond_ascii
from bot.sheets.sheet import InvalidSheet, ReadOptions
from tests.sheets.builders import parse_csv


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("iso8859-7", "Γιώργος,Μαρία Παπαδοπούλου,Αθήνα"),
        ("iso8859-7", "Γιώργος"),
        ("iso8859-7", "Άννα,Ελένη"),
        ("cp1253", "Άννα,Δημήτρης"),
        ("iso8859-2", "Łukasz,Śląsk"),
        ("cp1251", "Иван,Мария Иванова,Санкт-Петербург"),
        ("koi8-r", "Иван,Мария,Москва"),
        ("cp1250", "Łukasz,Małgorzata Wiśniewska,Łódź"),
        ("cp1255", "משה,יעקב כהן,תל אביב"),
        ("cp1256", "محمد,فاطمة,القاهرة"),
        ("cp874", "สมชาย,กรุงเทพ"),
        ("cp932", "田中太郎,東京,鈴木一郎"),
        ("gb18030", "王小明,北京,李娜"),
        ("big5", "王小明,臺北,陳美麗"),
        ("cp949", "김민수,서울,이영희"),
        ("cp1252", "Zoë,Müller,François,São Paulo"),
        ("cp1252", "José"),
        ("cp1252", "D’Angelo"),
        ("cp1252", "Guðrún Þórsdóttir"),
        ("cp1252", "Rue à Droite"),
        ("cp1252", "McÉvoy,DÉJÀ vu,ÅSA ÖBERG"),
        ("mac_roman", "José,María"),
        ("mac_roman", "Müller"),
        ("cp850", "José,Müller"),
        ("cp1254", "Ayşe,İstanbul,Ümit"),
        ("cp1252", "Mª José,Nº 5"),
        ("cp1252", "¿Qué tal?"),
        ("cp1252", "10 km²"),
        ("mac_roman", "Zoë,Müller,José,François"),
    ],
)
async def test_names_of_other_alphabets_are_read_as_they_were_written(
    encoding: str, names: str
) -> None:
    rows = [f"E{number},{name}" for number, name in enumerate(names.split(","))]
    found = await read_sheet("\n".join(["Lead Id,First Name", *rows]).encode(encoding))
    assert [row[1] for row in found.rows] == names.split(",")
    assert found.source.is_guess
    assert "(assumed)" in found.format_description


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *(("mac_roman", "Zoë"), ("iso8859-2", "Győr"), ("cp437", "Zoë"), ("cp1257", "Šarūnas")),
        *(("iso8859-2", "Śląsk"), ("cp852", "Gdańsk"), ("iso8859-5", "Иван"), ("cp866", "Мария")),
        *(("koi8-u", "Київ"), ("iso8859-6", "محمد"), ("euc_jp", "東京")),
    ],
)
async def test_wrong_guess_is_shown_and_can_be_replaced(encoding: str, name: str) -> None:
    data = f"Lead Id,First Name\nE1,Asha\nE2,{name}".encode(encoding)
    guessed = await read_sheet(data)
    assert guessed.source.is_guess
    assert list_cells_beyond_ascii(guessed) == [guessed.rows[1][1]]
    usable = [
        codec
        for codec in ENCODING_NAMES
        if (await read_sheet(data, ReadOptions(encoding=codec))).rows[1][1] == name
    ]
    assert usable


async def test_certain_encoding_is_not_replaced() -> None:
    found = await read_sheet("name\nΓιώργος".encode(), ReadOptions(encoding="cp1251"))
    assert (found.rows, found.source.is_guess) == ((("Γιώργος",),), False)


async def test_unsuitable_choice_is_ignored() -> None:
    data = "name\nΓιώργος\nΜαρία".encode("cp1253")
    for codec in ("cp932", "utf-7", "no codec"):
        assert (await read_sheet(data, ReadOptions(encoding=codec))).source.encoding == "cp1253"


async def test_shown_cells_cover_the_most_letters() -> None:
    sheet = await parse_csv("näme,city", "Asha,Pune", "Zoë,Köln", "Zoë,Köln", "Zoé,Ürgüp", "Öö,x")
    assert list_cells_beyond_ascii(sheet) == ["näme", "Zoë", "Köln", "Zoé", "Ürgüp", "Öö"]
    assert list_cells_beyond_ascii(sheet, 2) == ["näme", "Zoë"]


@given(st.binary(min_size=1, max_size=60))
@example(b"\x1a")
def test_any_old_bytes_are_read_or_rejected(data: bytes) -> None:
    try:
        found = parse_sheet(b"name,city\n" + data + b",\xe9\n")
    except InvalidSheet as refusal:
        error = refusal.message
    else:
        known = {*ENCODING_NAMES, "utf-16-le", "utf-16-be"}
        assert not found.source.is_guess or found.source.encoding in known
        return
    assert error.endswith(".")
