"""``/chakra templates``: the WhatsApp templates as a list, a card for each, and a form to write
one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from math import ceil
from typing import Any

from bot.chakra.template import Template
from bot.chakra.templates import Submitted
from bot.chakra.text import plain
from bot.desk import Desk
from bot.directory.viewer import shareable, viewer
from bot.errors import BotError, UsageError
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, code, escape, lines, words
from bot.slack.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Request,
    Role,
    SubmitRequest,
)
from bot.slack.reply import Block, CloseForm, FieldErrors, Message, OpenForm
from bot.slack.words import Channel, Group, Line, Link, Mention
from bot.whatsapp import card, form, send_form, vocabulary
from bot.whatsapp.draft import Draft, editable, problems
from bot.whatsapp.library import Shelf
from bot.whatsapp.listing import (
    Family,
    Filter,
    by_state,
    categories_of,
    families,
    languages_of,
    read,
    states_of,
)
from bot.whatsapp.order import Order
from bot.whatsapp.preview import summary

EXAMPLE = "/chakra templates order status:approved"
PAGE = "templates.page"
RELOAD = "templates.reload"
SHOW = "templates.show"

ROWS = 8
LONGEST_FILTER = 200
"""Characters of one filter. Four of them, escaped as JSON, fit into a button's 2,000."""
MOST_NAMED = 30
"""Languages, states or categories that a sentence lists."""
MOST_LANGUAGES = 5
"""Of one state, in a row."""
LONGEST_ROW = 400
SUMMARY = 90


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, and the page; it travels in the buttons. Pages count from 1."""

    words: str = ""
    status: str = ""
    category: str = ""
    language: str = ""
    page: int = 1


# --- the typed line, and the line in a button ----------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Message:
    asked = _read(request.line)
    if asked.words and not (asked.status or asked.category):
        named = (await desk.library.shelf()).value.named(asked.words, asked.language)
        if named:
            return await _card(request, desk, card.best(named).id)
    return await _page(request, desk, asked)


def _read(line: Line) -> Asked:
    for word in line.words:
        if isinstance(word, Mention | Group | Channel | Link):
            raise UsageError("The list is filtered by words of a name or a text.", example=EXAMPLE)
    named = {name: plain(word.text) for name, word in line.named.items()}
    typed = plain(line.rest())
    if max(map(len, (typed, *named.values()))) > LONGEST_FILTER:
        raise UsageError("That is too long for a filter.", example=EXAMPLE)
    return Asked(
        words=typed,
        status=read(named.get("status", "")),
        category=read(named.get("category", "")),
        language=read(named.get("language", "")),
    )


def _restored(value: str) -> Asked:
    """Raises ``UsageError`` for what no button of today holds."""
    try:
        typed, status, category, language, page = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        raise _outdated() from None
    texts = (typed, status, category, language)
    fits = all(isinstance(text, str) and len(text) <= LONGEST_FILTER for text in texts)
    if not fits or not isinstance(page, int) or isinstance(page, bool):
        raise _outdated()
    return Asked(typed, status, category, language, page)


def _written(asked: Asked) -> str:
    return json.dumps(astuple(asked), ensure_ascii=False, separators=(",", ":"))


def _outdated() -> UsageError:
    return UsageError("That button belongs to an older list.", example="/chakra templates")


# --- the buttons ---------------------------------------------------------------------------------


async def turn(request: ActionRequest, desk: Desk) -> Message:
    return replace(await _page(request, desk, _restored(request.value)), replace=True)


async def reload(request: ActionRequest, desk: Desk) -> Message:
    asked = _restored(request.value)
    return replace(await _page(request, desk, asked, refresh=True), replace=True)


async def show(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value)


async def choose(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value, replace=True)


async def refresh(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value, refresh=True, replace=True)


async def share(request: ActionRequest, desk: Desk) -> Message:
    if not shareable(request.place):
        raise UsageError("This is a direct message, so there is no channel to share to.")
    template = (await desk.library.template(request.value)).value
    return card.public(template, await _family(desk, template), request.actor.id)


async def _card(
    request: Request,
    desk: Desk,
    template_id: str,
    *,
    note: str = "",
    refresh: bool = False,
    replace: bool = False,
) -> Message:
    template = await desk.library.template(template_id, refresh=refresh)
    family = await _family(desk, template.value)
    looking = await viewer(request, desk.members)
    return card.private(template, family, looking, note=note, replace=replace)


async def _family(desk: Desk, template: Template) -> Sequence[Template]:
    return (await desk.library.shelf()).value.by_name.get(template.name, (template,))


# --- the page ------------------------------------------------------------------------------------


async def _page(request: Request, desk: Desk, asked: Asked, *, refresh: bool = False) -> Message:
    answer = await desk.library.shelf(refresh=refresh)
    shelf = answer.value
    found = _found(asked, shelf)
    pages = max(1, ceil(len(found) / ROWS))
    asked = replace(asked, page=min(max(1, asked.page), pages))
    told = _told(asked, len(found), len(shelf.by_name), pages)
    start = (asked.page - 1) * ROWS
    made: list[Block] = [blocks.section(told)]
    made += [_row(family) for family in found[start : start + ROWS]]
    if not found:
        made.append(blocks.section(_widen(asked, shelf)))
    made.append(blocks.context(freshness(answer)))
    made.append(blocks.actions(*_buttons(request, asked, pages)))
    return Message(text=told, blocks=tuple(made))


def _found(asked: Asked, shelf: Shelf) -> tuple[Family, ...]:
    """Raises ``UsageError`` for a state, category or language that there is none of."""
    if not shelf.templates:
        return ()
    _known("state", asked.status, states_of(shelf))
    _known("category", asked.category, categories_of(shelf))
    languages = languages_of(shelf)
    _known("language", asked.language, languages, also={one.split("_")[0] for one in languages})
    return families(shelf, Filter(asked.words, asked.status, asked.category, asked.language))


def _known(what: str, typed: str, known: Sequence[str], also: set[str] | None = None) -> None:
    if not typed or typed in {one.lower() for one in (*known, *(also or ()))}:
        return
    there_are = ", ".join(known[:MOST_NAMED])
    raise UsageError(
        f"No template has the {what} “{blocks.clip(typed, 40)}”. There are: {there_are}.",
        example=EXAMPLE,
    )


def _told(asked: Asked, count: int, total: int, pages: int) -> Markup:
    """12 of 31 templates · approved · page 1 of 2"""
    parts: list[str] = [bold(f"{count} of {total} templates")]
    if asked.words:
        parts.append(f"“{asked.words}”")
    if asked.status:
        parts.append(vocabulary.state_word(asked.status.upper()).lower())
    if asked.category:
        parts.append(vocabulary.category(asked.category.upper()).lower())
    if asked.language:
        parts.append(f"language {asked.language}")
    if pages > 1:
        parts.append(f"page {asked.page} of {pages}")
    return Markup("  ·  ".join([escape(part) for part in parts]))


def _widen(asked: Asked, shelf: Shelf) -> Markup:
    """What to change when nothing is left."""
    if not shelf.templates:
        return words("The WhatsApp account has no templates yet.")
    near = shelf.near(asked.words) if asked.words else ()
    if near:
        names = Markup(", ".join([code(blocks.clip(name, 100)) for name in near]))
        return words("No template matches. Close to it: ", names, ".")
    ways = ["other or fewer words"] if asked.words else []
    if asked.status or asked.category or asked.language:
        ways.append("fewer filters")
    everything = code("/chakra templates")
    return words(f"No template matches. Try {' or '.join(ways)}, or see all with ", everything, ".")


def _row(family: Family) -> Block:
    shown = card.best(family.templates)
    states = "  ·  ".join(_state(*one) for one in by_state(family.templates).items())
    about = f"{vocabulary.category(shown.category)}  ·  {states}"
    told = [bold(blocks.clip(escape(family.name), 150)), blocks.clip(escape(about), LONGEST_ROW)]
    return blocks.section(
        lines([*told, summary(shown, most=SUMMARY)]),
        accessory=blocks.button("Show", SHOW, shown.id),
    )


def _state(status: str, languages: Sequence[str]) -> str:
    """:large_green_circle: Approved in en_US, es and 3 more"""
    named = ", ".join(languages[:MOST_LANGUAGES])
    more = len(languages) - MOST_LANGUAGES
    return f"{vocabulary.state(status)} in {named}" + (f" and {more} more" if more > 0 else "")


def _buttons(request: Request, asked: Asked, pages: int) -> list[Block]:
    made = []
    if asked.page > 1:
        made.append(_turning("Previous", "previous", asked, -1))
    if asked.page < pages:
        made.append(_turning("Next", "next", asked, 1))
    made.append(blocks.button("Refresh", RELOAD, _written(asked)))
    if request.role >= Role.SENDER:
        made.append(blocks.button("New template", form.CREATE))
    return made


def _turning(label: str, suffix: str, asked: Asked, step: int) -> Block:
    there = replace(asked, page=asked.page + step)
    return blocks.button(label, f"{PAGE}:{suffix}", _written(there))


# --- the form ------------------------------------------------------------------------------------


async def open_new(_: ActionRequest, desk: Desk) -> OpenForm:  # noqa: ARG001 - as every action
    return OpenForm(form.new())


async def open_edit(request: ActionRequest, desk: Desk) -> OpenForm:
    """Opens with what is remembered: a form cannot wait for Chakra."""
    shelf = desk.library.remembered()
    template = shelf.by_id.get(request.value) if shelf else None
    if template is None:
        raise UsageError("This card is too old to edit from. Press Refresh on it first.")
    if not editable(template):
        raise UsageError("WhatsApp takes no change of this template in its present state.")
    return OpenForm(form.edit(template), state={"template": template.id})


async def send(request: ActionRequest, desk: Desk) -> OpenForm:
    desk.dispatch.check_set_up()
    shelf = desk.library.remembered()
    template = shelf.by_id.get(request.value) if shelf else None
    if template is None:
        raise UsageError("This card is too old to send from. Press Refresh on it first.")
    sender = desk.settings.chakra_whatsapp_phone_number_id or ""
    order = Order(template=template.id, sender=sender)
    return send_form.opened(order, template, desk.library.remembered_senders())


def check_new(request: SubmitRequest) -> FieldErrors | None:
    return _checked(problems(Draft.read(request.values)))


def check_edit(request: SubmitRequest) -> FieldErrors | None:
    return _checked(problems(Draft.read(request.values), new=False))


def _checked(errors: dict[str, str]) -> FieldErrors | None:
    return FieldErrors(errors) if errors else None


async def create(request: SubmitRequest, desk: Desk) -> CloseForm:
    draft = Draft.read(request.values)
    submitted = await desk.library.create(draft.new())
    note = _what_meta_says(submitted, draft)
    return CloseForm(note, then=await _after(request, desk, submitted.id, note))


async def edit(request: SubmitRequest, desk: Desk) -> CloseForm:
    template = (await desk.library.template(request.state.get("template", ""))).value
    draft = Draft.read(request.values)
    changes = _changes(template, draft)
    if not changes:
        return CloseForm("Nothing was changed.")
    await desk.library.update(template.id, changes)
    note = "WhatsApp took the change and looks at the template anew. Press Refresh to see what it "
    note += "says; until then the old text may still be sent."
    return CloseForm(note, then=await _after(request, desk, template.id, note))


def _changes(template: Template, draft: Draft) -> dict[str, Any]:
    components = draft.components(template)
    before = [dict(part.definition) for part in template.components]
    changes: dict[str, Any] = {}
    if draft.category and draft.category != template.category:
        changes["category"] = draft.category
    if components != before:
        changes["components"] = components
    return changes


def _what_meta_says(submitted: Submitted, draft: Draft) -> str:
    said = {
        "APPROVED": "WhatsApp approved it at once: it can be sent.",
        "REJECTED": "WhatsApp rejected it at once.",
    }.get(
        submitted.status,
        "WhatsApp took it and looks at it now. Press Refresh in a while to see what it says.",
    )
    if submitted.category and submitted.category != draft.category:
        said += f" It made it a {vocabulary.category(submitted.category).lower()} template."
    return said


async def _after(request: SubmitRequest, desk: Desk, template_id: str, note: str) -> Message:
    """The card as it is now. What was handed in is in: a failure to show it must not deny that."""
    try:
        return await _card(request, desk, template_id, note=note)
    except BotError:
        again = words(note, " ", code("/chakra templates"), " shows it once Chakra lists it.")
        return Message(text=again, blocks=(blocks.section(again),))


TEMPLATES: Command[Desk] = Command(
    name="templates",
    aliases=("template",),
    summary="the WhatsApp templates with state, quality and text",
    usage="templates [words] [status:…] [category:…] [language:…]",
    example=EXAMPLE,
    names=("status", "category", "language"),
    details=(
        "A whole name shows that template. Words are the beginnings of words of names and texts.",
        f"status: {', '.join(state.lower() for state in vocabulary.STATES)}.",
        "language:en finds en_US and en_GB too.",
    ),
    run=run,
    shortcut=("Templates", ""),
    actions=(
        Action(PAGE, turn),
        Action(RELOAD, reload),
        Action(SHOW, show),
        Action(card.CHOOSE, choose),
        Action(card.REFRESH, refresh),
        Action(card.SHARE, share),
        Action(form.CREATE, open_new, role=Role.SENDER),
        Action(form.EDIT, open_edit, role=Role.SENDER),
        Action(card.SEND, send, role=Role.SENDER),
    ),
    forms=(Form(form.CREATE, create, check_new), Form(form.EDIT, edit, check_edit)),
)
