"""Choose when and where a saved query is posted, from a typed line or a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, TypeVar

from bot.errors import NotAllowed, NotInChannel, UsageError
from bot.notifications.place import Place, find_place, find_stored_place, find_time_zone
from bot.notifications.times import format_time
from bot.saved_queries import card, forms
from bot.saved_queries.actions import (
    HasSavedQueries,
    load_saved,
    may_manage_others,
    render_saved,
)
from bot.saved_queries.post import ALLOW, SCHEDULE, STOP
from bot.saved_queries.saved_line import STOP_WORDS, split_place
from bot.saved_queries.saved_query import SavedQuery
from bot.saved_queries.saving import ID
from bot.saved_queries.schedule import DEFAULT_TIME, Schedule, describe_with_zone
from bot.saved_queries.schedule_line import parse_schedule
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, markup
from bot.slack.button_state import ButtonState, parse_row_id
from bot.slack.channels import Destination
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    CommandRequest,
    Form,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    CloseForm,
    FormProblem,
    Message,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.slack.commands.tokens import ChannelMention, Token

CONFIRM: Final = "process.saved_confirm"
NOT_ALLOWED_REASON: Final = "You can run saved queries, but you can't choose what channels receive."
PLACE, WHEN = "place", "when"

ContextT = TypeVar("ContextT", bound=HasSavedQueries)


class ScheduleState(ButtonState):
    """A schedule to be confirmed, since people from other companies read the channel."""

    command: ClassVar[str] = "/chakra process saved"

    query: int
    channel: str
    schedule: str


def schedule_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    return (
        Action(SCHEDULE, open_schedule_form, needs=Permission.NOTIFY, only_looks=True),
        Action(CONFIRM, confirm, needs=Permission.NOTIFY),
        Action(ALLOW, allow_outsiders, needs=Permission.NOTIFY),
        Action(STOP, stop),
    )


def schedule_forms(_: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (
        Form(forms.SCHEDULE_FORM, submit_schedule, needs=Permission.NOTIFY),
        Form(forms.CONFIRM_FORM, confirm_form, needs=Permission.NOTIFY),
    )


# --- typed lines ----------------------------------------------------------------------------------


async def schedule_line(
    request: CommandRequest, context: HasSavedQueries, words: Sequence[Token]
) -> Reply:
    """Return the answer to ``schedule <name> every Monday 9:00 #sales``."""
    if not words:
        return await render_saved(request, context, note="Which one? Press its Schedule button.")
    saved, rest = await _split_name(request, context, words)
    texts = [word.text.casefold().strip(".,!") for word in rest]
    if texts and texts[0] in STOP_WORDS and len(texts) == 1:
        return await _stop(request, context, saved)
    request.access.authorize(Permission.NOTIFY, reason=NOT_ALLOWED_REASON)
    require_free(request, saved)
    placed = split_place(rest)
    if not placed.text:
        return _open_form(request, saved, placed.channel.id if placed.channel else "")
    parsed = parse_schedule(placed.text, find_time_zone(request))
    place = await _find_typed_place(request, context, placed.channel, is_own=placed.is_own)
    if place.destination.has_outsiders:
        return _ask_outsiders(saved, place.destination, parsed.schedule)
    note = "" if parsed.has_time else f"Without a time it is {format_time(DEFAULT_TIME)}."
    return await _schedule(request, context, saved, parsed.schedule, place.destination, note)


async def unschedule_line(
    request: CommandRequest, context: HasSavedQueries, words: Sequence[Token]
) -> Reply:
    if not words:
        return await render_saved(
            request, context, note="Which one? Press its Stop posting button."
        )
    saved, _ = await _split_name(request, context, words)
    return await _stop(request, context, saved)


async def _split_name(
    request: Request, context: HasSavedQueries, words: Sequence[Token]
) -> tuple[SavedQuery, Sequence[Token]]:
    """Return the query that the line names, at its beginning or later, and the other words.

    Raise ``NotFound``.
    """
    named = words[:1] if words[0].quoted else words
    saved, start, length = await context.saved_queries.find_within(
        [word.text for word in named], request.actor.id, len(named)
    )
    if saved is None:
        raise await context.saved_queries.build_not_found(words[0].text, request.actor.id)
    return saved, [*words[:start], *words[start + length :]]


async def _find_typed_place(
    request: Request, context: HasSavedQueries, channel: ChannelMention | None, *, is_own: bool
) -> Place:
    if is_own:
        return await find_stored_place(context.channels, request, request.actor.id)
    return await find_place(context.channels, request, channel)


def require_free(request: Request, saved: SavedQuery) -> None:
    """Raise ``UsageError`` if another person has scheduled the query."""
    is_taken = saved.schedule is not None and bool(saved.due_at)
    if not is_taken or saved.scheduler == request.actor.id:
        return
    if not may_manage_others(request) or not saved.is_shared:
        raise UsageError(
            "Someone else has already scheduled this query. Save it under another name to post it "
            "elsewhere.",
            example='/chakra process save "my hot leads" …',
        )


async def _schedule(
    request: Request,
    context: HasSavedQueries,
    saved: SavedQuery,
    schedule: Schedule,
    destination: Destination,
    note: str = "",
) -> Message:
    scheduled = await context.saved_queries.schedule(saved, schedule, destination, request.actor.id)
    place = card.describe_place(scheduled, request.channel.id)
    what = markup(
        bold(scheduled.label),
        " is posted ",
        place,
        f" {describe_with_zone(schedule)}. Next: ",
        format_date_token(scheduled.due_at),
        ".",
    )
    if note:
        what = markup(what, f" {note}")
    return card.render_saved(
        scheduled, request.actor.id, what, may_manage=may_manage_others(request)
    )


def _ask_outsiders(saved: SavedQuery, destination: Destination, schedule: Schedule) -> Message:
    state = ScheduleState(
        query=saved.id, channel=destination.channel, schedule=schedule.model_dump_json()
    )
    question = forms.describe_outsiders(saved, destination)
    when = markup(f"It would be posted {describe_with_zone(schedule)}.")
    button = blocks.button("Post it there anyway", CONFIRM, state.to_value())
    return Message(
        question, (blocks.section(blocks.lines([question, when])), blocks.actions(button))
    )


async def confirm(request: ActionRequest, context: HasSavedQueries) -> Message:
    """Schedule what was typed: the person has seen who else reads the channel."""
    state = ScheduleState.from_value(request.value)
    saved = await context.saved_queries.get(state.query, request.actor.id)
    require_free(request, saved)
    place = await find_stored_place(context.channels, request, state.channel)
    schedule = Schedule.model_validate_json(state.schedule)
    shown = await _schedule(request, context, saved, schedule, place.destination)
    return Message(shown.text, shown.blocks, replace_original=True)


# --- the form -------------------------------------------------------------------------------------


async def open_schedule_form(request: ActionRequest, context: HasSavedQueries) -> OpenForm:
    saved = await load_saved(request, context)
    require_free(request, saved)
    return _open_form(request, saved, "")


def _open_form(request: Request, saved: SavedQuery, channel: str) -> OpenForm:
    proposed = channel or request.channel.id
    is_channel = proposed.startswith(("C", "G")) and not request.channel.name.startswith("mpdm-")
    zone = find_time_zone(request)
    view = forms.schedule_form(saved, proposed if is_channel else "", zone)
    return OpenForm(view, {ID: str(saved.id)})


async def submit_schedule(request: SubmitRequest, context: HasSavedQueries) -> Reply:
    """Schedule the query, ask about people from other companies, or show errors under fields."""
    saved = await _load_submitted(request, context)
    try:
        schedule = forms.read_schedule_form(request.values, find_time_zone(request), saved.schedule)
        place = await _find_chosen_place(request, context)
    except FormProblem as problem:
        return problem.errors
    if place.destination.has_outsiders:
        state = {
            ID: str(saved.id),
            PLACE: place.destination.channel,
            WHEN: schedule.model_dump_json(),
        }
        return UpdateForm(forms.confirm_view(saved, place.destination), state)
    shown = await _schedule(request, context, saved, schedule, place.destination)
    return CloseForm("Scheduled.", follow_up=shown)


async def _find_chosen_place(request: SubmitRequest, context: HasSavedQueries) -> Place:
    """Return the chosen place. Raise ``FormProblem``."""
    if request.values.get(forms.PLACE) == forms.IN_MESSAGES:
        return await find_stored_place(context.channels, request, request.actor.id)
    channel = request.values.get(forms.CHANNEL, "")
    if not channel:
        raise FormProblem(forms.CHANNEL, "Choose a channel.")
    try:
        return await find_place(context.channels, request, ChannelMention(channel))
    except NotInChannel as error:
        sentence = (
            "This channel is archived."
            if error.code == "is_archived"
            else "The app isn't in this channel. Type /invite @Chakra there first."
        )
        raise FormProblem(forms.CHANNEL, sentence) from None
    except UsageError as error:
        raise FormProblem(forms.CHANNEL, error.message) from None


async def confirm_form(request: SubmitRequest, context: HasSavedQueries) -> CloseForm:
    saved = await _load_submitted(request, context)
    place = await find_stored_place(context.channels, request, request.state.get(PLACE, ""))
    schedule = Schedule.model_validate_json(request.state.get(WHEN, ""))
    shown = await _schedule(request, context, saved, schedule, place.destination)
    return CloseForm("Scheduled.", follow_up=shown)


async def _load_submitted(request: SubmitRequest, context: HasSavedQueries) -> SavedQuery:
    query_id = parse_row_id(request.state.get(ID, ""), ScheduleState.command)
    saved = await context.saved_queries.get(query_id, request.actor.id, request.channel.id)
    require_free(request, saved)
    return saved


# --- stopping -------------------------------------------------------------------------------------


async def stop(request: ActionRequest, context: HasSavedQueries) -> Message:
    return await _stop(request, context, await load_saved(request, context))


async def _stop(request: Request, context: HasSavedQueries, saved: SavedQuery) -> Message:
    is_own = request.actor.id in (saved.scheduler, saved.member)
    if not is_own and not may_manage_others(request):
        raise NotAllowed("sender", reason="Only the person who scheduled it can stop it.")
    if saved.schedule is None:
        return blocks.text_message(markup(bold(saved.label), " isn't posted anywhere."))
    await context.saved_queries.repository.unschedule(saved.id)
    return blocks.text_message(
        markup(bold(saved.label), " is no longer posted ", card.describe_place(saved), ".")
    )


async def allow_outsiders(request: ActionRequest, context: HasSavedQueries) -> Message:
    """Post a query again although people from other companies read the channel."""
    saved = await load_saved(request, context)
    if saved.schedule is None or saved.scheduler != request.actor.id:
        return blocks.text_message(Markup("This query isn't scheduled by you any more."))
    destination = Destination(saved.channel, has_outsiders=True)
    shown = await _schedule(request, context, saved, saved.schedule, destination)
    return Message(shown.text, shown.blocks, replace_original=True)
