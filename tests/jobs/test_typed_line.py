"""The job, the places and the unused words of typed lines."""

from __future__ import annotations

import pytest

from bot.errors import SuggestedLine, UsageError
from bot.jobs.typed_line import JobLine, parse_job_line, require_clear_place
from bot.slack.commands.arguments import parse_arguments

ID = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


def parse(typed: str) -> JobLine:
    return parse_job_line(parse_arguments(typed.replace("ID", ID)), "/chakra watch")


@pytest.mark.parametrize(
    ("typed", "unused"),
    [
        ("ID", ()),
        ("job ID please", ()),
        ("the job ID, thanks!", ()),
        ("ID until it is done", ()),
        ("<https://app.chakrahq.com/jobs/ID>", ()),
        ("ID sales", ("sales",)),
        ("ID in sales please", ("sales",)),
        ("tomorrow ID <@U0MEI|mei>", ("tomorrow", "@mei")),
    ],
)
def test_words_that_mean_nothing_are_unused(typed: str, unused: tuple[str, ...]) -> None:
    assert parse(typed).unused == unused


@pytest.mark.parametrize(
    ("typed", "channels", "unknown"),
    [
        ("ID <#C0SALES|sales>", ["C0SALES"], ()),
        ("<#C0SALES> ID <#C0OPS|ops>", ["C0SALES", "C0OPS"], ()),
        ("ID #nosuch", [], ("#nosuch",)),
        ("ID in #nosuch", [], ("#nosuch",)),
        ("ID #", [], ()),
    ],
)
def test_channels_are_known_or_not(
    typed: str, channels: list[str], unknown: tuple[str, ...]
) -> None:
    line = parse(typed)
    assert [channel.id for channel in line.channels] == channels
    assert line.unknown_channels == unknown


@pytest.mark.parametrize(
    ("typed", "is_here", "is_private"),
    [("ID here", True, False), ("ID in my DMs", False, True), ("ID", False, False)],
)
def test_places_without_a_name(typed: str, is_here: bool, is_private: bool) -> None:
    line = parse(typed)
    assert (line.is_here, line.is_private, line.unused) == (is_here, is_private, ())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("ID #nosuch", "There is no channel #nosuch that I can see."),
        ("ID sales", 'I don\'t know what "sales" means here. Write a channel as #sales.'),
    ],
)
def test_an_unclear_place_is_refused_with_what_was_understood(typed: str, sentence: str) -> None:
    understood = SuggestedLine(f"watch {ID}", "Watch it here")
    with pytest.raises(UsageError) as refused:
        require_clear_place(parse(typed), understood)
    assert refused.value.message == sentence
    assert refused.value.suggested_lines == (understood,)


@pytest.mark.parametrize("typed", ["", "please", "1234", "ID 00000000-0000-4000-8000-000000000000"])
def test_a_line_names_one_job(typed: str) -> None:
    with pytest.raises(UsageError):
        parse(typed)
