"""``/chakra user``: look up a Chakra user, show, share and edit the card."""

from __future__ import annotations

from typing import Any
from unicodedata import category

from bot.chakra.models import User, UserChanges
from bot.chakra.text import has_visible_text
from bot.context import Context
from bot.errors import ChakraError, NotFound, SuggestedLine, UsageError, UserError, not_found_as
from bot.messages.error_copy import EXPLAINER
from bot.messages.form_values import SendForm
from bot.messages.recipients import format_named_phone
from bot.processes.typed_line import find_key_within
from bot.slack import blocks
from bot.slack.blocks import code, markup
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    NotYet,
    Offer,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply, UpdateForm
from bot.slack.commands.tokens import ChannelMention, GroupMention, Link, Mention, Phrase, Token
from bot.slack.slow_form import open_when_ready
from bot.slack.viewer import Viewer, require_shareable
from bot.text.phones import is_phone_like
from bot.users import card, picker, query
from bot.users.linked_user import find_linked_user
from bot.users.phrases import (
    USER_PHRASES,
    find_name_within,
    may_be_described_person,
    strip_details,
)
from bot.writes.ledger import DuplicateWrite, WriteIntent
from bot.writes.notices import ask_again, read_confirmed_id

EXAMPLE = "/chakra user john@acme.com"
SAVE, FIND = "user.save", "user.find"
PERSON = "person"
"""The field of the form that looks someone up."""
ME = "me"
SHARE = "share"

MAX_QUERY_LENGTH = 200
"""Characters. Names, addresses and numbers are shorter; a pasted page isn't."""
MAX_NAME_LENGTH = 100
"""Characters of one name in the form. Chakra's own limit isn't documented."""
UNKNOWN_ID_HINT = "There's no user with this ID, or it has been deleted. Search by name instead."
NAME_FIELDS = ("first_name", "last_name")
"""The fields that Chakra documents as writable: which others are is UNKNOWN (API.md, Users)."""
OTHER_FIELDS_NOTE = "Chakra documents no other field that can be changed from here."
NOTHING_TO_LINK = "There's nothing to link: your email address says which Chakra user you are."
NOT_YET = dict.fromkeys(("link", "unlink"), NotYet(NOTHING_TO_LINK, "user me"))
FORBIDDEN_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories of control characters, surrogates and line breaks."""


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Reply:
    typed, share = _split_share(request)
    return await _look_up(request, context, typed, share=share)


async def _look_up(
    request: Request, context: Context, typed: tuple[Token, ...], *, share: bool = False
) -> Message:
    if len(typed) == 1 and isinstance(typed[0], Mention):
        return await _render_member(request, context, typed[0].id, share=share)
    search_text = _parse_search(typed)
    if search_text.casefold() == ME:
        return await _render_member(request, context, request.actor.id, share=share)
    return await _find_and_render(request, context, search_text, share=share)


def _split_share(request: CommandRequest) -> tuple[tuple[Token, ...], bool]:
    typed = request.arguments.tokens
    if len(typed) < 2 or typed[-1].text.casefold() != SHARE:
        return typed, False
    request.access.authorize(Permission.SHARE)
    require_shareable(request.channel)
    return typed[:-1], True


def _parse_search(typed: tuple[Token, ...]) -> str:
    """Return the words as one search. Raise ``UsageError`` for anything but a person."""
    if not typed:
        raise UsageError(
            "Who are you looking for? Try a name, email, phone number, @member or `me`.",
            example=EXAMPLE,
        )
    for word in typed:
        _check_word(word)
    text = " ".join(word.url if isinstance(word, Link) else word.text for word in typed).strip()
    if not has_visible_text(text):
        raise UsageError(
            "The quotes are empty. Type a name, email or phone number.", example=EXAMPLE
        )
    if len(text) > MAX_QUERY_LENGTH:
        raise UsageError("That's too long for a name, email or phone number.", example=EXAMPLE)
    addresses = query.extract_emails(text)
    if len(addresses) > 1:
        raise UsageError(
            "That's more than one address. Look up one person at a time.",
            example=f"/chakra user {addresses[0]}",
        )
    return text


def _check_word(word: Token) -> None:
    if isinstance(word, Phrase):
        for part in word.parts:
            _check_word(part)
    if isinstance(word, ChannelMention):
        raise UsageError("That's a channel. Type a name, email or phone number.", example=EXAMPLE)
    if isinstance(word, GroupMention):
        raise UsageError("That's a group. Type the name of one person.", example=EXAMPLE)
    if isinstance(word, Link) and not is_phone_like(word.url):  # a link to a chat is a number
        raise UsageError("That's a link. Type a name, email or phone number.", example=EXAMPLE)
    if isinstance(word, Mention):
        raise UsageError("Look up one person at a time.", example="/chakra user @john")


# --- finding -------------------------------------------------------------------------------------


async def _find_and_render(
    request: Request, context: Context, search_text: str, *, share: bool
) -> Message:
    with not_found_as("user", search_text, hint=UNKNOWN_ID_HINT):
        matches = await context.directory.find(search_text)
    if matches.value.fuzzy or not matches.value.total:
        name = strip_details(search_text)
        if name != search_text:
            search_text, matches = name, await context.directory.find(name)
    found = matches.value
    if not found.total:
        raise await _build_not_found_error(context, search_text, found.unavailable_count)
    if found.total > 1:
        return picker.render(search_text, matches, await context.directory.get_names())
    note = ""
    if found.fuzzy:
        note = markup(f'No "{search_text}". Closest match:')
    with not_found_as("user", search_text, hint="This user has been deleted in Chakra."):
        return await _render_card(request, context, found.users[0].id, note=note, share=share)


async def _build_not_found_error(
    context: Context, search_text: str, unavailable_count: int
) -> NotFound:
    if query.is_partial_id(search_text):
        hint = "That looks like part of an ID. A complete ID has 36 characters."
        return NotFound("user", search_text, hint=hint)
    address = next(iter(query.extract_emails(search_text)), "")
    suggested = await context.directory.suggest_emails(address) if address else ()
    if unavailable_count:
        people = "1 user" if unavailable_count == 1 else f"{unavailable_count} users"
        hint = f"But {people} couldn't be checked in time. Try again in a minute, or use a name."
        return NotFound("user", search_text, hint=hint)
    everybody = markup("Check the spelling, or see the team with ", code("/chakra users"), ".")
    key, name = find_key_within(search_text), find_name_within(search_text)
    within = (f"process {key}",) if key else (f"user {name}",) if name else ()
    lines = tuple(map(SuggestedLine, (*(f"user {email}" for email in suggested), *within)))
    hint = "Did you mean:" if lines else everybody
    return NotFound("user", search_text, hint=hint, suggested_lines=lines)


async def _render_member(
    request: Request, context: Context, member_id: str, *, share: bool
) -> Message:
    is_self = member_id == request.actor.id
    member = (
        request.require_member() if is_self else (await context.members.get_member(member_id)).value
    )
    user = await find_linked_user(member, context.directory, is_self=is_self)
    return await _render_card(request, context, user.id, share=share)


# --- the form that finds -------------------------------------------------------------------------


async def open_find_form(_: ActionRequest, __: Context) -> OpenForm:
    field = blocks.text_field(
        PERSON,
        "Name, email or phone number",
        action="user.person",
        hint="Names don't have to be exact.",
        max_length=MAX_QUERY_LENGTH,
    )
    return OpenForm(blocks.form_modal(FIND, "Find someone", "Find", [field]))


async def find(request: SubmitRequest, context: Context) -> Reply:
    """Show the card where the form was opened; from App Home, in the form's place."""
    typed = parse_arguments(request.values.get(PERSON, "")).tokens
    try:
        card = await _look_up(request, context, typed)
    except UserError as error:
        return FieldErrors({PERSON: EXPLAINER.explain_as_text(error)})
    if request.channel.id:
        return card
    return UpdateForm(blocks.info_modal("Find someone", card.blocks))


# --- the card ------------------------------------------------------------------------------------


async def _render_card(
    request: Request,
    context: Context,
    user_id: str,
    *,
    note: str = "",
    share: bool = False,
    refresh: bool = False,
    replace_original: bool = False,
) -> Message:
    profile = await context.directory.get_profile(user_id, refresh=refresh)
    if share:
        return card.render_public(profile.value, request.actor.id)
    viewer = Viewer.from_request(request)
    return card.render_private(profile, viewer, note=note, replace_original=replace_original)


async def show(request: ActionRequest, context: Context) -> Message:
    """Show a reader of a shared card their own."""
    return await _render_card(request, context, request.value)


async def refresh(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, refresh=True, replace_original=True)


async def choose(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, replace_original=True)


async def share(request: ActionRequest, context: Context) -> Message:
    require_shareable(request.channel)
    return await _render_card(request, context, request.value, share=True)


# --- the form ------------------------------------------------------------------------------------


async def edit(request: ActionRequest, context: Context) -> OpenForm:
    """Open the form with the last known names. ``state`` keeps them, to detect what changes."""

    async def build() -> OpenForm:
        known = _read_name_values(await context.directory.get_last_known(request.value))
        return OpenForm(_render_edit_form(known), state={"user": request.value, **known})

    return await open_when_ready(context.clock, build(), "Edit user")


async def open_send_form(request: ActionRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()

    async def build() -> OpenForm:
        user = await context.directory.get_last_known(request.value)
        if not user.phones:
            raise NotFound("phone number", user.name, hint="Press Refresh on the card.")
        to = format_named_phone(user.name, user.phones[0])
        return context.send_forms.open_form(SendForm(to=to), None)

    return await open_when_ready(context.clock, build(), "Send WhatsApp")


def _read_name_values(user: User) -> dict[str, str]:
    return {
        field: name[:MAX_NAME_LENGTH]
        for field, name in zip(NAME_FIELDS, (user.first_name, user.last_name), strict=True)
    }


def _render_edit_form(known: dict[str, str]) -> dict[str, Any]:
    fields = [
        blocks.text_field(
            field,
            label,
            action=f"user.{field}",
            initial=known[field],
            optional=True,
            max_length=MAX_NAME_LENGTH,
        )
        for field, label in zip(NAME_FIELDS, ("First name", "Last name"), strict=True)
    ]
    note = blocks.context("Changes the name in Chakra for everyone.", OTHER_FIELDS_NOTE)
    return blocks.form_modal(SAVE, "Edit user", "Save", [*fields, note])


def validate(request: SubmitRequest) -> FieldErrors | None:
    entered = _read_entered_names(request)
    errors = {
        field: problem for field in NAME_FIELDS if (problem := _validate_name(entered[field]))
    }
    if not errors and not any(entered.values()):
        errors = {"first_name": "Enter a first or last name."}
    return FieldErrors(errors) if errors else None


def _read_entered_names(request: SubmitRequest) -> dict[str, str]:
    return {field: request.values.get(field, "").strip() for field in NAME_FIELDS}


def _validate_name(name: str) -> str:
    if len(name) > MAX_NAME_LENGTH:
        return f"Use at most {MAX_NAME_LENGTH} characters."
    if name and not has_visible_text(name):
        return "The name can't be blank."
    if any(category(character) in FORBIDDEN_CATEGORIES for character in name):
        return "Use one line, without tabs."
    return ""


async def save(request: SubmitRequest, context: Context) -> CloseForm | UpdateForm:
    user_id = request.state.get("user", "")
    known = {field: request.state[field] for field in NAME_FIELDS if field in request.state}
    changed = {
        field: name
        for field, name in _read_entered_names(request).items()
        if name != known.get(field, "")
    }
    if not changed:
        return CloseForm("Nothing was changed.")

    async def perform() -> str:
        await context.directory.update(user_id, UserChanges(**changed))
        return ""

    intent = WriteIntent(
        key=request.interaction_key,
        member=request.actor.id,
        verb="user.update",
        subject=f"user:{user_id}",
        content=changed,
        confirmed_id=read_confirmed_id(request.state),
    )
    write = await context.writes.run(intent, perform)
    if isinstance(write, DuplicateWrite):
        return ask_again(_render_edit_form(known), request, write.write)
    return CloseForm("Saved.", follow_up=await _render_card_after_saving(request, context, user_id))


async def _render_card_after_saving(
    request: SubmitRequest, context: Context, user_id: str
) -> Message:
    """Return the new card. If it can't be loaded, still say that the change is saved."""
    try:
        return await _render_card(request, context, user_id, replace_original=True)
    except ChakraError:
        text = "Saved. The new card couldn't be loaded; press Refresh on the old one in a minute."
        return Message(text=text, blocks=(blocks.section(text),))


USER: Command[Context] = Command(
    name="user",
    aliases=("who", "whois"),
    phrases=USER_PHRASES,
    offer=Offer("", may_be_described_person),
    fallback=may_be_described_person,
    find_within=find_name_within,
    not_yet=NOT_YET,
    public_words=(SHARE,),
    summary="look up a person: team, role, email, phone and local time",
    usage="user <ID, email, phone, username, name, @member, me>",
    example=EXAMPLE,
    details=(
        "Names don't have to be exact. If several people match, you choose one.",
        "Add share to post the card to the channel, with phone number and email masked.",
    ),
    run=run,
    button="Find someone",
    button_action=FIND,
    actions=(
        Action(card.SHOW, show),
        Action(card.REFRESH, refresh),
        Action(card.SHARE, share, needs=Permission.SHARE),
        Action(card.EDIT, edit, needs=Permission.EDIT, only_looks=True),
        Action(card.SEND, open_send_form, needs=Permission.SEND, only_looks=True),
        Action(picker.CHOOSE, choose),
        Action(FIND, open_find_form),
    ),
    forms=(
        Form(SAVE, save, validate, needs=Permission.EDIT),
        Form(FIND, find, needs=Permission.LOOK),
    ),
)
