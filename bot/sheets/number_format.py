"""Render numbers as Excel shows them when a format adds characters: zeros, text, separators.

Source: ECMA-376 part 1, 18.8.31 (numFmts). Dates, percentages, fractions, exponents and plain
amounts return ``None``: the number itself is their value.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, DecimalException

MAX_CODE_LENGTH = 255
"""Characters; Excel's own limit."""

_TOKEN = re.compile(
    r'"(?P<text>[^"]*)"|\\(?P<escaped>.)|_.|\*.'
    r"|\[(?P<bracket>[^\]]*)\]|(?P<general>General)|(?P<ampm>AM/PM|A/P)|(?P<exponent>E[+-])"
    r"|(?P<digit>[0#?])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;"\\]|["\\])*?)(?:;|\Z)', re.DOTALL)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_ELAPSED_TIME = re.compile(r"(h+|m+|s+)", re.IGNORECASE)
_DATE_LETTERS = frozenset("ymdhsYMDHSbBeEgG")
_GROUP_MARKS = frozenset(",.'’ \u00a0\u202f")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}


class UnsupportedFormat(Exception):
    """The format adds characters in a way that isn't rendered here."""


@dataclass(frozen=True, slots=True)
class _Literal:
    text: str


@dataclass(frozen=True, slots=True)
class _Digit:
    kind: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """A part with a meaning of its own: ``.``, ``,``, ``@`` or ``General``."""

    kind: str


_Part = _Literal | _Digit | _Mark


@dataclass(frozen=True, slots=True)
class _Section:
    """``adds`` is whether the section shows characters that the plain value lacks."""

    parts: tuple[_Part, ...]
    condition: tuple[str, float] | None
    adds: bool
    supported: bool = True

    @property
    def is_text(self) -> bool:
        return _Mark("@") in self.parts

    def matches(self, value: float) -> bool:
        return self.condition is None or _OPERATORS[self.condition[0]](value, self.condition[1])


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The sections of a format code that adds characters.

    ``padding`` is the shortcut for positive whole numbers, the most common ones: the prefix, the
    minimum number of digits, and the suffix.
    """

    sections: tuple[_Section, ...]
    padding: tuple[str, int, str] | None = None

    def render(self, value: float | str) -> str | None:
        """Return what Excel shows, or ``None`` if the plain value says the same.

        Raise ``UnsupportedFormat`` if the format adds characters that can't be rendered here.
        """
        if self.padding and not isinstance(value, str) and value > 0 and float(value).is_integer():
            before, width, after = self.padding
            return f"{before}{int(value):0{width}}{after}"
        found = self._select_text() if isinstance(value, str) else self._select_number(value)
        if found is None or not found[0].adds:
            return None
        section, is_signed = found
        if not section.supported:
            raise UnsupportedFormat
        if isinstance(value, str) or section.is_text:
            plain = value if isinstance(value, str) else format_number(value)
            return _render_text(section.parts, plain)
        shown = _render_number(section.parts, abs(value))
        return f"-{shown}" if is_signed and value < 0 else shown

    def _select_text(self) -> tuple[_Section, bool] | None:
        found = next((section for section in self.sections if section.is_text), None)
        return (found, False) if found else None

    def _select_number(self, value: float) -> tuple[_Section, bool] | None:
        """Return the section for ``value``, and whether a minus precedes it."""
        sections = [section for section in self.sections if not section.is_text]
        if not sections:
            return self.sections[0], False
        if any(section.condition for section in sections):
            chosen = next((section for section in sections if section.matches(value)), None)
            return (chosen, True) if chosen else None
        if value < 0 and len(sections) > 1:
            return sections[1], False
        if value == 0 and len(sections) > 2:
            return sections[2], False
        return sections[0], True


def parse_number_format(code: str) -> NumberFormat | None:
    """Return the format, or ``None`` if it adds no characters to any value."""
    if len(code) > MAX_CODE_LENGTH:
        return None
    sections = tuple(
        _parse_section(text, place) for place, text in enumerate(_split_sections(code))
    )
    if not any(section.adds for section in sections):
        return None
    return NumberFormat(sections, _find_padding(sections))


def _find_padding(sections: Sequence[_Section]) -> tuple[str, int, str] | None:
    first = sections[0]
    whole, prefix, suffix = _split_around_digits(first.parts)
    zeros = sum(part == _Digit("0") for part in whole)
    is_simple = (
        first.adds
        and not any(section.condition for section in sections)
        and 0 < zeros == len(whole)
        and all(isinstance(part, _Literal) for part in (*prefix, *suffix))
        and len(first.parts) == len(prefix) + len(whole) + len(suffix)
    )
    return (_join_literals(prefix), zeros, _join_literals(suffix)) if is_simple else None


def _join_literals(parts: Sequence[_Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, _Literal))


def format_number(value: float) -> str:
    """Return a number without an exponent. Every number of a workbook is a float of 15 digits."""
    if float(value).is_integer():
        return str(int(value))
    return f"{Decimal(f'{value:.15g}'):f}"


def _split_sections(code: str) -> list[str]:
    found = _SECTION.findall(code)
    if not code.endswith(";") and len(found) > 1 and not found[-1]:
        found.pop()  # the empty match at the end
    return found[:4]


def _parse_section(text: str, place: int) -> _Section:
    section = _SectionParts()
    for token in _TOKEN.finditer(text):
        if token.lastgroup:
            section.take(token.lastgroup, token[token.lastgroup])
    parts = tuple(part for part in section.parts if part != _Literal(""))
    if section.has_own_value or _is_percentage(parts) or _is_fraction(parts):
        return _Section((), section.condition, adds=False)
    return _Section(
        parts,
        section.condition,
        _adds_characters(parts, place, section.currencies),
        _is_supported(parts),
    )


class _SectionParts:
    """Collects the parts of one section. A date or an exponent has its own value."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []
        self.condition: tuple[str, float] | None = None
        self.currencies: set[str] = set()
        self.has_own_value = False

    def take(self, group: str, value: str) -> None:
        if group == "digit":
            self.parts.append(_Digit(value))
        elif group == "bracket":
            self._take_bracket(value)
        elif group == "general" or (group == "other" and value in ".,@"):
            self.parts.append(_Mark("General" if group == "general" else value))
        else:
            self.has_own_value |= group in ("ampm", "exponent") or (
                group == "other" and value in _DATE_LETTERS
            )
            self.parts.append(_Literal(value))

    def _take_bracket(self, value: str) -> None:
        if found := _CONDITION.fullmatch(value.strip()):
            self.condition = (found[1], float(found[2]))
        elif value.startswith("$"):
            self.currencies.add(symbol := value[1:].partition("-")[0])
            self.parts.append(_Literal(symbol))
        self.has_own_value |= bool(_ELAPSED_TIME.fullmatch(value))


def _is_percentage(parts: Sequence[_Part]) -> bool:
    return any(isinstance(part, _Literal) and "%" in part.text for part in parts) and any(
        isinstance(part, _Digit) for part in parts
    )


def _is_fraction(parts: Sequence[_Part]) -> bool:
    """``# ?/?``: a slash between digits, one of which only aligns."""
    return _Digit("?") in parts and any(
        part == _Literal("/")
        and any(isinstance(before, _Digit) for before in parts[:place])
        and any(isinstance(after, _Digit) for after in parts[place:])
        for place, part in enumerate(parts)
    )


def _is_supported(parts: Sequence[_Part]) -> bool:
    """Return whether all digits after the point are consecutive, and there is at most one point."""
    points = [place for place, part in enumerate(parts) if part == _Mark(".")]
    if len(points) > 1:
        return False
    digits = [place for place, part in enumerate(parts) if isinstance(part, _Digit)]
    if not points or not digits:
        return True
    return all(isinstance(part, _Digit) for part in parts[points[0] + 1 : digits[-1] + 1])


# --- what a section adds -------------------------------------------------------------------------


def _adds_characters(parts: Sequence[_Part], place: int, currencies: set[str]) -> bool:
    whole, prefix, suffix = _split_around_digits(parts)
    if sum(part == _Digit("0") for part in whole) > 1:
        return True
    if any(isinstance(part, _Literal) for part in whole) and not _is_grouping(whole):
        return True
    return any(
        isinstance(part, _Literal) and not _is_neutral(part.text, place, currencies)
        for part in (*prefix, *suffix)
    )


def _split_around_digits(
    parts: Sequence[_Part],
) -> tuple[Sequence[_Part], Sequence[_Part], Sequence[_Part]]:
    """Return the parts of the whole number, those before it and those after the last digit."""
    digits = [place for place, part in enumerate(parts) if isinstance(part, _Digit)]
    if not digits:
        return (), parts, ()
    first, last = digits[0], digits[-1]
    point = next((place for place, part in enumerate(parts) if part == _Mark(".")), last + 1)
    return parts[first : min(point, last + 1)], parts[:first], parts[last + 1 :]


def _is_grouping(whole: Sequence[_Part]) -> bool:
    """Return whether the separators are those of thousands: the last group has three digits."""
    since = 0
    for part in reversed(whole):
        if isinstance(part, _Literal):
            return since == 3 and all(
                set(literal.text) <= _GROUP_MARKS
                for literal in whole
                if isinstance(literal, _Literal)
            )
        since += isinstance(part, _Digit)
    return True


def _is_neutral(text: str, place: int, currencies: set[str]) -> bool:
    """Return whether a text beside the digits is a sign, a space or a currency.

    ``place`` is the section's: from the second one, signs of negative numbers are expected.
    """
    bare = text.strip()
    if not bare or text in currencies:
        return True
    if any(unicodedata.category(sign) == "Sc" for sign in bare):
        return len(bare) <= 3
    return place > 0 and set(bare) <= set("-()–−")


# --- rendering -----------------------------------------------------------------------------------


def _render_text(parts: Sequence[_Part], text: str) -> str:
    return "".join(
        part.text if isinstance(part, _Literal) else text if part == _Mark("@") else ""
        for part in parts
    )


def _render_number(parts: Sequence[_Part], value: float) -> str:
    if _Mark("General") in parts:
        plain = format_number(value)
        return "".join(
            part.text if isinstance(part, _Literal) else plain if part == _Mark("General") else ""
            for part in parts
        )
    digits = [place for place, part in enumerate(parts) if isinstance(part, _Digit)]
    if not digits:
        return _join_literals(parts)
    first, last = digits[0], digits[-1]
    point = next((place for place, part in enumerate(parts) if part == _Mark(".")), None)
    whole_end = last + 1 if point is None else point
    decimals = [] if point is None else [part for part in parts[point:] if isinstance(part, _Digit)]
    scale = _count_scaling_commas(parts, last)
    whole, fraction = _round(value, scale, len(decimals))
    shown = _fill_digits(parts[min(first, whole_end) : whole_end], whole)
    if point is not None:
        shown += "." + _trim_fraction(fraction, decimals)
    before = _join_literals(parts[: min(first, whole_end)])
    after = _join_literals(parts[last + 1 :])
    return before + shown + after


def _count_scaling_commas(parts: Sequence[_Part], last_digit: int) -> int:
    """Return the commas right after the last digit: each divides by a thousand."""
    count = 0
    for part in parts[last_digit + 1 :]:
        if part != _Mark(","):
            break
        count += 1
    return count


def _round(value: float, thousands: int, decimals: int) -> tuple[str, str]:
    try:
        exact = Decimal(f"{value:.15g}").scaleb(-3 * thousands)
        rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    except DecimalException:
        raise UnsupportedFormat from None
    whole, _, fraction = f"{rounded:f}".partition(".")
    return whole.lstrip("0"), fraction


def _fill_digits(parts: Sequence[_Part], digits: str) -> str:
    """Return the whole number filled into its places from the right. Extra digits go first."""
    places = [place for place, part in enumerate(parts) if isinstance(part, _Digit)]
    has_groups = _Mark(",") in parts
    shown: list[str] = []
    left = list(digits)
    taken = 0
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        if isinstance(part, _Literal):
            shown.append(part.text)
        if not isinstance(part, _Digit):
            continue
        is_first = bool(places) and place == places[0]
        while True:
            digit = left.pop() if left else "0" if part.kind == "0" else ""
            if has_groups and digit and taken and taken % 3 == 0:
                shown.append(",")
            shown.append(digit)
            taken += bool(digit)
            if not (is_first and left):
                break
    return "".join(reversed(shown))


def _trim_fraction(fraction: str, places: Sequence[_Digit]) -> str:
    length = len(fraction)
    while length and fraction[length - 1] == "0" and places[length - 1].kind != "0":
        length -= 1
    return fraction[:length]
