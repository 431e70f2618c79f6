"""``/chakra user``: one person of the Chakra team, found by whatever is known of them."""

from __future__ import annotations

from typing import Any
from unicodedata import category

from bot.chakra.models import User, UserChanges
from bot.chakra.text import has_visible_text
from bot.context import Context
from bot.errors import ChakraError, NotFound, UsageError, not_found_as
from bot.messages.form_values import SendForm
from bot.slack import blocks
from bot.slack.blocks import bold, code, markup
from bot.slack.commands.arguments import ChannelMention, GroupMention, Link, Mention, Token
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission, Subject
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply, UpdateForm
from bot.slack.viewer import Viewer, is_shareable
from bot.users import card, query
from bot.users import picker as choice
from bot.users.linked_user import find_linked_user
from bot.writes.ledger import Duplicate, WriteIntent
from bot.writes.notices import ask_again, confirmed_id

EXAMPLE = "/chakra user john@acme.com"
SAVE = "user.save"
ME = "me"
SHARE = "share"

MAX_QUERY_LENGTH = 200
"""Characters. No name, address or number is longer; a pasted page is."""
MAX_NAME_LENGTH = 100
"""Characters of one name that the form takes. Chakra's own limit is not documented."""
UNKNOWN_ID_HINT = (
    "Chakra has no user with this id, or the user was deleted. Search by name instead."
)
NAME_FIELDS = ("first_name", "last_name")
"""The fields of the form: what Chakra documents as writable."""
FORBIDDEN_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode's categories of control characters, half characters and line breaks."""


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Reply:
    typed, share = _split_share(request)
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
    request.access.authorize(Permission.SHARE, Subject(channel=request.channel.id))
    if not is_shareable(request.channel):
        raise UsageError("This is a direct message, so there is no channel to share to.")
    return typed[:-1], True


def _parse_search(typed: tuple[Token, ...]) -> str:
    """The words as one search. Raises ``UsageError`` for what cannot be anybody."""
    if not typed:
        raise UsageError(
            "Whom are you looking for? An e-mail address, a phone number, a name, an id, "
            "a @member and “me” will all do.",
            example=EXAMPLE,
        )
    for word in typed:
        _check_word(word)
    text = " ".join(word.text for word in typed).strip()
    if not has_visible_text(text):
        raise UsageError("There is nothing to look for between the quotes.", example=EXAMPLE)
    if len(text) > MAX_QUERY_LENGTH:
        raise UsageError("That is too long to be a person’s name or address.", example=EXAMPLE)
    addresses = query.extract_emails(text)
    if len(addresses) > 1:
        raise UsageError(
            "Those are several addresses. Look up one person at a time.",
            example=f"/chakra user {addresses[0]}",
        )
    return text


def _check_word(word: Token) -> None:
    if isinstance(word, ChannelMention):
        raise UsageError("That is a channel. Name a person instead.", example=EXAMPLE)
    if isinstance(word, GroupMention):
        raise UsageError("That is a group. Name one person instead.", example=EXAMPLE)
    if isinstance(word, Link):
        raise UsageError("A link does not say whom you mean. Name a person.", example=EXAMPLE)
    if isinstance(word, Mention):
        raise UsageError("Name one person at a time.", example="/chakra user @john")


# --- finding -------------------------------------------------------------------------------------


async def _find_and_render(
    request: Request, context: Context, search_text: str, *, share: bool
) -> Reply:
    with not_found_as("user", search_text, hint=UNKNOWN_ID_HINT):
        matches = await context.directory.find(search_text)
    found = matches.value
    if not found.total:
        raise await _not_found_error(context, search_text, found.unavailable_count)
    if found.total > 1:
        return choice.render(search_text, matches, await context.directory.get_names())
    note = ""
    if found.fuzzy:
        note = markup("Nobody is called ", bold(search_text), ". This is the closest.")
    with not_found_as("user", search_text, hint="Their record was deleted in Chakra."):
        return await _render_card(request, context, found.users[0].id, note=note, share=share)


async def _not_found_error(context: Context, search_text: str, unavailable_count: int) -> NotFound:
    if query.is_partial_id(search_text):
        hint = "It looks like a part of an id. A whole one has 36 letters, digits and hyphens."
        return NotFound("user", search_text, hint=hint)
    address = next(iter(query.extract_emails(search_text)), "")
    suggestions = await context.directory.suggest_emails(address) if address else ()
    if unavailable_count:
        people = (
            "1 person’s card" if unavailable_count == 1 else f"{unavailable_count} people’s cards"
        )
        hint = f"But {people} could not be read in time. Try again in a minute, or give a name."
        return NotFound("user", search_text, hint=hint)
    everybody = markup("Check the spelling, or see everybody with ", code("/chakra users"), ".")
    return NotFound("user", search_text, hint=everybody, suggestions=suggestions)


async def _render_member(
    request: Request, context: Context, member_id: str, *, share: bool
) -> Reply:
    is_self = member_id == request.actor.id
    member = (
        request.require_member() if is_self else (await context.members.get_member(member_id)).value
    )
    user = await find_linked_user(member, context.directory, is_self=is_self)
    return await _render_card(request, context, user.id, share=share)


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


async def refresh(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, refresh=True, replace_original=True)


async def choose(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, replace_original=True)


async def share(request: ActionRequest, context: Context) -> Message:
    if not is_shareable(request.channel):
        raise UsageError("This is a direct message, so there is no channel to share to.")
    return await _render_card(request, context, request.value, share=True)


# --- the form ------------------------------------------------------------------------------------


async def edit(request: ActionRequest, context: Context) -> OpenForm:
    """Opens with what is remembered; ``state`` keeps that, to tell what was changed."""
    user = context.directory.get_cached_user(request.value)
    known = _name_values(user) if user else {}
    return OpenForm(_edit_form(known), state={"user": request.value, **known})


async def open_send_form(request: ActionRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()
    user = context.directory.get_cached_user(request.value)
    if user is None or not user.phones:
        raise UsageError("This card is too old to send from. Press Refresh on it first.")
    return context.send_forms.open_form(SendForm(to=f"+{user.phones[0].lstrip('+')}"), None)


def _name_values(user: User) -> dict[str, str]:
    return {
        "first_name": user.first_name[:MAX_NAME_LENGTH],
        "last_name": user.last_name[:MAX_NAME_LENGTH],
    }


def _edit_form(known: dict[str, str]) -> dict[str, Any]:
    hint = "" if known else "What you leave empty stays as it is."
    fields = [
        blocks.text_field(
            field,
            label,
            action=f"user.{field}",
            initial=known.get(field, ""),
            hint=hint,
            optional=True,
            max_length=MAX_NAME_LENGTH,
        )
        for field, label in zip(NAME_FIELDS, ("First name", "Last name"), strict=True)
    ]
    note = blocks.context("This changes the name in Chakra, for everybody.")
    return blocks.form_modal(SAVE, "Edit user", "Save", [*fields, note])


def validate(request: SubmitRequest) -> FieldErrors | None:
    entered = _entered_names(request)
    errors = {
        field: problem for field in NAME_FIELDS if (problem := _validate_name(entered[field]))
    }
    if not errors and not any(entered.values()):
        errors = {"first_name": "Give a first name, a last name or both."}
    return FieldErrors(errors) if errors else None


def _entered_names(request: SubmitRequest) -> dict[str, str]:
    return {field: request.values.get(field, "").strip() for field in NAME_FIELDS}


def _validate_name(name: str) -> str:
    if len(name) > MAX_NAME_LENGTH:
        return f"That is longer than {MAX_NAME_LENGTH} characters."
    if name and not has_visible_text(name):
        return "There is nothing to be seen in this name."
    if any(category(character) in FORBIDDEN_CATEGORIES for character in name):
        return "A name is one line, without tabs."
    return ""


async def save(request: SubmitRequest, context: Context) -> CloseForm | UpdateForm:
    user_id = request.state.get("user", "")
    known = {field: request.state[field] for field in NAME_FIELDS if field in request.state}
    changed = {
        field: name
        for field, name in _entered_names(request).items()
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
        confirmed_id=confirmed_id(request.state),
    )
    write = await context.writes.run(intent, perform)
    if isinstance(write, Duplicate):
        return ask_again(_edit_form(known), request, write.write)
    return CloseForm("Saved.", follow_up=await _card_after_saving(request, context, user_id))


async def _card_after_saving(request: SubmitRequest, context: Context, user_id: str) -> Message:
    """The card as it is now. The change is made: that it cannot be shown must not deny that."""
    try:
        return await _render_card(request, context, user_id, replace_original=True)
    except ChakraError:
        text = "Saved. Chakra did not show the new card; press Refresh on the old one in a minute."
        return Message(text=text, blocks=(blocks.section(text),))


USER: Command[Context] = Command(
    name="user",
    aliases=("who", "whois"),
    summary="look up a person: team, role, email, phone and local time",
    usage="user <id, e-mail, phone, username, name, @member, me>",
    example=EXAMPLE,
    details=(
        "Names need not be exact. Several matches become a choice.",
        "Add share to post the card to the channel, with phone number and e-mail address masked.",
    ),
    run=run,
    button=("My card", ME),
    actions=(
        Action(card.REFRESH, refresh),
        Action(card.SHARE, share, needs=Permission.SHARE),
        Action(card.EDIT, edit, needs=Permission.EDIT),
        Action(card.SEND, open_send_form, needs=Permission.SEND),
        Action(choice.CHOOSE, choose),
    ),
    forms=(Form(SAVE, save, validate, needs=Permission.EDIT),),
)
