"""Exception -> what happened and what to do, as a message, a form or plain text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot import errors
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.commands.markup import unescape
from bot.slack.commands.reply import Block, Message, View
from bot.slack.commands.run_button import run_buttons
from bot.slack.copy.common_errors import COMMON_ERRORS, UNEXPECTED_ERROR
from bot.slack.copy.explanation import ErrorTable, Explanation
from bot.slack.refilled_form import refill_form

ERROR_BLOCK_PREFIX = "_error"
"""The prefix of the ``block_id`` of blocks that `Explainer.render_view` adds to a form."""


class Explainer:
    """The sentences for errors: `COMMON_ERRORS`, and those that features provide."""

    def __init__(self, *tables: ErrorTable) -> None:
        """``tables`` come before the common one.

        The most specific of an error's classes that has a sentence decides.
        """
        merged = dict(COMMON_ERRORS)
        for table in tables:
            merged.update(table)
        self._table: ErrorTable = MappingProxyType(merged)

    def explain(self, error: BaseException) -> Explanation:
        """Return the most specific explanation; an unforeseen error is the app's own."""
        for kind in type(error).__mro__:
            explain_kind = self._table.get(kind)
            if explain_kind is not None:
                return explain_kind(error)
        return UNEXPECTED_ERROR.explain(error)

    def explain_as_text(self, error: BaseException) -> str:
        """Return the explanation to show under a field, where Slack shows plain text."""
        explanation = self.explain(error)
        if isinstance(error, errors.UsageError):  # its remedy is a line to type
            text = str(explanation.summary)
        else:
            text = f"{explanation.summary} {explanation.remedy}".strip()
        return unescape(text.replace("*", "").replace("`", ""))

    def render_message(self, error: BaseException, reference: str) -> Message:
        """Return the explanation for a command or the button of a message."""
        explanation = self.explain(error)
        suggested = error.suggested_lines if isinstance(error, errors.UserError) else ()
        return Message(
            text=f"{explanation.summary} {explanation.remedy}".strip(),
            blocks=(*_render_blocks(explanation, reference), *run_buttons(suggested)),
        )

    def render_view(
        self,
        error: BaseException,
        reference: str,
        view: View | None,
        values: Mapping[str, str],
    ) -> View:
        """Return the form with the explanation above its fields and everything typed in it.

        Return a modal of its own if the error did not come from a form.
        """
        content = _render_blocks(self.explain(error), reference)
        if view is None or not view.get("submit") or not view.get("blocks"):
            return blocks.info_modal("That didn't work", content)
        fields = [
            block
            for block in view["blocks"]
            if not str(block.get("block_id", "")).startswith(ERROR_BLOCK_PREFIX)
        ]
        return refill_form({**view, "blocks": fields}, dict(values), _add_error_block_ids(content))


def _render_blocks(explanation: Explanation, reference: str) -> tuple[Block, ...]:
    mark = ":warning: " if explanation.is_service_error else ""
    has_bold = "*" in explanation.summary
    summary = (
        bold(explanation.summary) if explanation.remedy and not has_bold else explanation.summary
    )
    rows = [markup(Markup(mark), summary)]
    if explanation.remedy:
        rows.append(explanation.remedy_with_reference or explanation.remedy)
    content: list[Block] = blocks.sections(blocks.lines(rows))
    if explanation.is_service_error:
        content.append(blocks.context(markup("Reference ", code(reference))))
    return tuple(content)


def _add_error_block_ids(content: tuple[Block, ...]) -> list[Block]:
    return [
        {**block, "block_id": f"{ERROR_BLOCK_PREFIX}{position}"}
        for position, block in enumerate(content)
    ]
