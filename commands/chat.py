"""``/chakra chat``: read and answer customers, and agree on who answers."""

from __future__ import annotations

from functools import partial

from bot.chakra.text import has_visible_text
from bot.context import Context
from bot.conversations import actions, reply_form
from bot.conversations.answering import Answer, Answering
from bot.conversations.controls import (
    ASSIGN,
    CHAT_PHRASES,
    CLAIM,
    COMMAND,
    CONFIRM,
    FROM_MESSAGE,
    HISTORY,
    NOTE,
    READ,
    REPLY,
    RESOLVE,
    SEND,
    SHOW_FILE,
    SNOOZE,
    ConversationButton,
    TypedReply,
)
from bot.conversations.conversation import Conversation, ConversationState
from bot.conversations.history import render_conversations, render_history
from bot.conversations.listed_chats import LIST_PAGE, OPEN_CHAT, ChatButton, ChatListButton
from bot.conversations.reply_form import ReplyState
from bot.conversations.target import NO_NUMBER, ReplyTarget
from bot.conversations.typed_reply import KEEP
from bot.conversations.typed_text import is_thread_reply, read_files, read_typed_text
from bot.errors import UsageError
from bot.messages.reply_files import explain_file, explain_text
from bot.slack import blocks
from bot.slack.button_state import parse_row_id
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Event,
    EventRequest,
    Form,
    Request,
    Shortcut,
    ShortcutRequest,
    SubmitRequest,
    UploadedFile,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    CloseForm,
    FieldErrors,
    Message,
    NoReply,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.slack.member import MEMBER_KINDS
from bot.slack.viewer import is_shareable

KEPT = "It stays in Slack. The customer doesn't see it."
MAY_NOT_SEND = (
    "Messages in this thread aren't sent to the customer, and you may not send any. "
    "Ask someone who may to reply."
)
MAY_NOT_READ = "Customers' messages are for people who may send."
OPEN_WORDS = frozenset({"open", "me", "mine", "here", "waiting", "unanswered"})
NO_CONVERSATION = "This message isn't part of a customer's conversation."


# --- answers --------------------------------------------------------------------------------------


async def open_reply(request: ActionRequest, context: Context) -> OpenForm:
    """Open the form for a text or, if text can no longer be sent, the one for a template."""
    button = ConversationButton.from_value(request.value)
    target = await context.conversations.find_target(button.conversation, button.customer)
    return await _open_form(request, context, target, button.event)


async def open_from_message(request: ShortcutRequest, context: Context) -> OpenForm:
    """Open the form from the menu of a message in a customer's thread."""
    thread_ts = str(request.message.get("thread_ts") or request.message.get("ts") or "")
    conversation = await context.conversations.find_thread(request.channel.id, thread_ts)
    if conversation is None:
        raise UsageError(NO_CONVERSATION)
    target = await context.conversations.find_target(conversation.id)
    return await _open_form(request, context, target)


async def _open_form(
    request: Request, context: Context, target: ReplyTarget, event_id: int = 0
) -> OpenForm:
    target.require_number()
    if not target.is_open(request.now):
        await context.send_forms.load_templates_and_senders()
        form = reply_form.build_template_form(target)
        return context.send_forms.open_form(form, None, reply_form.explain_closed(target))
    service = context.conversations
    note = await service.check_allowed(target)
    seen = await service.find_last_send_id(target)
    service.mark_read(target)
    return reply_form.open_form(
        target, note, event_id, seen=seen, takes_files=service.takes_files()
    )


async def submit_reply(request: SubmitRequest, context: Context) -> Reply:
    """Send the text, once; the view shows what became of it. A file is shown first."""
    text = request.values.get(reply_form.TEXT, "").strip()
    text = text if has_visible_text(text) else ""
    files = (request.files or {}).get(reply_form.FILE, ())
    file = files[0] if files else None
    if not text and file is None:
        is_text_only = not context.conversations.takes_files()
        message = reply_form.EMPTY_TEXT if is_text_only else reply_form.EMPTY
        return FieldErrors({reply_form.TEXT: message})
    if file is not None:
        file = await context.conversations.load_file(file.id)
        if problem := explain_file(file):
            return FieldErrors({reply_form.FILE: problem})
    if problem := explain_text(text, file):
        return FieldErrors({reply_form.TEXT: problem})
    return await _submit(request, context, text, file, is_confirmed=False)


async def confirm_file(request: SubmitRequest, context: Context) -> Reply:
    """Upload the file that the view shows, and send it, once."""
    draft = reply_form.ReplyDraft.parse(request.state)
    return await _submit(request, context, draft.text, draft.file, is_confirmed=True)


async def _submit(
    request: SubmitRequest,
    context: Context,
    text: str,
    file: UploadedFile | None,
    *,
    is_confirmed: bool,
) -> Reply:
    state = ReplyState.parse(request.state)
    target = await context.conversations.find_target(state.conversation, state.customer)
    answer = _answer(request, text, file, state.build_interaction_key(request.interaction_key))
    return await _build_answering(context).submit(target, state, answer, is_confirmed=is_confirmed)


def _build_answering(context: Context) -> Answering:
    return Answering(context.conversations, partial(_to_template, context))


def _answer(
    request: SubmitRequest | ActionRequest,
    text: str = "",
    file: UploadedFile | None = None,
    interaction: str = "",
) -> Answer:
    return Answer(text, file, interaction, request.actor.id, _get_name(request), request.now)


def _to_template(context: Context, target: ReplyTarget) -> UpdateForm:
    """Return the form for a template: WhatsApp no longer accepts text."""
    form = reply_form.build_template_form(target)
    view = context.send_forms.render(form, None, note=reply_form.explain_closed(target))
    return UpdateForm(view, form.to_state())


def _get_name(request: Request) -> str:
    return request.member.name if request.member else request.actor.name


# --- typed in the thread --------------------------------------------------------------------------


async def offer_typed(request: EventRequest, context: Context) -> Message | NoReply:
    """Ask whether to send what a member typed in a customer's thread; send nothing."""
    body, service = request.body, context.conversations
    if request.delayed:
        return NoReply()
    conversation = await service.find_thread(request.channel.id, str(body["thread_ts"]))
    if conversation is None or not conversation.takes_replies:
        return NoReply()
    if not request.access.allows(Permission.SEND):
        is_first = service.note_refusal(conversation.id, request.actor.id)
        return blocks.text_message(MAY_NOT_SEND) if is_first else NoReply()
    target = await service.find_target(conversation.id)
    text = await read_typed_text(str(body["text"]), context.members)
    text = text if has_visible_text(text) else ""
    if not target.customer.phone:
        is_first = service.note_refusal(conversation.id, request.actor.id)
        return blocks.text_message(NO_NUMBER) if is_first else NoReply()
    files = read_files(body)
    if not text and not files:
        return NoReply()
    ts = str(body.get("ts", ""))
    return await _build_answering(context).ask(target, ts, text, files, request.now)


async def send_typed(request: ActionRequest, context: Context) -> Message:
    """Send the text that the question shows, once, however often the button is pressed."""
    typed = TypedReply.from_value(request.value)
    target = await context.conversations.find_target(typed.conversation)
    answering = _build_answering(context)
    return await answering.send_typed(target, typed, request.channel.id, _answer(request))


async def keep(_: ActionRequest, __: Context) -> Message:
    return Message(KEPT, (blocks.context(KEPT),), replace_original=True)


# --- who answers
# -----------------------------------------------------------------------------------


async def claim(request: ActionRequest, context: Context) -> Message:
    """Assign the conversation to the person, unless it was assigned in the meantime."""
    button, service = ConversationButton.from_value(request.value), context.conversations
    claimed = await service.conversations.claim(button.conversation, request.actor.id)
    if claimed is None:
        current = await service.get(button.conversation)
        return actions.render_already_claimed(current)
    await service.parents.refresh(claimed)
    if claimed.takes_replies and request.access.allows(Permission.SEND):
        service.mark_read(await service.find_target(claimed.id))
    return blocks.text_message("You have this conversation now.")


async def open_assign(request: ActionRequest, context: Context) -> OpenForm:
    return actions.assign_form(await _load_pressed(request, context))


async def submit_assign(request: SubmitRequest, context: Context) -> CloseForm | FieldErrors:
    service, member = context.conversations, request.values.get(actions.MEMBER, "")
    if member:
        chosen = (await context.members.get_member(member)).value
        if chosen.kind not in MEMBER_KINDS:
            return FieldErrors({actions.MEMBER: actions.NOT_A_COLLEAGUE})
    conversation = await _load_of_form(request, context)
    assigned = await service.conversations.assign(conversation.id, member)
    if assigned is not None:
        await service.parents.refresh(assigned)
    if member and member not in (request.actor.id, conversation.assignee):
        line = actions.render_assigned(member, _get_name(request))
        await service.post(
            conversation, f"assigned:{request.interaction_key}", line, request.actor.id
        )
    return CloseForm("Assigned." if member else "No one has this conversation now.")


async def resolve(request: ActionRequest, context: Context) -> Message:
    """Resolve or reopen the conversation, as the button says."""
    button = ConversationButton.from_value(request.value)
    state = ConversationState(button.choice or ConversationState.RESOLVED)
    return await _set_state(request, context, button.conversation, state)


async def snooze(request: ActionRequest, context: Context) -> Message:
    """Bring the conversation back later; assign it to the snoozer if it has no assignee."""
    button = ConversationButton.from_value(request.value)
    zone = request.require_member().zone
    until = actions.snooze_end(button.choice, request.now, zone)
    await context.conversations.conversations.claim(button.conversation, request.actor.id)
    return await _set_state(request, context, button.conversation, ConversationState.SNOOZED, until)


async def _set_state(
    request: Request,
    context: Context,
    conversation_id: int,
    state: ConversationState,
    until: float = 0.0,
) -> Message:
    service = context.conversations
    changed = await service.conversations.set_state(
        conversation_id, state, request.now, snoozed_until=until
    )
    current = changed or await service.get(conversation_id)
    await service.parents.refresh(current)
    return blocks.text_message(actions.describe_change(current, is_new=changed is not None))


async def open_note(request: ActionRequest, context: Context) -> OpenForm:
    return actions.render_note_form(await _load_pressed(request, context))


async def submit_note(request: SubmitRequest, context: Context) -> CloseForm | FieldErrors:
    text = request.values.get(actions.TEXT, "").strip()
    if not text:
        return FieldErrors({actions.TEXT: "Write a note."})
    conversation = await _load_of_form(request, context)
    note = actions.render_note(text, request.actor.id, _get_name(request))
    await context.conversations.post(
        conversation, f"note:{request.interaction_key}", note, request.actor.id
    )
    return CloseForm("Note added.")


async def _load_pressed(request: ActionRequest, context: Context) -> Conversation:
    button = ConversationButton.from_value(request.value)
    return await context.conversations.get(button.conversation)


async def _load_of_form(request: SubmitRequest, context: Context) -> Conversation:
    number = parse_row_id(request.state.get(actions.CONVERSATION, ""), COMMAND)
    return await context.conversations.get(number)


# --- reading --------------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message:
    """Show the last messages of a customer, or the open conversations."""
    typed = request.arguments.join_from()
    if not typed or typed.casefold() in OPEN_WORDS:
        return await _list_open(request, context)
    request.access.authorize(Permission.SEND, reason=MAY_NOT_READ)
    return await context.chats.show_line(request.arguments, request.now)


async def open_chat(request: ActionRequest, context: Context) -> Message:
    return await context.chats.open(ChatButton.from_value(request.value), request.now)


async def change_page(request: ActionRequest, context: Context) -> Message:
    return await context.chats.list(ChatListButton.from_value(request.value), replace=True)


async def _list_open(request: Request, context: Context) -> Message:
    is_own = not is_shareable(request.channel)
    channel, assignee = ("", request.actor.id) if is_own else (request.channel.id, "")
    found, customers = await context.conversations.list_open(channel=channel, assignee=assignee)
    return render_conversations(found, customers, is_own=is_own)


async def show_history(request: ActionRequest, context: Context) -> Message:
    button = ConversationButton.from_value(request.value)
    target = await context.conversations.find_target(button.conversation, button.customer)
    history = await context.conversations.history.read(target.customer)
    return render_history(target, history, request.now)


async def read_message(request: ActionRequest, context: Context) -> OpenForm:
    """Show one reader the whole message, unmasked."""
    button = ConversationButton.from_value(request.value)
    return OpenForm(await context.conversations.reader.read(button.event))


async def show_file(request: ActionRequest, context: Context) -> Message:
    button = ConversationButton.from_value(request.value)
    return await context.conversations.reader.show_file(button.event, request.actor.id)


CHAT: Command[Context] = Command(
    name="chat",
    aliases=("chats", "conversations", "inbox"),
    phrases=CHAT_PHRASES,
    summary="read a customer's last messages and answer them",
    usage="chat [phone, name, lead or list]",
    example="/chakra chat +91 98765 43210",
    details=(
        "/chakra chat lists this channel's open conversations; in the DM with Chakra, yours.",
        "With a number, a name or a lead you see the last messages, with buttons to reply.",
        "/chakra chat list shows all chats in Chakra, including those that aren't in Slack.",
        "Text and files can be sent for 24 hours after the customer wrote, then only templates.",
    ),
    run=run,
    actions=(
        Action(REPLY, open_reply, needs=Permission.SEND, only_looks=True),
        Action(SEND, send_typed, needs=Permission.SEND),
        Action(KEEP, keep, needs=Permission.HELP),
        Action(CLAIM, claim, needs=Permission.WATCH),
        Action(ASSIGN, open_assign, needs=Permission.WATCH, only_looks=True),
        Action(RESOLVE, resolve, needs=Permission.WATCH),
        Action(NOTE, open_note, needs=Permission.WATCH, only_looks=True),
        Action(SNOOZE, snooze, needs=Permission.WATCH),
        Action(READ, read_message, needs=Permission.LOOK),
        Action(SHOW_FILE, show_file, needs=Permission.LOOK),
        Action(OPEN_CHAT, open_chat, needs=Permission.SEND, only_looks=True),
        Action(LIST_PAGE, change_page, needs=Permission.SEND, only_looks=True),
        Action(HISTORY, show_history, needs=Permission.SEND, only_looks=True),
    ),
    forms=(
        Form(SEND, submit_reply, needs=Permission.SEND),
        Form(CONFIRM, confirm_file, needs=Permission.SEND),
        Form(ASSIGN, submit_assign, needs=Permission.WATCH),
        Form(NOTE, submit_note, needs=Permission.WATCH),
    ),
    shortcuts=(
        Shortcut(FROM_MESSAGE, open_from_message, is_message_shortcut=True, needs=Permission.SEND),
    ),
    events=tuple(
        Event(name, offer_typed, needs=Permission.HELP, concerns=is_thread_reply)
        for name in ("message.channels", "message.groups")
    ),
)
