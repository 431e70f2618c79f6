"""``/chakra send``: a WhatsApp template to somebody, from the form or from a complete line."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bot.chakra.template import Template
from bot.clock import within
from bot.desk import Desk
from bot.errors import BotError, NotFound, NotSetUp, UsageError
from bot.sending.ledger import Before, Duplicate
from bot.sending.sending import Sent
from bot.slack.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Options,
    OptionsRequest,
    Request,
    Role,
    SubmitRequest,
)
from bot.slack.explain import sentence
from bot.slack.reply import (
    Choice,
    Choices,
    CloseForm,
    FieldErrors,
    Message,
    Nothing,
    OpenForm,
    Reply,
    UpdateForm,
    View,
)
from bot.slack.words import ANY, NUMBERS, Line, Link, Mention, Word
from bot.store.sends import Send
from bot.whatsapp import send_form as shown
from bot.whatsapp.dispatch import Ready
from bot.whatsapp.library import Shelf
from bot.whatsapp.listing import Filter, families
from bot.whatsapp.order import PHONE, SENDER, TEMPLATE, Order
from bot.whatsapp.rules import problems
from bot.whatsapp.unsendable import unsendable
from bot.whatsapp.variables import MEDIA, Kind, fields, meant

EXAMPLE = "/chakra send order_update +91 98765 43210 1=John"
SOON = 0.15
"""Seconds that a form waits for what is not remembered: it opens within 0.3."""
PREVIEW_SECONDS = 7 * 86_400.0
"""For so long the button of a preview sends: what it shows may be another by then. A press that is
not known to have sent before must be younger than what is kept of sends."""
LOADING = "loading"
NOT_A_TEMPLATE = "Choose a template."
STILL_LOADING = "The templates are still loading. Choose one in a moment."
CHOOSE_AGAIN = "If it was a file from your device, choose it once more: a form cannot keep it."
IN_THE_FORM = "A file can only be chosen in the form. Leave it out here, or give a link to it."
LANGUAGE, TO = "language", "to"

T = TypeVar("T")


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Reply:
    desk.dispatch.check_set_up()
    shelf, _ = await asyncio.gather(_shelf_soon(desk), _soon(desk, desk.library.senders()))
    typed = [await _text(word, desk) for word in request.line.words]
    if shelf is None:
        return _opened(desk, Order(to=_number_in(typed)), None, STILL_LOADING if typed else "")
    template, to = _told_apart(typed, request.line, shelf)
    order = Order(
        template=template.id if template else "",
        to=_named(request.line, TO, PHONE) or to,
        sender=_named(request.line, SENDER) or _usual_sender(desk),
        values=_values(request.line, template),
    )
    if template is None or not _complete(desk, order, template):
        return _opened(desk, order, template)
    return shown.confirmation(order, template, await desk.dispatch.recipient(order.to))


async def _text(word: Word, desk: Desk) -> str:
    """A member is somebody of the team, by the address that Slack has of them."""
    if isinstance(word, Mention):
        email = (await desk.members.member(word.id)).value.email
        if not email:
            raise UsageError("Slack shows no e-mail address of that member. Type a number instead.")
        return email
    return word.url if isinstance(word, Link) else word.text


def _told_apart(typed: list[str], line: Line, shelf: Shelf) -> tuple[Template | None, str]:
    """The template and the recipient of a line. Raises ``UsageError`` and ``NotFound``."""
    language = _named(line, LANGUAGE)
    named = _named(line, TEMPLATE)
    if named:
        return _sendable(shelf, named, language), " ".join(typed)
    for place, word in enumerate(typed):
        if shelf.named(word):
            rest = [*typed[:place], *typed[place + 1 :]]
            return _sendable(shelf, word, language), " ".join(rest)
    if typed and "_" in typed[0]:
        raise _no_template(typed[0], shelf)
    return None, " ".join(typed)


def _sendable(shelf: Shelf, name: str, language: str) -> Template:
    found = shelf.named(name, language)
    if not found:
        if shelf.named(name):
            spoken = ", ".join(one.language for one in shelf.named(name))
            raise UsageError(f"That template is not there in that language. There are: {spoken}.")
        raise _no_template(name, shelf)
    usable = [one for one in found if not unsendable(one)]
    if not usable:
        raise UsageError(unsendable(found[0]), example="/chakra templates status:approved")
    return usable[0]


def _no_template(name: str, shelf: Shelf) -> NotFound:
    hint = "/chakra templates shows what there is."
    return NotFound("template", name, hint=hint, near=shelf.near(name))


def _values(line: Line, template: Template | None) -> dict[str, str]:
    """Field's key -> value, of ``1=John``. Raises ``UsageError`` for a name that is none."""
    own = (TEMPLATE, PHONE, TO, SENDER, LANGUAGE)
    given = {name: word for name, word in line.named.items() if name not in own}
    if given and template is None:
        raise UsageError("Name the template whose variables these are.", example=EXAMPLE)
    values: dict[str, str] = {}
    for name, word in given.items():
        wanted = fields(template) if template else ()
        field = meant(wanted, name)
        if field is None:
            there = ", ".join(one.key.removeprefix("var_body_") for one in wanted)
            asks = f"It asks for: {there}." if there else "It asks for nothing."
            raise UsageError(f"This template has no “{name}”. {asks}")
        if field.kind is Kind.FILE:
            raise UsageError(IN_THE_FORM, example="/chakra send")
        values[field.key] = word.url if isinstance(word, Link) else word.text
    return values


def _named(line: Line, *names: str) -> str:
    return next((line.named[name].text for name in names if name in line.named), "")


def _number_in(typed: list[str]) -> str:
    """What is surely no template's name, where the templates are not known yet."""
    return " ".join(word for word in typed if "_" not in word)


def _complete(desk: Desk, order: Order, template: Template) -> bool:
    settled = order.sender or len(desk.library.remembered_senders()) == 1
    return bool(order.to and settled and order.written() and not problems(template, order.values))


# --- the form ------------------------------------------------------------------------------------


def _opened(desk: Desk, order: Order, template: Template | None, note: str = "") -> OpenForm:
    return shown.opened(_from(desk, order), template, desk.library.remembered_senders(), note=note)


def _view(
    desk: Desk, order: Order, template: Template | None, *, whom: str = "", note: str = ""
) -> View:
    senders = desk.library.remembered_senders()
    return shown.form(_from(desk, order), template, senders, whom=whom, note=note)


def _from(desk: Desk, order: Order) -> Order:
    return order if order.sender else replace(order, sender=_usual_sender(desk))


def _usual_sender(desk: Desk) -> str:
    return desk.settings.chakra_whatsapp_phone_number_id or ""


async def edit(request: ActionRequest, desk: Desk) -> OpenForm:
    """From a preview or a refusal: the form with all that was filled in."""
    order = replace(Order.restored(request.value), asked="")
    shelf = await _shelf_soon(desk)
    template = shelf.by_id.get(order.template) if shelf else None
    if template is None:
        return _opened(desk, order, None, STILL_LOADING)
    lost = template.media and MEDIA not in order.values
    return _opened(desk, order, template, CHOOSE_AGAIN if lost else "")


async def choose(request: ActionRequest, desk: Desk) -> UpdateForm:
    """Another template: its fields. What was typed stays in fields that are called the same."""
    desk.typing.overtaken(request.key)
    order = replace(Order.read(request.values, uploads=request.files), template=request.value)
    if request.value == LOADING:
        return shown.updated(_view(desk, order, None, note=STILL_LOADING), order, live=True)
    template = (await desk.library.template(request.value)).value
    whom = await _whom(desk, order)
    note = unsendable(template)
    view = _view(desk, order, None if note else template, whom=whom, note=note)
    return shown.updated(view, order, live=True)


async def typed(request: ActionRequest, desk: Desk) -> UpdateForm | Nothing:
    """The preview follows, once the person pauses."""
    if not await desk.typing.stopped(request.key):
        return Nothing()
    order = Order.read(request.values, request.state.get("asked", ""), request.files)
    template = _remembered(desk, order.template)
    if template is None:
        return Nothing()
    view = _view(desk, order, template, whom=await _whom(desk, order))
    return shown.updated(view, order, live=True)


async def _whom(desk: Desk, order: Order) -> str:
    """Who the recipient is, or why nobody is; a preview is no place for other troubles."""
    if not order.to:
        return ""
    try:
        return shown.whom(await desk.dispatch.recipient(order.to))
    except (UsageError, NotFound) as problem:
        return sentence(problem)
    except BotError:
        return ""


async def suggest(request: OptionsRequest, desk: Desk) -> Choices:
    """Those that can be sent; the ones this person used last come first."""
    shelf = await _shelf_soon(desk)
    if shelf is None:
        return Choices((Choice("The templates are still loading", LOADING, "Try again"),))
    found = [
        one
        for family in families(shelf, Filter(words=request.query))
        for one in family.templates
        if not unsendable(one)
    ]
    used = {
        name: place for place, name in enumerate(await desk.dispatch.last_used(request.actor.id))
    }
    found.sort(key=lambda one: used.get((one.name, one.language), len(used)))
    return Choices(tuple(shown.choice(one) for one in found))


# --- sending -------------------------------------------------------------------------------------


async def submit(request: SubmitRequest, desk: Desk) -> Reply:
    """Claims the send and closes the form; the outcome follows where it was opened."""
    order = Order.read(request.values, request.state.get("asked", ""), request.files)
    before = await desk.dispatch.before(request.key)
    if before is not None:
        return await _sent_before(desk, order, before)
    if order.template in ("", LOADING):
        return FieldErrors({TEMPLATE: NOT_A_TEMPLATE})
    try:
        template = await desk.library.as_seen(order.template)
    except NotFound as gone:
        return FieldErrors({TEMPLATE: sentence(gone)})
    errors = _errors(order, template)
    if errors:
        return _under_the_fields(desk, order, template, errors, request.values)
    try:
        recipient = await desk.dispatch.recipient(order.to)
        ready = await desk.dispatch.ready(order, template, recipient)
    except (UsageError, NotFound) as problem:
        field = SENDER if SENDER in request.values and not order.sender else PHONE
        return FieldErrors({field: sentence(problem)})
    started = await desk.dispatch.start(
        ready, key=request.key, member=request.actor.id, asked=order.asked
    )
    if isinstance(started, Duplicate):
        return _asked(request, desk, order, ready, started.send)
    if isinstance(started, Before):
        return await _sent_before(desk, order, started.send)
    return CloseForm("Sent.", later=asyncio.ensure_future(_told_later(desk, order, started)))


async def _sent_before(desk: Desk, order: Order, send: Send) -> CloseForm:
    return CloseForm("This was sent before.", then=await _before(desk, order, send))


def _errors(order: Order, template: Template) -> dict[str, str]:
    stopped = unsendable(template)
    if stopped:
        return {TEMPLATE: stopped}
    return problems(template, order.values, order.files)


def _under_the_fields(
    desk: Desk,
    order: Order,
    template: Template,
    errors: Mapping[str, str],
    there: Mapping[str, str],
) -> Reply:
    """Slack takes a sentence only under a field that the form has."""
    if set(errors) <= set(there):
        return FieldErrors(errors)
    note = "Fill in what this template asks for."
    return shown.updated(_view(desk, order, template, note=note), order)


def _asked(request: Request, desk: Desk, order: Order, ready: Ready, send: Send) -> UpdateForm:
    again = order.asked_about(send.id)
    view = _view(
        desk,
        again,
        ready.template,
        whom=shown.whom(ready.recipient),
        note=shown.already(send, request.now),
    )
    return shown.updated(view, again)


async def confirm(request: ActionRequest, desk: Desk) -> Message:
    """The button of a preview. Pressed twice, it sends once: message and button are the key."""
    order = Order.restored(request.value)
    before = await desk.dispatch.before(request.key)
    if before is not None:
        return await _before(desk, order, before, replace=True)
    if request.posted_at and request.now - request.posted_at > PREVIEW_SECONDS:
        raise UsageError("This preview is more than a week old. Make a new one.", example=EXAMPLE)
    template = (await desk.library.template(order.template)).value
    errors = _errors(order, template)
    if errors:
        raise UsageError(next(iter(errors.values())), example="/chakra send")
    recipient = await desk.dispatch.recipient(order.to)
    ready = await desk.dispatch.ready(order, template, recipient)
    started = await desk.dispatch.start(
        ready, key=request.key, member=request.actor.id, asked=order.asked
    )
    if isinstance(started, Duplicate):
        return _question(request, order, ready, started.send)
    if isinstance(started, Before):
        return await _before(desk, order, started.send, replace=True)
    return _line(desk, order, await asyncio.shield(started), replace=True)


def _question(request: Request, order: Order, ready: Ready, send: Send) -> Message:
    again = order.asked_about(send.id)
    question = shown.already(send, request.now)
    message = shown.confirmation(again, ready.template, ready.recipient, question=question)
    return replace(message, replace=True)


async def _told_later(desk: Desk, order: Order, started: asyncio.Task[Sent]) -> Message:
    return _line(desk, order, await started)


def _line(desk: Desk, order: Order, sent: Sent, *, replace: bool = False) -> Message:
    return shown.outcome(sent, desk.dispatch.link(sent.report), order, replace=replace)


async def _before(desk: Desk, order: Order, send: Send, *, replace: bool = False) -> Message:
    """What became of a press that was answered before."""
    return _line(desk, order, await desk.dispatch.sent(send), replace=replace)


# --- what is known -------------------------------------------------------------------------------


def _remembered(desk: Desk, template_id: str) -> Template | None:
    shelf = desk.library.remembered()
    return shelf.by_id.get(template_id) if shelf else None


async def _shelf_soon(desk: Desk) -> Shelf | None:
    """The templates, or those of before, or nothing while Chakra is silent. Raises ``NotSetUp``."""
    cached = await _soon(desk, desk.library.shelf())
    return cached.value if cached is not None else desk.library.remembered()


async def _soon(desk: Desk, asking: Coroutine[Any, Any, T]) -> T | None:
    """Nothing where it takes longer, or fails: what waits for it must open at once."""
    try:
        return await within(desk.clock, asking, SOON)
    except NotSetUp:
        raise
    except (TimeoutError, BotError):
        return None


SEND: Command[Desk] = Command(
    name="send",
    summary="a WhatsApp template to a phone number, somebody of the team or a lead",
    usage="send [template] [phone] [1=…] [name=…]",
    example=EXAMPLE,
    role=Role.SENDER,
    names=(TEMPLATE, PHONE, TO, SENDER, LANGUAGE, NUMBERS, ANY),
    details=(
        "Alone it opens the form. A complete line goes straight to the preview.",
        "The recipient may be a number, a user of Chakra, or a record as lead LEAD-004038.",
        "1= and first_name= fill the variables; language=es chooses among several languages.",
        "media= is the link of a picture, video or document; the form takes a file as well.",
    ),
    run=run,
    shortcut=("Send WhatsApp", ""),
    actions=(
        Action(shown.TEMPLATE, choose, role=Role.SENDER),
        Action(shown.TYPED, typed, role=Role.SENDER),
        Action(shown.CONFIRM, confirm, role=Role.SENDER),
        Action(shown.EDIT, edit, role=Role.SENDER),
    ),
    forms=(Form(shown.SUBMIT, submit), Form(shown.CONFIRM, submit)),
    options=(Options(shown.TEMPLATE, suggest, role=Role.SENDER),),
)
