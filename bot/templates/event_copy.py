"""The meaning of a template's event: what changed, what that costs or stops, what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from bot.chakra.fields import to_text
from bot.chakra.template import Template
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, lines, markup
from bot.templates import vocabulary
from bot.templates.word_diff import diff_words
from bot.webhooks.events import Json, TemplateEvent
from bot.webhooks.fields import as_object, find_first_text, iter_objects, to_epoch_seconds

HOUR_SECONDS = 3_600.0
PAUSE_HOURS = {"FIRST_PAUSE": 3, "SECOND_PAUSE": 6}
"""How long a pause lasts; after a third, the template is disabled.
developers.facebook.com/docs/whatsapp/message-templates/guidelines#template-pausing"""
MAX_REASON_LENGTH = 500
MAX_DIFF_LENGTH = 2_500
IN_REVIEW = "PENDING"
STOPPING_STATUSES = frozenset(
    {"REJECTED", "PAUSED", "DISABLED", "ARCHIVED", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED",
     "IN_APPEAL", "FLAGGED", "LOCKED"}
)  # fmt: skip
STATUS_TEXTS: Mapping[str, tuple[str, str, str]] = {
    "APPROVED": (":large_green_circle:", "was approved", "It can be sent now."),
    "PENDING": (
        ":hourglass_flowing_sand:",
        "is in review",
        "It can't be sent until WhatsApp approves it. That takes minutes, sometimes a day.",
    ),
    "REJECTED": (":red_circle:", "was rejected", "It can't be sent."),
    "PAUSED": (
        ":large_yellow_circle:",
        "was paused",
        "It can't be sent for now, because people blocked or reported it.",
    ),
    "DISABLED": (
        ":no_entry:",
        "was disabled",
        "It can't be sent any more. Use another template in its place.",
    ),
    "FLAGGED": (
        ":large_yellow_circle:",
        "was flagged",
        "It can still be sent, but WhatsApp will stop it if people keep blocking or reporting it.",
    ),
    "REINSTATED": (":large_green_circle:", "is active again", "It can be sent again."),
    "LOCKED": (":lock:", "was locked", "See why in WhatsApp Manager."),
    "ARCHIVED": (
        ":file_cabinet:",
        "was archived",
        "It can't be sent until it is restored in WhatsApp Manager.",
    ),
    "UNARCHIVED": (":large_green_circle:", "was restored", "It can be sent again."),
    "IN_APPEAL": (
        ":hourglass_flowing_sand:",
        "is under appeal",
        "WhatsApp rejected it and is looking at it again. It can't be sent until then.",
    ),
    "PENDING_DELETION": (":wastebasket:", "is being deleted", "It can't be sent any more."),
    "DELETED": (":wastebasket:", "was deleted", "It can't be sent any more."),
    "LIMIT_EXCEEDED": (
        ":no_entry:",
        "was switched off",
        "The account has more templates than WhatsApp allows. Delete some that aren't used.",
    ),
}
"""Meta's event -> emoji, what happened, what it means. An unknown one is shown as received."""
QUALITY_MEANINGS: Mapping[str, str] = {
    "GREEN": "Few people block or report it.",
    "YELLOW": "Some people blocked or reported it. If that goes up, WhatsApp pauses it. Send it to "
    "fewer people, or make it more useful to them.",
    "RED": "Many people blocked or reported it. WhatsApp may pause it at any moment. Stop sending "
    "it, or change its text.",
    "UNKNOWN": "WhatsApp has no rating for it yet.",
}
QUALITY_EMOJI = {
    "GREEN": ":large_green_circle:",
    "YELLOW": ":large_yellow_circle:",
    "RED": ":red_circle:",
}
QUALITY_NAMES = {"GREEN": "high", "YELLOW": "medium", "RED": "low", "UNKNOWN": "not rated"}
NO_OLD_TEXT = "This app didn't have the text from before, so this is the new one:"


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """The text of a card about a template's event.

    ``what`` completes the sentence "Template order_update …". ``is_harmful``: it stops or costs
    something, so recent users of the template matter.
    """

    emoji: str
    what: Markup
    meaning: Markup
    details: tuple[Markup, ...] = ()
    is_harmful: bool = False


def describe_event(
    event: TemplateEvent, known: Template | None = None, before: Template | None = None
) -> TemplateNews:
    """Return the meaning of an event.

    ``known`` is the template as the list has it now, ``before`` as it had it before the event.
    """
    match event.kind:
        case "status":
            return _describe_status(event)
        case "quality":
            return _describe_quality(event.raw)
        case "category":
            return _describe_category(event, known)
        case "components":
            return _describe_components(event.raw, before)
    return TemplateNews(
        ":page_facing_up:",
        markup("has changed: ", _humanize(event.kind)),
        markup("This app doesn't know this kind of change. See the template for what it is now."),
    )


# --- status --------------------------------------------------------------------------------------


def _describe_status(event: TemplateEvent) -> TemplateNews:
    status = _read_code(event.raw, "event")
    emoji, what, meaning = STATUS_TEXTS.get(
        status,
        (
            ":page_facing_up:",
            f"has a new status: {_humanize(status) or 'none'}",
            "This app doesn't know this status. See the template for what it is now.",
        ),
    )
    shown = markup(meaning)
    if status == "PAUSED":
        shown = _pause_meaning(event, meaning)
    details = list(_iter_reasons(status, event.raw))
    return TemplateNews(emoji, markup(what), shown, tuple(details), status in STOPPING_STATUSES)


def _pause_meaning(event: TemplateEvent, meaning: str) -> Markup:
    title = _read_code(as_object(event.raw.get("other_info")), "title")
    hours = PAUSE_HOURS.get(title)
    if not hours:
        return markup(meaning, " It usually comes back after a few hours.")
    more = "The next pause is longer" if title == "FIRST_PAUSE" else "Next time it is disabled"
    if not event.occurred_at:
        return markup(meaning, f" The pause takes {hours} hours. {more}.")
    until = format_date_token(event.occurred_at + hours * HOUR_SECONDS)
    return markup(meaning, " It comes back ", until, f". {more}.")


def _iter_reasons(status: str, raw: Json) -> Iterable[Markup]:
    """Yield Meta's reasons and recommendations, as far as the event has them."""
    rejection, reason = as_object(raw.get("rejection_info")), _read_code(raw, "reason")
    if status == "REJECTED" and reason not in ("", "NONE"):
        yield markup(bold("Why:"), " ", vocabulary.explain_rejection(_clip(reason)))
    elif reason not in ("", "NONE"):
        yield markup(bold("Why:"), " ", _humanize(_clip(reason)))
    if text := to_text(rejection.get("reason")):
        yield markup(bold("WhatsApp says:"), " ", _clip(text))
    if text := to_text(rejection.get("recommendation")):
        yield markup(bold("WhatsApp recommends:"), " ", _clip(text))
    if text := to_text(as_object(raw.get("other_info")).get("description")):
        yield markup(bold("WhatsApp says:"), " ", _clip(text))
    disabled_at = to_epoch_seconds(as_object(raw.get("disable_info")).get("disable_date"))
    if disabled_at:
        yield markup(bold("Disabled:"), " ", format_date_token(disabled_at))


# --- quality and category ------------------------------------------------------------------------


def _describe_quality(raw: Json) -> TemplateNews:
    new, previous = _read_code(raw, "new_quality_score"), _read_code(raw, "previous_quality_score")
    name = QUALITY_NAMES.get(new) or _humanize(new) or "unknown"
    was = f" (was {QUALITY_NAMES.get(previous) or _humanize(previous)})" if previous else ""
    return TemplateNews(
        QUALITY_EMOJI.get(new, ":grey_question:"),
        markup("has a new quality: ", bold(name), was),
        markup(QUALITY_MEANINGS.get(new, "This app doesn't know this rating.")),
        is_harmful=new in ("YELLOW", "RED"),
    )


def _describe_category(event: TemplateEvent, known: Template | None) -> TemplateNews:
    """Distinguish an announced change from a completed one, by the fields of only one of them."""
    raw = event.raw
    new, previous = _read_code(raw, "new_category"), _read_code(raw, "previous_category")
    if correct := _read_code(raw, "correct_category"):
        at = to_epoch_seconds(raw.get("category_update_timestamp"))
        return _describe_announced_change(correct, new, at)
    if previous:
        what = markup(
            "is ", bold(_format_category(new)), f" now (was {_format_category(previous)})"
        )
        meaning = _describe_charge(new, "")
        return TemplateNews(_choose_category_emoji(new), what, meaning, is_harmful=new != previous)
    return _describe_unclear_category(new, known)


def _describe_announced_change(correct: str, current: str, at: float) -> TemplateNews:
    moment = markup(" ", format_date_token(at)) if at else Markup(" soon")
    was = f" (now {_format_category(current)})" if current else ""
    return TemplateNews(
        _choose_category_emoji(correct),
        markup("becomes ", bold(_format_category(correct)), moment, was),
        markup(
            _describe_charge(correct, "From then on, "),
            " If that's wrong, ask for a review in WhatsApp Manager before it happens.",
        ),
        is_harmful=True,
    )


def _describe_unclear_category(new: str, known: Template | None) -> TemplateNews:
    """Describe an event with only a category: the template in the list decides."""
    if known is not None and known.correct_category not in ("", known.category):
        return _describe_announced_change(known.correct_category, known.category, 0.0)
    category = known.category if known is not None else new
    return TemplateNews(
        _choose_category_emoji(category),
        markup("has a new category: ", bold(_format_category(category) or "unknown")),
        markup(
            _describe_charge(category, "") if category else "",
            " WhatsApp didn't say what it was before.",
        ),
        is_harmful=True,
    )


def _describe_charge(category: str, since: str) -> Markup:
    """Return what a category means for the cost, and for who gets the messages."""
    name = _format_category(category).lower()
    first = f"{since}each message is charged as {name}."
    text = first[0].upper() + first[1:]
    if category == "MARKETING":
        text += " People who turned off marketing messages won't get it."
    return markup(text)


def _format_category(category: str) -> str:
    return vocabulary.format_category_name(category) if category else ""


def _choose_category_emoji(category: str) -> str:
    return ":money_with_wings:" if category == "MARKETING" else ":label:"


# --- components ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TemplateTexts:
    """The texts of a template in an event about its components."""

    header: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[str, ...] = ()


def read_texts(raw: Json) -> TemplateTexts:
    """Return the texts that an event reports."""
    return TemplateTexts(
        find_first_text(raw, "message_template_title"),
        to_body(raw.get("message_template_element")),
        find_first_text(raw, "message_template_footer"),
        tuple(map(_format_event_button, iter_objects(raw.get("message_template_buttons")))),
    )


def read_template_texts(template: Template) -> TemplateTexts:
    """Return the same texts of a template."""
    return TemplateTexts(
        template.header.text if template.header else "",
        template.body.text if template.body else "",
        template.footer.text if template.footer else "",
        tuple(
            _format_button(button.type, button.text, button.url or button.phone_number)
            for button in template.buttons
        ),
    )


def to_body(value: object) -> str:
    """Return a text with its line breaks; "" for anything else."""
    return value.strip() if isinstance(value, str) else ""


def _format_event_button(button: Json) -> str:
    return _format_button(
        _read_code(button, "message_template_button_type"),
        find_first_text(button, "message_template_button_text"),
        find_first_text(
            button, "message_template_button_url", "message_template_button_phone_number"
        ),
    )


def _format_button(kind: str, text: str, target: str) -> str:
    return f"{text or _humanize(kind)} {target}".strip()


def _describe_components(raw: Json, before: Template | None) -> TemplateNews:
    new = read_texts(raw)
    old = read_template_texts(before) if before is not None else None
    known = old is not None and old != new
    compared = old if old is not None and known else TemplateTexts()
    details = list(_iter_diffs(compared, new))
    meaning = "Messages that are sent from now on have the new text. "
    if known:
        meaning += (
            "Check that the variables still fit." if _have_variables_moved(compared, new) else ""
        )
    else:
        meaning += NO_OLD_TEXT
    return TemplateNews(
        ":pencil2:", markup("has new content"), markup(meaning.strip()), tuple(details), True
    )


def _iter_diffs(old: TemplateTexts, new: TemplateTexts) -> Iterable[Markup]:
    pairs = [
        ("Header", old.header, new.header),
        ("Body", old.body, new.body),
        ("Footer", old.footer, new.footer),
        *(
            (f"Button {number}", before, after)
            for number, (before, after) in enumerate(
                zip_longest(old.buttons, new.buttons, fillvalue=""), start=1
            )
        ),
    ]
    for label, before, after in pairs:
        if shown := diff_words(before, after):
            clipped = blocks.clip(shown, MAX_DIFF_LENGTH)
            yield lines([bold(f"{label}:"), Markup(clipped)])


def _have_variables_moved(old: TemplateTexts, new: TemplateTexts) -> bool:
    return _count(old) != _count(new)


def _count(texts: TemplateTexts) -> int:
    return sum(text.count("{{") for text in (texts.header, texts.body, *texts.buttons))


# --- words ---------------------------------------------------------------------------------------


def _read_code(source: Json, name: str) -> str:
    return to_text(source.get(name)).strip().upper()


def _humanize(word: str) -> str:
    return word.replace("_", " ").strip().lower()


def _clip(text: str) -> str:
    return blocks.clip(" ".join(text.split()), MAX_REASON_LENGTH)
