"""What a button carries of a send, read back."""

from __future__ import annotations

import pytest

from bot.errors import UsageError
from bot.messages.form_values import SendForm


@pytest.mark.parametrize("value", ["", "junk", "[]", "{}", '["a",1,"",{},""]', "[" * 9_000])
def test_invalid_button_token_is_outdated(value: str) -> None:
    with pytest.raises(UsageError):
        SendForm.from_value(value)
