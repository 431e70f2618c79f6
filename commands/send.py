"""``/chakra send``: a WhatsApp template to somebody, from the form or from a complete line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bot.chakra.template import Template
from bot.context import Desk
from bot.errors import NotFound, PersonError, UsageError
from bot.messages import command_line as line
from bot.messages import send_form as shown
from bot.messages.command_line import EXAMPLE
from bot.messages.contacts import found_in
from bot.messages.form_values import TEMPLATE, Order
from bot.messages.ledger import Before, Duplicate
from bot.messages.lifecycle import Sent
from bot.messages.repository import Send
from bot.messages.service import Ready
from bot.messages.status import State
from bot.messages.test_sends import Trial
from bot.messages.validation import at_fault, first_objection, objections
from bot.slack import blocks
from bot.slack.blocks import Markup, markup
from bot.slack.commands.arguments import ANY_NAME, NUMBERED, Link, Mention, Token
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Options,
    OptionsRequest,
    Request,
    Role,
    Shortcut,
    ShortcutRequest,
    SubmitRequest,
)
from bot.slack.commands.reply import (
    Choice,
    Choices,
    CloseForm,
    FieldErrors,
    Message,
    NoReply,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.slack.copy.explain import explain_as_text
from bot.templates.list_query import offered
from bot.templates.send_blockers import unsendable
from bot.templates.variables import MEDIA

PREVIEW_SECONDS = 7 * 86_400.0
"""For so long the button of a preview sends: what it shows may be another by then. A press that is
not known to have sent before must be younger than what is kept of sends."""
ANYWHERE, FROM_MESSAGE = "send.anywhere", "send.from_message"
LOADING = "loading"
NOT_A_TEMPLATE = "Choose a template."
CHOOSE_AGAIN = "If it was a file from your device, choose it once more: a form cannot keep it."
NOBODY_NAMED = "No phone number or e-mail address was found in that message. Type whom it goes to."
NO_TEST = "No test was sent."
STILL_LOADING = "The templates are still loading. Choose one in a moment."


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Reply:
    desk.dispatch.check_set_up()
    shelf = await desk.opening.shelf_and_senders()
    typed = [await _text(word, desk) for word in request.arguments.tokens]
    if shelf is None:
        order = Order(to=line.number_in(typed))
        return desk.opening.opened(order, None, STILL_LOADING if typed else "")
    order, template = line.ordered(typed, request.arguments, shelf)
    order = desk.opening.with_sender(order)
    if template is None or not desk.opening.complete(order, template):
        return desk.opening.opened(order, template)
    return shown.confirmation(order, template, await desk.dispatch.recipient(order.to))


async def _text(word: Token, desk: Desk) -> str:
    """A member is somebody of the team, by the address that Slack has of them."""
    if isinstance(word, Mention):
        email = (await desk.members.get_member(word.id)).value.email
        if not email:
            raise UsageError("Slack shows no e-mail address of that member. Type a number instead.")
        return email
    return word.url if isinstance(word, Link) else word.text


# --- the form ------------------------------------------------------------------------------------


async def edit(request: ActionRequest, desk: Desk) -> OpenForm:
    """From a preview or a refusal: the form with all that was filled in."""
    order = replace(Order.restored(request.value), asked="")
    shelf = await desk.opening.shelf()
    template = shelf.by_id.get(order.template) if shelf else None
    if template is None:
        return desk.opening.opened(order, None, STILL_LOADING)
    lost = template.media and MEDIA not in order.values
    return desk.opening.opened(order, template, CHOOSE_AGAIN if lost else "")


def _filled_in(request: ActionRequest | SubmitRequest) -> Order:
    return Order.read(request.values, request.state, request.files)


async def choose(request: ActionRequest, desk: Desk) -> UpdateForm:
    """Another template: its fields. What was typed stays in fields that are called the same."""
    desk.typing.supersede(request.interaction_key)
    order = replace(_filled_in(request), template=request.value, asked="")
    if request.value == LOADING:
        return shown.updated(desk.opening.form(order, None, note=STILL_LOADING), order, live=True)
    template = (await desk.library.template(request.value)).value
    note = unsendable(template)
    view = await desk.opening.drawn(order, None if note else template, note=note)
    return shown.updated(view, order, live=True)


async def typed(request: ActionRequest, desk: Desk) -> UpdateForm | NoReply:
    """The preview follows, once the person pauses."""
    if not await desk.typing.wait_settled(request.interaction_key):
        return NoReply()
    order = _filled_in(request)
    return await _drawn(desk, order) if desk.opening.template(order.template) else NoReply()


async def pick(request: ActionRequest, desk: Desk) -> UpdateForm:
    """Another one of those in the message, or a field for somebody who is not."""
    desk.typing.supersede(request.interaction_key)
    return await _drawn(desk, _filled_in(request))


async def _drawn(desk: Desk, order: Order) -> UpdateForm:
    """The form as it is filled in now."""
    view = await desk.opening.drawn(order, desk.opening.template(order.template))
    return shown.updated(view, order, live=True)


async def suggest(request: OptionsRequest, desk: Desk) -> Choices:
    """Those that can be sent; the ones this person used last come first."""
    shelf = await desk.opening.shelf()
    if shelf is None:
        return Choices((Choice("The templates are still loading", LOADING, "Try again"),))
    found = offered(shelf, request.query, await desk.dispatch.last_used(request.actor.id))
    return Choices(tuple(shown.choice(one) for one in found))


# --- from Slack's own menus ----------------------------------------------------------------------


async def anywhere(_: ShortcutRequest, desk: Desk) -> OpenForm:
    desk.dispatch.check_set_up()
    await desk.opening.shelf_and_senders()
    return desk.opening.opened(Order(), None)


async def from_message(request: ShortcutRequest, desk: Desk) -> OpenForm:
    """To somebody whom the message names."""
    desk.dispatch.check_set_up()
    looking = asyncio.to_thread(found_in, request.message, desk.settings.default_region)
    found, _ = await asyncio.gather(looking, desk.opening.shelf_and_senders())
    return desk.opening.opened(Order.to_one_of(found), None, "" if found else NOBODY_NAMED)


# --- sending -------------------------------------------------------------------------------------


async def submit(request: SubmitRequest, desk: Desk) -> Reply:
    """Claims the send and closes the form; the outcome follows where it was opened."""
    order = _filled_in(request)
    before = await desk.dispatch.before(request.interaction_key)
    if before is not None:
        return await _sent_before(desk, order, before)
    if order.template in ("", LOADING):
        return FieldErrors({TEMPLATE: NOT_A_TEMPLATE})
    try:
        template = await desk.library.as_seen(order.template)
    except NotFound as gone:
        return FieldErrors({TEMPLATE: explain_as_text(gone)})
    errors = objections(order, template)
    if errors:
        return _under_the_fields(desk, order, template, errors, request.values)
    try:
        recipient = await desk.dispatch.recipient(order.to)
        ready = await desk.dispatch.ready(order, template, recipient)
    except (UsageError, NotFound) as problem:
        return FieldErrors({at_fault(request.values, order): explain_as_text(problem)})
    started = await desk.dispatch.start(
        ready, key=request.interaction_key, member=request.actor.id, asked=order.asked
    )
    if isinstance(started, Duplicate):
        return _asked(request, desk, order, ready, started.send)
    if isinstance(started, Before):
        return await _sent_before(desk, order, started.send)
    telling = _told_later(desk, order, started, nowhere=not request.channel.id)
    return CloseForm("Sent.", follow_up_task=asyncio.ensure_future(telling))


async def _sent_before(desk: Desk, order: Order, send: Send) -> CloseForm:
    return CloseForm("This was sent before.", follow_up=await _before(desk, order, send))


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
    return shown.updated(desk.opening.form(order, template, note=note), order)


def _asked(request: Request, desk: Desk, order: Order, ready: Ready, send: Send) -> UpdateForm:
    again = order.asked_about(send.id)
    view = desk.opening.form(
        again,
        ready.template,
        whom=shown.whom(ready.recipient),
        note=shown.already(send, request.now),
    )
    return shown.updated(view, again)


async def confirm(request: ActionRequest, desk: Desk) -> Message:
    """The button of a preview. Pressed twice, it sends once: message and button are the key."""
    order = Order.restored(request.value)
    before = await desk.dispatch.before(request.interaction_key)
    if before is not None:
        return await _before(desk, order, before, in_place=True)
    _still_young(request)
    template = (await desk.library.template(order.template)).value
    wrong = first_objection(order, template)
    if wrong:
        raise UsageError(wrong, example="/chakra send")
    recipient = await desk.dispatch.recipient(order.to)
    ready = await desk.dispatch.ready(order, template, recipient)
    started = await desk.dispatch.start(
        ready, key=request.interaction_key, member=request.actor.id, asked=order.asked
    )
    if isinstance(started, Duplicate):
        return _question(request, order, ready, started.send)
    if isinstance(started, Before):
        return await _before(desk, order, started.send, in_place=True)
    return _line(desk, order, await asyncio.shield(started), in_place=True)


def _still_young(request: ActionRequest) -> None:
    """Raises ``UsageError`` for the button of a preview that nobody should send any more."""
    if request.posted_at and request.now - request.posted_at > PREVIEW_SECONDS:
        raise UsageError("This preview is more than a week old. Make a new one.", example=EXAMPLE)


def _question(request: Request, order: Order, ready: Ready, send: Send) -> Message:
    again = order.asked_about(send.id)
    question = shown.already(send, request.now)
    message = shown.confirmation(again, ready.template, ready.recipient, question=question)
    return replace(message, replace_original=True)


async def test(request: ActionRequest, desk: Desk) -> Reply:
    """What is filled in, to the person's own number: beside a preview, or in the form, which stays
    as it is with a note."""
    if request.in_form:
        return await _tested_in_form(request, desk)
    _still_young(request)
    order = Order.restored(request.value)
    template = (await desk.library.template(order.template)).value
    trial = await desk.trials.run(
        order, template, press=request.interaction_key, member=request.actor.id, asked=order.asked
    )
    return shown.tested_message(_note(request, desk, trial), trial, order)


async def _tested_in_form(request: ActionRequest, desk: Desk) -> Reply:
    pressed = desk.typing.supersede(request.interaction_key)
    order = _filled_in(request)
    template = (await desk.library.template(order.template)).value
    try:
        trial = await desk.trials.run(
            order,
            template,
            press=request.interaction_key,
            member=request.actor.id,
            asked=order.tested,
        )
    except PersonError as problem:
        note, asks = markup(Markup(":warning: "), NO_TEST, " ", explain_as_text(problem)), None
    else:
        note, asks = _note(request, desk, trial), trial.asks
    told = Message(note, (blocks.section(note),))
    if not desk.typing.is_current(request.interaction_key, pressed):
        return told  # the form shows by now what was typed meanwhile
    order = replace(order, tested=str(asks.id) if asks else "")
    view = await desk.opening.drawn(order, template, tested=note)
    return shown.updated(view, order, live=True, otherwise=told)


def _note(request: Request, desk: Desk, trial: Trial) -> Markup:
    link = desk.dispatch.link(trial.sent.report) if trial.sent else ""
    return shown.tested(trial, link, request.now)


async def _told_later(
    desk: Desk, order: Order, started: asyncio.Task[Sent], *, nowhere: bool
) -> Message | None:
    """``nowhere``: it would be said in the person's own messages, where the report stands."""
    sent = await started
    told = nowhere and sent.report and sent.send.state is not State.FAILED
    return None if told else _line(desk, order, sent)


def _line(desk: Desk, order: Order, sent: Sent, *, in_place: bool = False) -> Message:
    return shown.outcome(sent, desk.dispatch.link(sent.report), order, in_place=in_place)


async def _before(desk: Desk, order: Order, send: Send, *, in_place: bool = False) -> Message:
    """What became of a press that was answered before."""
    return _line(desk, order, await desk.dispatch.sent(send), in_place=in_place)


SEND: Command[Desk] = Command(
    name="send",
    summary="a WhatsApp template to a phone number, somebody of the team or a lead",
    usage="send [template] [phone] [1=…] [name=…]",
    example=EXAMPLE,
    role=Role.SENDER,
    argument_names=(*line.NAMES, NUMBERED, ANY_NAME),
    details=(
        "Alone it opens the form. A complete line goes straight to the preview.",
        "The recipient may be a number, a user of Chakra, or a record as lead LEAD-004038.",
        "1= and first_name= fill the variables; language=es chooses among several languages.",
        "media= is the link of a picture, video or document; the form takes a file as well.",
        "It stands in Slack's shortcuts too, and on each message, for the numbers named there.",
    ),
    run=run,
    button=("Send WhatsApp", ""),
    actions=(
        Action(shown.TEMPLATE, choose, role=Role.SENDER),
        Action(shown.TYPED, typed, role=Role.SENDER),
        Action(shown.PICKED, pick, role=Role.SENDER),
        Action(shown.CONFIRM, confirm, role=Role.SENDER),
        Action(shown.TEST, test, role=Role.SENDER),
        Action(shown.EDIT, edit, role=Role.SENDER),
    ),
    forms=(Form(shown.SUBMIT, submit), Form(shown.CONFIRM, submit)),
    options=(Options(shown.TEMPLATE, suggest, role=Role.SENDER),),
    shortcuts=(
        Shortcut(ANYWHERE, anywhere, role=Role.SENDER),
        Shortcut(FROM_MESSAGE, from_message, is_message_shortcut=True, role=Role.SENDER),
    ),
)
