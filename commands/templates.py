"""``/chakra templates``: the WhatsApp templates as a list, a card for each, and a form to write
one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.chakra.template import Template
from bot.chakra.templates import Submitted
from bot.chakra.text import plain
from bot.context import Desk
from bot.errors import BotError, UsageError
from bot.messages.form_values import Order
from bot.slack import blocks
from bot.slack.blocks import code, markup
from bot.slack.commands.arguments import Arguments, ChannelMention, GroupMention, Link, Mention
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Request,
    Role,
    SubmitRequest,
)
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm
from bot.slack.viewer import shareable, viewer
from bot.templates import card, pages, vocabulary
from bot.templates import editor as form
from bot.templates.draft import Draft, editable, problems
from bot.templates.list_query import read
from bot.templates.pages import EXAMPLE, LONGEST_FILTER, Asked

# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Message:
    asked = _read(request.arguments)
    if asked.words and not (asked.status or asked.category):
        named = (await desk.library.shelf()).value.named(asked.words, asked.language)
        if named:
            return await _card(request, desk, card.best(named).id)
    return await _page(request, desk, asked)


def _read(line: Arguments) -> Asked:
    for word in line.tokens:
        if isinstance(word, Mention | GroupMention | ChannelMention | Link):
            raise UsageError("The list is filtered by words of a name or a text.", example=EXAMPLE)
    named = {name: plain(word.text) for name, word in line.named.items()}
    typed = plain(line.text_from())
    if max(map(len, (typed, *named.values()))) > LONGEST_FILTER:
        raise UsageError("That is too long for a filter.", example=EXAMPLE)
    return Asked(
        words=typed,
        status=read(named.get("status", "")),
        category=read(named.get("category", "")),
        language=read(named.get("language", "")),
    )


# --- the buttons ---------------------------------------------------------------------------------


async def turn(request: ActionRequest, desk: Desk) -> Message:
    return replace(await _page(request, desk, Asked.restored(request.value)), replace_original=True)


async def reload(request: ActionRequest, desk: Desk) -> Message:
    asked = Asked.restored(request.value)
    return replace(await _page(request, desk, asked, refresh=True), replace_original=True)


async def show(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value)


async def choose(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value, replace=True)


async def refresh(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value, refresh=True, replace=True)


async def share(request: ActionRequest, desk: Desk) -> Message:
    if not shareable(request.channel):
        raise UsageError("This is a direct message, so there is no channel to share to.")
    template = (await desk.library.template(request.value)).value
    return card.public(template, await _family(desk, template), request.actor.id)


async def _page(request: Request, desk: Desk, asked: Asked, *, refresh: bool = False) -> Message:
    shelf = await desk.library.shelf(refresh=refresh)
    return pages.page(asked, shelf, may_write=request.role >= Role.SENDER)


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


# --- the form ------------------------------------------------------------------------------------


async def open_new(_: ActionRequest, desk: Desk) -> OpenForm:  # noqa: ARG001 - as every action
    return OpenForm(form.new())


async def open_edit(request: ActionRequest, desk: Desk) -> OpenForm:
    """Opens with what is remembered: a form cannot wait for Chakra."""
    template = desk.opening.template(request.value)
    if template is None:
        raise UsageError("This card is too old to edit from. Press Refresh on it first.")
    if not editable(template):
        raise UsageError("WhatsApp takes no change of this template in its present state.")
    return OpenForm(form.edit(template), state={"template": template.id})


async def send(request: ActionRequest, desk: Desk) -> OpenForm:
    desk.dispatch.check_set_up()
    template = desk.opening.template(request.value)
    if template is None:
        raise UsageError("This card is too old to send from. Press Refresh on it first.")
    return desk.opening.opened(Order(template=template.id), template)


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
    return CloseForm(note, follow_up=await _after(request, desk, submitted.id, note))


async def edit(request: SubmitRequest, desk: Desk) -> CloseForm:
    template = (await desk.library.template(request.state.get("template", ""))).value
    draft = Draft.read(request.values)
    changes = _changes(template, draft)
    if not changes:
        return CloseForm("Nothing was changed.")
    await desk.library.update(template.id, changes)
    note = "WhatsApp took the change and looks at the template anew. Press Refresh to see what it "
    note += "says; until then the old text may still be sent."
    return CloseForm(note, follow_up=await _after(request, desk, template.id, note))


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
        again = markup(note, " ", code("/chakra templates"), " shows it once Chakra lists it.")
        return Message(text=again, blocks=(blocks.section(again),))


TEMPLATES: Command[Desk] = Command(
    name="templates",
    aliases=("template",),
    summary="the WhatsApp templates with state, quality and text",
    usage="templates [words] [status:…] [category:…] [language:…]",
    example=EXAMPLE,
    argument_names=("status", "category", "language"),
    details=(
        "A whole name shows that template. Words are the beginnings of words of names and texts.",
        f"status: {', '.join(state.lower() for state in vocabulary.STATES)}.",
        "language:en finds en_US and en_GB too.",
    ),
    run=run,
    button=("Templates", ""),
    actions=(
        Action(pages.PAGE, turn),
        Action(pages.RELOAD, reload),
        Action(pages.SHOW, show),
        Action(card.CHOOSE, choose),
        Action(card.REFRESH, refresh),
        Action(card.SHARE, share),
        Action(form.CREATE, open_new, role=Role.SENDER),
        Action(form.EDIT, open_edit, role=Role.SENDER),
        Action(card.SEND, send, role=Role.SENDER),
    ),
    forms=(Form(form.CREATE, create, check_new), Form(form.EDIT, edit, check_edit)),
)
