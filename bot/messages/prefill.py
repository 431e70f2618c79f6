"""Fill a form from the recipient's record, and empty it again for another recipient. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from bot.chakra.template import Template
from bot.messages.form_values import SendForm
from bot.messages.recipients import Recipient
from bot.messages.record_values import fill_from_record

MAX_FILLED_LENGTH = 500
"""Characters that the form remembers of what was filled in, in Slack's 3,000 of metadata."""


def refill(form: SendForm, template: Template | None, recipient: Recipient | None) -> SendForm:
    """Return the form with the empty variables filled from a lead, if the recipient is one.

    What another recipient's record filled in, and the person did not change, is removed: it must
    not be sent to this one. A field that the person emptied stays empty.
    """
    source = ""
    if template and recipient and recipient.process:
        source = f"{recipient.procedure}/{recipient.process.id} {template.id}"
    if source == (json.loads(form.filled)["from"] if form.filled else ""):
        return form
    stale = form.filled_keys
    values = {key: value for key, value in form.values.items() if key not in stale}
    filled: dict[str, str] = {}
    if source and template and recipient and recipient.process:
        for key, value in fill_from_record(template, recipient.process).items():
            remembered = _pack(source, {**filled, key: value})
            fits = len(json.dumps(remembered, ensure_ascii=False)) <= MAX_FILLED_LENGTH
            if fits and not values.get(key, "").strip():
                filled[key] = value
    state = _pack(source, filled) if source else ""
    return replace(form, values={**values, **filled}, filled=state)


def _pack(source: str, values: Mapping[str, str]) -> str:
    return json.dumps({"from": source, "values": values}, ensure_ascii=False)
