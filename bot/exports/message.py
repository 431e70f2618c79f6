"""The messages about an export: its progress, edited in place, and what went wrong."""

from __future__ import annotations

from bot.exports.export import Export, ExportState
from bot.exports.paging import Ending
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Message, NoReply, Reply

CANCEL_ACTION = "process.csv_cancel"
CONTINUE_ACTION = "process.csv_continue"

CONTINUE_DAYS_TEXT = "within a day"
_BUTTON_STATES = (ExportState.READING, ExportState.UPLOADING)
_ENDING_NOTES = {
    Ending.UNSAID: (
        "Chakra didn't say whether there are more, so the list was read until nothing new came."
    ),
    Ending.EMPTY: (
        "Chakra said that there are more but sent none, so the file may be incomplete. Try again "
        "later."
    ),
    Ending.REPEATED: (
        "Chakra sent the same records again and again, so the file may be incomplete. Try a "
        "narrower query."
    ),
    Ending.TOO_LARGE: (
        "The file has reached Slack's limit (1 GB), so it is incomplete. Try a narrower query."
    ),
}


NOT_FOUND = "That export is gone: exports are stored for a week. Start it again from the list."


def render_started(export: Export | None, is_new: bool) -> Message:
    """Return the answer to a person who requested an export."""
    if export is None:
        return blocks.text_message(
            "Two of your exports are already being read. Wait for one to end, or cancel it in "
            "your direct messages with this app, and try again."
        )
    if not is_new:
        return blocks.text_message(
            markup(render_title(export), " is already being read: see your direct messages.")
        )
    return blocks.text_message(
        markup(
            render_title(export),
            ": you'll get the file in a direct message. You can follow it there, and cancel it.",
        )
    )


def render_cancelled(export: Export | None) -> Reply:
    """Return the answer to a person who cancelled: nothing if their message shows it."""
    if export is None:
        return blocks.text_message(NOT_FOUND)
    if export.state is ExportState.CANCELLED:
        return NoReply()
    return blocks.text_message("It's too late to cancel: the file is sent, or about to be.")


def render_continued(export: Export | None) -> Reply:
    """Return the answer to a person who continued an export: nothing if their message shows it."""
    if export is None:
        return blocks.text_message(NOT_FOUND)
    if export.state.is_active:
        return NoReply()
    if export.state is ExportState.FAILED:
        return blocks.text_message(
            "The same list is already being read, or can't be continued. See the messages here."
        )
    return blocks.text_message("That export has ended. Start it again from the list.")


def count_records(export: Export) -> str:
    """Return how many records were read: "3,400 leads"."""
    count = export.row_count
    if export.query is None:
        return f"{count:,}"
    noun = export.query.singular if count == 1 else export.query.plural
    return f"{count:,} {noun.lower()}"


def render_title(export: Export) -> Markup:
    """Return what is read, and how the query was understood."""
    if export.query is None:
        return bold("CSV")
    title = bold(f"{export.query.plural} as CSV")
    return markup(title, "  ·  ", export.query.echo) if export.query.echo else title


def render_progress(export: Export, *, waits_for: str = "") -> Message:
    """Return the current message of an export; ``waits_for`` is the service that is down."""
    status = _render_status(export)
    if waits_for and export.state in _BUTTON_STATES:
        status = f"{status} {waits_for} isn't responding; trying again."
    content = [blocks.section(lines([render_title(export), status]))]
    if export.state in _BUTTON_STATES:
        content.append(blocks.actions(blocks.button("Cancel", CANCEL_ACTION, str(export.id))))
    return Message(markup(render_title(export), ": ", status), tuple(content))


def render_failed(export: Export) -> Message:
    """Return what went wrong, and the button to continue."""
    if export.query is None:
        text = markup(Markup(":warning: "), render_title(export), " stopped. ", export.problem)
        return blocks.text_message(text)
    what = f"stopped after {count_records(export)}." if export.row_count else "stopped."
    text = markup(Markup(":warning: "), render_title(export), " ", what, " ", export.problem)
    hint = (
        f"Continue {CONTINUE_DAYS_TEXT}: what was read is stored until then."
        if export.row_count
        else "Nothing is sent until then."
    )
    buttons = [
        blocks.button("Continue", CONTINUE_ACTION, str(export.id)),
        blocks.button("Cancel", CANCEL_ACTION, str(export.id)),
    ]
    content = (blocks.section(text), blocks.context(hint), blocks.actions(*buttons))
    return Message(text, content)


def render_file_comment(export: Export) -> Markup:
    """Return the text above the file: its contents, and what to know about it."""
    head = markup(render_title(export), ": ", count_records(export), ".")
    return lines([head, *list_notes(export)])


def list_notes(export: Export) -> list[str]:
    """Return what the reader of the file must know."""
    position, notes = export.progress.position, []
    if position.has_changed:
        notes.append(
            "The list changed while it was read. Each record is in the file once; one that was "
            "added or changed in that time may be missing."
        )
    if position.has_gap:
        notes.append(
            "Chakra's order changed from page to page, so more records may be missing. Try again "
            "when fewer people are working, or use a narrower query."
        )
    if note := _ENDING_NOTES.get(position.ending):
        notes.append(note)
    if cut := export.progress.cut_count:
        values = "1 value was" if cut == 1 else f"{cut:,} values were"
        notes.append(f"{values} too long for a cell, and cut off.")
    warning = not position.ending.is_certain or position.has_gap
    return [f":warning: {note}" if warning else note for note in notes]


def _render_status(export: Export) -> str:
    counted = count_records(export)
    match export.state:
        case ExportState.READING:
            return f"{counted} read …"
        case ExportState.UPLOADING | ExportState.SHARING:
            return f"{counted} read. Sending the file …"
        case ExportState.DONE if not export.row_count:
            noun = export.query.singular.lower() if export.query else "record"
            return f"No {noun} matches, so there is no file."
        case ExportState.DONE:
            return f"{counted} read. The file is below."
        case ExportState.CANCELLED:
            return f"Cancelled after {counted}. There is no file."
        case _:
            return f"Stopped after {counted}."
