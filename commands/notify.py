"""``/chakra notify``: choose which WhatsApp events a channel receives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.context import Context
from bot.errors import NotFound, UsageError
from bot.notifications import rule_card
from bot.notifications.actions import list_post_actions
from bot.notifications.place import (
    Place,
    find_listed_place,
    find_place,
    find_stored_place,
    find_time_zone,
)
from bot.notifications.recent_actions import list_recent, list_recent_actions
from bot.notifications.rule import Rule, RuleSpec
from bot.notifications.rule_card import CONFIRM, DOWN, FORM_ACTION, REMOVE, UP, RuleState
from bot.notifications.rule_form import EDIT_ACTION, SUBMIT, build_form, read_form
from bot.notifications.rule_line import describe_missing, find_numbered, parse_rule
from bot.notifications.rule_text import describe_problem
from bot.notifications.rule_values import EXAMPLE
from bot.notifications.rule_words import FIELD_ALIASES, LIST_WORDS, PHRASES, SUBCOMMANDS
from bot.slack import blocks
from bot.slack.blocks import Markup
from bot.slack.button_state import parse_row_id
from bot.slack.channels import Destination
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
from bot.slack.commands.reply import (
    CloseForm,
    FieldErrors,
    FormProblem,
    Message,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.slack.commands.tokens import ChannelMention
from bot.slack.commands.unused_words import describe_unused, find_unused, name_unused

Handler = Callable[[ActionRequest, Context], Awaitable[Reply]]

LINE = "/chakra notify"
ADD, LIST, REMOVE_WORD, EDIT_WORD = "add", "list", "remove", "edit"
TEST, RECENT = "test", "recent"
CHANNEL, RULE, SPEC, POSITION = "channel", "rule", "spec", "position"
"""The keys of the forms' state."""
NOT_ALLOWED_REASON = "You can see what a channel receives, but you can't change it."
MAX_STATE_LENGTH = 2_400
"""Characters of a form's state: Slack allows 3,000, including where it was opened."""
OWN_SENDS = "You already get a report on what you send. Choose other events, or a channel."


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Reply:
    tokens = request.arguments.tokens
    word = SUBCOMMANDS.get(tokens[0].text.casefold().strip(",.!?:"), "") if tokens else ""
    line = replace(request, arguments=request.arguments.skip_first()) if word else request
    if not tokens and not request.arguments.pairs:
        if not request.access.allows(Permission.NOTIFY):
            return await _list(request, context)
        return await _open_form(request, context)
    if word == LIST:
        return await _list_named(line, context)
    request.access.authorize(Permission.NOTIFY, reason=NOT_ALLOWED_REASON)
    if word == RECENT:
        return await list_recent(line, context)
    if word == TEST:
        return await _post_test(line, context)
    if word in (REMOVE_WORD, EDIT_WORD):
        return await _choose_rule(line, context, word)
    if word == ADD and not line.arguments.tokens and not line.arguments.pairs:
        return await _open_form(request, context)
    return await _preview_line(line, context)


async def _preview_line(request: CommandRequest, context: Context) -> Message:
    """Show what a typed rule would do, with the button that saves it."""
    known = await context.notifications.load_known(request.actor.id, find_time_zone(request))
    parsed = parse_rule(request.arguments, known)
    place = await find_place(context.channels, request, parsed.channel)
    _require_others_sends(parsed.spec, place.destination)
    tried = await context.notifications.try_rule(
        place.destination.channel, request.actor.id, parsed.spec
    )
    return rule_card.render_preview(
        parsed.spec,
        tried,
        known,
        place.destination,
        place.here,
        unused=describe_unused(parsed.unused),
        correction=parsed.correction,
    )


async def _list_named(request: CommandRequest, context: Context) -> Message:
    """List the rules of this channel, or of the named one."""
    channels = [word for word in request.arguments.tokens if isinstance(word, ChannelMention)]
    others = [word for word in request.arguments.tokens if not isinstance(word, ChannelMention)]
    listed = await _list(request, context, channels[0] if channels else None)
    return name_unused(listed, find_unused(others, LIST_WORDS))


async def _choose_rule(request: CommandRequest, context: Context, word: str) -> Reply:
    """Open the form of the rule with the typed number, or ask before that rule is removed."""
    place = await find_listed_place(context.channels, request)
    rules = await context.notifications.rules.list_channel(place.destination.channel)
    rule = find_numbered(request.arguments, rules)
    if rule is None:
        return await _list_place(request, context, place, note=describe_missing(request.arguments))
    if word == EDIT_WORD:
        return await _open_form(request, context, rule=rule)
    known = await context.notifications.load_known(request.actor.id, find_time_zone(request))
    return rule_card.render_removal(rule, known, place.location)


async def _post_test(request: CommandRequest, context: Context) -> Message:
    """Post a sample of what the typed rule receives, or the first one."""
    place = await find_place(context.channels, request)
    rules = await context.notifications.rules.list_channel(place.destination.channel)
    rule = find_numbered(request.arguments, rules[:1] if not request.arguments.tokens else rules)
    if rule is None:
        return await _list_place(request, context, place, note=describe_missing(request.arguments))
    await context.notifications.post_sample(rule, request.actor.id, request.reference)
    return blocks.text_message(f"Posting a test of rule {rule.position}.")


# --- what a channel receives ---------------------------------------------------------------------


async def _list(
    request: Request, context: Context, channel: ChannelMention | None = None, *, note: str = ""
) -> Message:
    place = await find_listed_place(context.channels, request, channel)
    return await _list_place(request, context, place, note=note)


async def _list_place(
    request: Request, context: Context, place: Place, *, note: str = ""
) -> Message:
    rules = await context.notifications.rules.list_channel(place.destination.channel)
    known = await context.notifications.load_known(request.actor.id, find_time_zone(request))
    return rule_card.render_rule_list(
        rules,
        known,
        place.location,
        may_change=request.access.allows(Permission.NOTIFY),
        note=describe_problem(place.problem) if place.problem and not note else note,
    )


# --- the form ------------------------------------------------------------------------------------


async def open_form(request: ActionRequest, context: Context) -> OpenForm:
    """Open the form, with the rule of a typed line if the button has one."""
    if not request.value:
        return await _open_form(request, context)
    state = RuleState.from_value(request.value)
    return await _open_form(request, context, spec=state.read_spec(), channel_id=state.channel)


async def edit(request: ActionRequest, context: Context) -> OpenForm | UpdateForm:
    rule = await _load_rule(request, context)
    opened = await _open_form(request, context, rule=rule, channel_id=rule.channel)
    return UpdateForm(opened.view, opened.state) if request.in_form else opened


async def _open_form(
    request: Request,
    context: Context,
    *,
    rule: Rule | None = None,
    spec: RuleSpec | None = None,
    channel_id: str = "",
) -> OpenForm:
    place = await find_stored_place(context.channels, request, channel_id)
    channel = place.destination.channel
    rules = await context.notifications.rules.list_channel(channel)
    known = await context.notifications.load_known(request.actor.id, find_time_zone(request))
    view = build_form(known, rules, location=place.location, spec=spec, rule=rule)
    state = {CHANNEL: channel, RULE: str(rule.id) if rule else ""}
    return OpenForm(view, {**state, SPEC: rule_card.dump_spec(spec)} if spec else state)


async def submit(request: SubmitRequest, context: Context) -> FieldErrors | UpdateForm:
    """Show what the rule would have done, or the errors under its fields."""
    rule = await _find_edited(request, context)
    known = await context.notifications.load_known(request.actor.id, find_time_zone(request))
    try:
        spec = read_form(request.values, known, rule.spec if rule else _read_typed_spec(request))
        place = await find_stored_place(context.channels, request, request.state.get(CHANNEL, ""))
        _require_others_sends(spec, place.destination)
        spec = rule_card.record_consent(spec, place.destination)
        channel = place.destination.channel
        tried = await context.notifications.try_rule(channel, request.actor.id, spec, rule)
    except FormProblem as problem:
        return problem.errors
    except UsageError as error:
        return FieldErrors({"events": error.message})
    view = rule_card.confirm_view(spec, tried, known, place.destination, place.here)
    state = {
        CHANNEL: channel,
        RULE: str(rule.id) if rule else "",
        SPEC: rule_card.dump_spec(spec),
        POSITION: request.values.get("position", ""),
    }
    if sum(map(len, state.values())) > MAX_STATE_LENGTH:
        return FieldErrors({"words": "That's too much for one rule. Split it in two."})
    return UpdateForm(view, state)


def _read_typed_spec(request: SubmitRequest) -> RuleSpec | None:
    """Return the typed rule with which the form was opened."""
    typed = request.state.get(SPEC, "")
    return RuleSpec.model_validate_json(typed) if typed else None


async def confirm_form(request: SubmitRequest, context: Context) -> CloseForm | UpdateForm:
    rule = await _find_edited(request, context)
    spec = RuleSpec.model_validate_json(request.state[SPEC])
    place = await find_stored_place(context.channels, request, request.state[CHANNEL])
    if place.destination.has_outsiders and not spec.allows_outsiders:
        return await _ask_again(request, context, spec, place)
    saved = await context.notifications.save(
        place.destination.channel, request.actor.id, spec, rule
    )
    position = request.state.get(POSITION, "")
    if position.isdigit() and int(position) != saved.position:
        await context.notifications.rules.move(saved.id, int(position) - saved.position)
    listed = await _list_place(request, context, place, note="Rule saved.")
    return CloseForm("Rule saved.", follow_up=listed)


async def _ask_again(
    request: SubmitRequest, context: Context, spec: RuleSpec, place: Place
) -> UpdateForm:
    """Ask about people from other companies who have joined the channel in the meantime."""
    known = await context.notifications.load_known(request.actor.id, find_time_zone(request))
    channel = place.destination.channel
    tried = await context.notifications.try_rule(channel, request.actor.id, spec)
    agreed = rule_card.record_consent(spec, place.destination)
    view = rule_card.confirm_view(agreed, tried, known, place.destination, place.here)
    return UpdateForm(view, {**request.state, SPEC: rule_card.dump_spec(agreed)})


# --- the buttons ---------------------------------------------------------------------------------


async def confirm(request: ActionRequest, context: Context) -> Message:
    """Save the rule of a typed line; ask first if outsiders have joined the channel."""
    state = RuleState.from_value(request.value)
    spec = state.read_spec()
    place = await find_stored_place(context.channels, request, state.channel)
    if place.destination.has_outsiders and not spec.allows_outsiders:
        known = await context.notifications.load_known(request.actor.id, find_time_zone(request))
        tried = await context.notifications.try_rule(state.channel, request.actor.id, spec)
        asked = rule_card.render_preview(
            spec, tried, known, place.destination, place.here, unused=Markup(""), correction=""
        )
        return replace(asked, replace_original=True)
    await context.notifications.save(place.destination.channel, request.actor.id, spec)
    listed = await _list_place(request, context, place, note="Rule saved.")
    return replace(listed, replace_original=True)


async def move_up(request: ActionRequest, context: Context) -> Message:
    return await _move(request, context, -1)


async def move_down(request: ActionRequest, context: Context) -> Message:
    return await _move(request, context, 1)


async def _move(request: ActionRequest, context: Context, steps: int) -> Message:
    rule = await _load_rule(request, context)
    await context.notifications.rules.move(rule.id, steps)
    return await _list_again(request, context, rule, "")


async def remove(request: ActionRequest, context: Context) -> Message:
    rule = await _load_rule(request, context)
    await context.notifications.rules.remove(rule.id)
    return await _list_again(request, context, rule, "Rule removed.")


async def _list_again(request: ActionRequest, context: Context, rule: Rule, note: str) -> Message:
    """List the rule's channel again, even if the bot can't post there any more."""
    destination = Destination(rule.channel, is_direct_message=rule.channel == request.actor.id)
    place = Place(destination, request.channel.id)
    return replace(await _list_place(request, context, place, note=note), replace_original=True)


async def _load_rule(request: ActionRequest, context: Context) -> Rule:
    """Return a button's rule. Raise ``NotFound``, or ``UsageError`` for someone else's."""
    rule = await context.notifications.get(parse_row_id(request.value, LINE))
    return await _require_in_channel(request, context, rule)


async def _find_edited(request: SubmitRequest, context: Context) -> Rule | None:
    rule_id = request.state.get(RULE, "")
    if not rule_id:
        return None
    rule = await context.notifications.get(parse_row_id(rule_id, LINE))
    return await _require_in_channel(request, context, rule)


async def _require_in_channel(request: Request, context: Context, rule: Rule) -> Rule:
    is_own = rule.channel in (request.actor.id, request.channel.id)
    if is_own or rule.member == request.actor.id:
        return rule
    is_direct_message = rule.channel.startswith(("U", "W"))
    if is_direct_message or not await context.channels.has_member(rule.channel, request.actor.id):
        raise NotFound("rule", "", hint="It belongs to another channel.")
    return rule


def _require_others_sends(spec: RuleSpec, destination: Destination) -> None:
    """Raise ``UsageError`` for a rule that sends a person's own sends to their DM."""
    if destination.is_direct_message and spec.filters.members == (destination.channel,):
        raise UsageError(OWN_SENDS)


def _build_channel_action(id_: str, run: Handler) -> Action[Context]:
    return Action(id_, run, needs=Permission.NOTIFY)


def _build_looking_action(id_: str, run: Handler) -> Action[Context]:
    return Action(id_, run, needs=Permission.NOTIFY, only_looks=True)


NOTIFY: Command[Context] = Command(
    name="notify",
    aliases=("notifications", "subscribe"),
    phrases=PHRASES,
    summary="choose which WhatsApp events this channel receives",
    usage="notify [add <events> [filters] [each, thread, hourly, daily], list, remove <n>, recent]",
    example=EXAMPLE,
    argument_names=tuple(FIELD_ALIASES),
    details=(
        "/chakra notify opens a form. Events: message, failed, status, template, account, all.",
        "Filters: country:India, template:order_update, category:marketing, user:@mei, sender:+1…,",
        'lead.city=Pune, and words in "quotes".',
        "Also: daily at 9:00, quiet 22:00-07:00 except failed, mention @mei, reply mode.",
        "Everything else takes what no other rule takes.",
        "Before you save, you see what the rule would have done with the last hundred events.",
    ),
    run=run,
    acting_words=(TEST,),
    greeting_button="Choose notifications",
    button_action=FORM_ACTION,
    actions=(
        _build_looking_action(FORM_ACTION, open_form),
        _build_looking_action(EDIT_ACTION, edit),
        *list_recent_actions(Context),
        _build_channel_action(CONFIRM, confirm),
        _build_channel_action(UP, move_up),
        _build_channel_action(DOWN, move_down),
        _build_channel_action(REMOVE, remove),
        *list_post_actions(Context),
    ),
    forms=(
        Form(SUBMIT, submit, needs=Permission.NOTIFY),
        Form(CONFIRM, confirm_form, needs=Permission.NOTIFY),
    ),
)
