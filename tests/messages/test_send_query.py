"""What people type to find their sends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import UsageError
from bot.messages.details import SendDetails
from bot.messages.send import Send
from bot.messages.send_query import (
    EVERYONE,
    find_period,
    matches_words,
    parse_query,
)
from bot.messages.status import SendStatus
from bot.slack.commands.arguments import parse_arguments

ME = "U0JOHN"
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
DAY = 86_400.0

LINES: dict[str, dict[str, str]] = {
    "": {},
    "failed": {"status": "failed"},
    "Failed.": {"status": "failed"},
    "status:failed": {"status": "failed"},
    "status: not delivered": {"status": "failed"},
    'status:"not delivered"': {"status": "failed"},
    "not delivered": {"status": "failed"},
    "not sent": {"status": "failed"},
    "errors today": {"status": "failed", "day": "today"},
    "unread": {"status": "unread"},
    "not read yesterday": {"status": "unread", "day": "yesterday"},
    "not yet read": {"status": "unread"},
    "read": {"status": "read"},
    "pending": {"status": "sending"},
    "this week": {"day": "week"},
    "last week": {"day": "week"},
    "last 7 days": {"day": "week"},
    "last 5": {},
    "last 10 failed": {"status": "failed"},
    "me": {"member": ME},
    "my failed messages": {"member": ME, "status": "failed"},
    "everyone": {"member": EVERYONE},
    "everyone’s failed": {"member": EVERYONE, "status": "failed"},
    "all failed": {"member": EVERYONE, "status": "failed"},
    "<@U0MEI|mei>": {"member": "U0MEI"},
    "by <@U0MEI> today": {"member": "U0MEI", "day": "today"},
    "order_update": {"words": "order_update"},
    "to Mei Tanaka": {"words": "Mei Tanaka"},
    "order_update to mei failed": {"words": "order_update mei", "status": "failed"},
    "+61 491 570 156": {"words": "+61 491 570 156"},
    "0156 yesterday": {"words": "0156", "day": "yesterday"},
    "sent today": {"day": "today"},
    "sent": {},
    "status:sent": {"status": "sent"},
    "not yet delivered": {"status": "sending"},
    "in transit": {"status": "sending"},
    "not opened": {"status": "unread"},
    "what failed today": {"status": "failed", "day": "today"},
    "why was it rejected?": {"status": "failed"},
    "which were not sent": {"status": "failed"},
    "everybody": {"member": EVERYONE},
    "last one": {},
    "from <@U0MEI|mei> yesterday": {"member": "U0MEI", "day": "yesterday"},
    "<tel:+12025550100|+12025550100>": {"words": "+12025550100"},
    "'; DROP TABLE sends;--": {"words": "'; DROP TABLE sends;--"},
    "%": {"words": "%"},
    "failed read": {"status": "failed", "words": "read"},
    "banana": {"words": "banana"},
}


@pytest.mark.parametrize("line", LINES)
def test_typed_line_is_understood(line: str) -> None:
    given = {"status": "", "day": "", "member": "", "words": "", **LINES[line]}
    query = parse_query(parse_arguments(line, ("status",)), ME)
    assert query.model_dump() == {**given, "page": 1}


@pytest.mark.parametrize("line", ["status:banana", "me <@U0MEI>", "<@U0MEI> <@U0JANE>"])
def test_unclear_line_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        parse_query(parse_arguments(line, ("status",)), ME)


def test_days_are_those_of_the_person() -> None:
    today = find_period("today", NOON, UTC)
    yesterday = find_period("yesterday", NOON, UTC)
    assert (today.start, yesterday.start) == (NOON - DAY / 2, NOON - 1.5 * DAY)
    assert yesterday.end == today.start
    assert find_period("week", NOON, UTC).start == NOON - 6.5 * DAY
    assert find_period("", NOON, UTC).start == 0


@pytest.mark.parametrize(
    ("words", "with_details", "without"),
    [
        ("", True, True),
        ("order", True, True),
        ("order update", True, True),
        ("mei", True, False),
        ("TANAKA order_update", True, False),
        ("0156", True, True),
        ("+61 491 570 156", True, True),
        ("0491 570 156", True, True),
        ("491570156", True, True),
        ("0157", False, False),
        ("order banana", False, False),
    ],
)
def test_words_match_template_name_and_end_of_number(
    words: str, with_details: bool, without: bool
) -> None:
    send = Send(
        1, "k", ME, "order_update", "en", "+61 •••••• 0156", True, "p", 0.0, SendStatus.READ, 0.0
    )
    details = SendDetails("+61491570156", "Mei Tanaka", "+61 491 570 156")
    assert matches_words(send, details, words) is with_details
    assert matches_words(send, None, words) is without
