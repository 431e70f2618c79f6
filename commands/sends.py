"""``/chakra sends``: list what happened to sent messages, and send one again."""

from __future__ import annotations

from dataclasses import replace

from bot.chakra.template import Template
from bot.context import Context
from bot.errors import UsageError
from bot.messages.form_values import SendForm
from bot.messages.report_message import (
    REFRESH_CARD,
    SEND_AGAIN,
    SHARE,
    SHARE_ELSEWHERE,
    SHOW_SEND,
    render_send_card,
    render_send_row,
    render_shared_card,
)
from bot.messages.send import Send
from bot.messages.send_query import (
    EVERYONE,
    EXAMPLE,
    STATUSES,
    SendListQuery,
    find_period,
    parse_query,
)
from bot.messages.service import MAX_LISTED_SENDS
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, channel_mention, markup, mention
from bot.slack.button_state import parse_row_id
from bot.slack.choice_fields import channel_field
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, Message, OpenForm, Reply, UpdateForm, View
from bot.slack.paging import advise_wider, paginate, render_list_page
from bot.slack.viewer import is_shareable, require_shareable
from bot.templates.send_blockers import explain_blocker
from bot.templates.variables import list_media_pairs

COMMAND = "/chakra sends"
SENDS_PHRASES = {
    **dict.fromkeys(
        ("my sends", "my messages", "my sent messages", "my last sends", "my recent sends",
         "what did i send", "what have i sent", "was it read", "was my message read",
         "was it delivered", "did they read it", "did it arrive", "delivery status",
         "delivery report", "did my message arrive", "what happened to my message", "outbox",
         "last message", "my last message", "status of my message", "was my message delivered",
         "is it delivered", "is it read", "has it been read", "has it been delivered",
         "did it go through", "was it sent", "last sent", "status of my messages",
         "status of my last message", "status of message", "status of the message",
         "… read it", "… read my message", "… seen it", "… see it", "… seen my message", "… get it",
         "… got it", "… get my message", "… got my message", "… receive it", "… received it",
         "… receive my message", "… received my message", "… open it", "… opened it",
         "did it reach", "did my message reach", "has it reached", "was it delivered to",
         "did it go to", "did it get to", "has my message reached", "meine nachrichten",
         "mis mensajes", "resend", "resend my", "send again", "send it again"),
        "me",
    ),
    **dict.fromkeys(
        ("sent messages", "recent sends", "last sends", "all sends", "list sends", "show sends",
         "message history", "send history", "sending history", "who sent", "what was sent",
         "how many messages did we send", "how many did we send", "messages sent",
         "sent items", "everyone's sends", "sends of everyone", "all my team's sends"),
        "",
    ),
    **dict.fromkeys(("failed sends", "failed messages", "what failed", "messages that failed",
                     "which messages failed", "which sends failed", "which failed", "failures",
                     "messages failed", "why did", "resend the failed", "resend failed"), "failed"),
    **dict.fromkeys(("my failed sends", "my failed messages", "did my message fail"), "me failed"),
    **dict.fromkeys(("unread messages", "unread sends", "unread by", "not read by",
                     "who hasn't read", "who has not read", "who didn't read"), "unread"),
    **dict.fromkeys(("my unread messages", "my unread sends"), "me unread"),
}  # fmt: skip
SHARE_FORM, CHANNEL = "sends.share_in", "channel"
PAGE, REFRESH_LIST, MINE = "sends.page", "sends.update", "sends.mine"
ROWS_PER_PAGE = 10
OTHERS_REASON = "You can see your own sends, but not other people's."
STILL_LOADING = "Templates are still loading. Choose one in a moment."
RESELECT_FILE_NOTE = "Please select your file again; Slack forms can't keep uploads."
NO_DETAILS_NOTE = "The recipient and values of this send can't be read any more. Enter them again."
DAY_TEXTS = {"today": "today", "yesterday": "yesterday", "week": "in the last 7 days"}
STATUS_TEXTS = {
    "unread": "not read yet",
    "unknown": "outcome unknown",
    "sending": "not delivered yet",
}


# --- the list ------------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message:
    return await _render_page(request, context, parse_query(request.arguments, request.actor.id))


async def change_page(request: ActionRequest, context: Context) -> Message:
    """Show another page, or the current list."""
    query = SendListQuery.from_value(request.value)
    return replace(await _render_page(request, context, query), replace_original=True)


async def show_own(request: ActionRequest, context: Context) -> Message:
    return await _render_page(request, context, SendListQuery(member=request.actor.id))


async def _render_page(request: Request, context: Context, query: SendListQuery) -> Message:
    member = _require_permitted_member(request, query)
    zone = request.require_member().zone
    period = find_period(query.day, request.now, zone)
    found, is_cut = await context.send_service.list_sends(query, member, period)
    page = paginate(found, query.page, ROWS_PER_PAGE)
    query = query.with_page(page.number)
    buttons = [blocks.button("Refresh", REFRESH_LIST, query.to_value())]
    if request.access.allows(Permission.SEND):
        other = request.actor.id if not member else EVERYONE
        label = "Only mine" if not member else "Everyone's"
        value = query.model_copy(update={"member": other, "page": 1}).to_value()
        buttons.append(blocks.button(label, f"{PAGE}:whose", value))
    return render_list_page(
        page,
        query,
        heading=_render_heading(query, member, request.actor.id, len(found), is_cut=is_cut),
        row=lambda pair: render_send_row(*pair, names_author=member != request.actor.id),
        empty_text=_render_empty(query, member, request.actor.id, is_cut=is_cut),
        note=markup("Sends are listed for 90 days. As of ", format_date_token(request.now), "."),
        page_action=PAGE,
        buttons=buttons,
        labels=("Newer", "Older"),
    )


def _require_permitted_member(request: Request, query: SendListQuery) -> str:
    """Return whose sends are listed, "" for everyone's. Raise ``NotAllowed`` for other people's.

    People who may send see everyone's unless they ask for their own.
    """
    if query.member == request.actor.id:
        return query.member
    if query.member:
        request.access.authorize(Permission.SEND, reason=OTHERS_REASON)
        return "" if query.member == EVERYONE else query.member
    return "" if request.access.allows(Permission.SEND) else request.actor.id


def _render_heading(
    query: SendListQuery, member: str, own_id: str, count: int, *, is_cut: bool
) -> list[str]:
    """Return the heading's parts: 3 sends · yours · failed · today.

    ``is_cut``: older sends exist that were not searched.
    """
    noun = "send" if count == 1 else "sends"
    total = f"{count:,} {noun}"
    if is_cut:
        is_all = count == MAX_LISTED_SENDS
        total = (
            f"the last {count} sends" if is_all else f"{count} of the last {MAX_LISTED_SENDS} sends"
        )
    parts: list[str] = [bold(total), _describe_owner(member, own_id)]
    if query.words:
        parts.append(f'"{query.words}"')
    if query.status:
        parts.append(STATUS_TEXTS.get(query.status, query.status))
    if query.day:
        parts.append(DAY_TEXTS[query.day])
    return parts


def _describe_owner(member: str, own_id: str) -> str:
    if not member:
        return "everyone's"
    return "yours" if member == own_id else markup("by ", mention(member))


def _render_empty(query: SendListQuery, member: str, own_id: str, *, is_cut: bool) -> Markup:
    if query.words or query.status or query.day:
        advice = " Older ones weren't searched: add a status or a day."
        if not is_cut:
            advice = f" {advise_wider(query.words, {'status': query.status, 'day': query.day})}"
        if query.words and member != own_id:
            advice += " For what a colleague sent, mention them with @."
        return markup("No send matches.", advice)
    if member == own_id:
        return markup("You haven't sent anything in the last 90 days.")
    if member:
        return markup(mention(member), " hasn't sent anything from Slack in the last 90 days.")
    return markup("Nothing was sent from Slack in the last 90 days.")


# --- one send ------------------------------------------------------------------------------------


async def show(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context)


async def refresh(request: ActionRequest, context: Context) -> Message:
    return replace(await _render_card(request, context), replace_original=True)


async def _render_card(request: ActionRequest, context: Context) -> Message:
    send = await _get_send(request, context)
    return render_send_card(
        send,
        context.send_service.read_details(send),
        author=send.member,
        may_share=is_shareable(request.channel) and request.access.allows(Permission.SHARE),
    )


async def share(request: ActionRequest, context: Context) -> Message:
    require_shareable(request.channel)
    return render_shared_card(await _get_send(request, context), request.actor.id)


async def choose_channel(request: ActionRequest, context: Context) -> OpenForm:
    """Ask for the channel to share a report from a direct message in."""
    send = await _get_send(request, context)
    return OpenForm(_render_share_form(), {"send": str(send.id)})


def _render_share_form() -> View:
    field = channel_field(CHANNEL, "Channel", action="sends.channel", placeholder="Choose one")
    note = blocks.context("The recipient is masked, without name and text.")
    return blocks.form_modal(SHARE_FORM, "Share this send", "Share", [field, note])


async def share_elsewhere(request: SubmitRequest, context: Context) -> Reply:
    """Post the send to the chosen channel; ask first if guests or other companies read it."""
    channel = request.values.get(CHANNEL, "") or request.state.get(CHANNEL, "")
    destination = await context.channels.resolve_destination(
        channel, request.actor.id, is_known_member=False
    )
    if destination.is_direct_message:
        raise UsageError("Choose a channel. You can't share to a direct message.")
    is_asked = request.state.get("asked") == channel
    if not is_asked and (outsiders := await context.channels.find_outsiders(channel)):
        question = blocks.section(markup(outsiders.sentence, ". Share this send with them?"))
        view = blocks.form_modal(SHARE_FORM, "Share outside?", "Share", [question])
        return UpdateForm(view, {**request.state, CHANNEL: channel, "asked": channel})
    send = await context.send_service.get_send(parse_row_id(request.state["send"], COMMAND))
    if send.member != request.actor.id:
        request.access.authorize(Permission.SEND, reason=OTHERS_REASON)
    await context.send_service.share(
        send, channel=channel, member=request.actor.id, key=request.interaction_key
    )
    done = markup("Shared in ", channel_mention(channel), ".")
    return CloseForm("Shared.", follow_up=blocks.text_message(done))


async def _get_send(request: ActionRequest, context: Context) -> Send:
    """Return the button's send. Raise ``NotAllowed`` if it is another's and they may not send."""
    send = await context.send_service.get_send(parse_row_id(request.value, COMMAND))
    if send.member != request.actor.id:
        request.access.authorize(Permission.SEND, reason=OTHERS_REASON)
    return send


async def send_again(request: ActionRequest, context: Context) -> OpenForm:
    """Open the form with the values of a send. It sends nothing by itself."""
    send = await _get_send(request, context)
    details = context.send_service.read_details(send)
    index = await context.send_forms.load_templates_and_senders()
    form = SendForm()
    if details is not None:
        form = SendForm(details.template_id, details.to, details.sender_id, details.values)
    if index is None:
        return context.send_forms.open_form(form, None, STILL_LOADING)
    template = index.by_id.get(form.template) or next(
        (
            template
            for template in index.by_id.values()
            if (template.name, template.language) == (send.template, send.language)
        ),
        None,
    )
    if template is None:
        note = f"The template {send.template} no longer exists. Choose another one."
        return context.send_forms.open_form(form, None, note)
    if blocker := explain_blocker(template):
        return context.send_forms.open_form(form, None, blocker)
    form = _remove_files(replace(form, template=template.id), template)
    if details is None:
        note = NO_DETAILS_NOTE
    else:
        links = [link for link, _, _ in list_media_pairs(template)]
        note = "" if all(link in form.values for link in links) else RESELECT_FILE_NOTE
    return context.send_forms.open_form(form, template, note)


def _remove_files(form: SendForm, template: Template) -> SendForm:
    """Return the form without the names of uploads, which Slack doesn't offer again."""
    files = {file for _, file, _ in list_media_pairs(template)}
    return replace(form, values={key: v for key, v in form.values.items() if key not in files})


SENDS: Command[Context] = Command(
    name="sends",
    aliases=("sent", "history"),
    summary="what happened to the messages you sent",
    usage="sends [words] [status:…] [me, @member]",
    example=EXAMPLE,
    argument_names=("status",),
    details=(
        "Words match the template, the recipient's name, or the end of the number.",
        f"Filter with {', '.join(STATUSES)}; today, yesterday or week; me, everyone or @member.",
        "People who may send see everyone's; others see their own.",
    ),
    phrases=SENDS_PHRASES,
    run=run,
    button="My sends",
    button_action=MINE,
    actions=(
        Action(PAGE, change_page),
        Action(REFRESH_LIST, change_page),
        Action(MINE, show_own),
        Action(SHOW_SEND, show),
        Action(REFRESH_CARD, refresh),
        Action(SHARE, share, needs=Permission.SHARE),
        Action(SHARE_ELSEWHERE, choose_channel, needs=Permission.SHARE, only_looks=True),
        Action(SEND_AGAIN, send_again, needs=Permission.SEND, only_looks=True),
    ),
    forms=(Form(SHARE_FORM, share_elsewhere, needs=Permission.SHARE),),
)
