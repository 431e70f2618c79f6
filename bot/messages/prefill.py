"""Fill a form from the recipient's record, and empty it again for another recipient. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.chakra.template import Template
from bot.messages.form_values import SendForm
from bot.messages.recipients import Recipient
from bot.messages.record_values import fill_from_record

MAX_FILLED_LENGTH = 500
"""Characters of prefilled values that the form remembers, of Slack's 3,000 of metadata."""
_NOTHING_FILLED = '{"from": "", "values": {}, "set": 0, "keys": []}'
"""The record that filled the values, how often one did, and the keys of all fields ever set."""


def refill(form: SendForm, template: Template | None, recipient: Recipient | None) -> SendForm:
    """Return the form with the empty variables filled from a lead, if the recipient is one.

    What another recipient's record filled in, and the person did not change, is removed: it must
    not be sent to this one. A field that the person emptied stays empty.
    """
    source = ""
    if template and recipient and recipient.process:
        source = f"{recipient.procedure}/{recipient.process.id} {template.id}"
    before: dict[str, Any] = json.loads(form.filled or _NOTHING_FILLED)
    if source == before["from"]:
        return form
    stale = form.filled_keys
    values = {key: value for key, value in form.values.items() if key not in stale}

    def remember(values: Mapping[str, str]) -> str:
        keys = sorted({*before["keys"], *stale, *values})
        state = {"from": source, "values": values, "set": before["set"] + 1, "keys": keys}
        return json.dumps(state, ensure_ascii=False)

    filled: dict[str, str] = {}
    if source and template and recipient and recipient.process:
        for key, value in fill_from_record(template, recipient.process).items():
            state = json.dumps(remember({**filled, key: value}), ensure_ascii=False)
            if len(state) <= MAX_FILLED_LENGTH and not values.get(key, "").strip():
                filled[key] = value
    return replace(form, values={**values, **filled}, filled=remember(filled))
