"""Lists of records whose query is too long for a button."""

from __future__ import annotations

import pytest

from bot.errors import UsageError
from bot.processes.list_message import RecordListQuery
from bot.record_lists import require_short


@pytest.mark.parametrize("length", [1_500, 1_999, 3_000])
def test_a_button_with_a_long_value_is_refused_with_a_sentence(length: int) -> None:
    """A key of 1,999 letters in a tampered button was an error of this app."""
    with pytest.raises(UsageError, match="too long for one query"):
        require_short(RecordListQuery(type="l" * length, text="x"))
