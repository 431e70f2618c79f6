"""``/chakra user``: one person of the Chakra team, found by whatever is known of them."""

from __future__ import annotations

from typing import Any
from unicodedata import category

from bot.chakra.models import User, UserChanges
from bot.chakra.text import visible
from bot.context import Desk
from bot.errors import ChakraError, Missing, NotFound, UsageError
from bot.messages.form_values import Order
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
    Role,
    SubmitRequest,
)
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply
from bot.slack.viewer import shareable, viewer
from bot.users import card, query
from bot.users import picker as choice
from bot.users.linked_user import user_of

EXAMPLE = "/chakra user john@acme.com"
SAVE = "user.save"
ME = "me"
SHARE = "share"

LONGEST_QUERY = 200
"""Characters. No name, address or number is longer; a pasted page is."""
LONGEST_NAME = 100
"""Characters of one name that the form takes. Chakra's own limit is not documented."""
NAMES = ("first_name", "last_name")
"""The fields of the form: what Chakra documents as writable."""
UNWRITABLE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode's categories of control characters, half characters and line breaks."""


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Reply:
    typed, share = _without_share(request)
    if len(typed) == 1 and isinstance(typed[0], Mention):
        return await _of_member(request, desk, typed[0].id, share=share)
    sought = _sought(typed)
    if sought.casefold() == ME:
        return await _of_member(request, desk, request.actor.id, share=share)
    return await _found(request, desk, sought, share=share)


def _without_share(request: CommandRequest) -> tuple[tuple[Token, ...], bool]:
    typed = request.arguments.tokens
    if len(typed) < 2 or typed[-1].text.casefold() != SHARE:
        return typed, False
    if not shareable(request.channel):
        raise UsageError("This is a direct message, so there is no channel to share to.")
    return typed[:-1], True


def _sought(typed: tuple[Token, ...]) -> str:
    """The words as one search. Raises ``UsageError`` for what cannot be anybody."""
    if not typed:
        raise UsageError(
            "Whom are you looking for? An e-mail address, a phone number, a name, an id, "
            "a @member and “me” will all do.",
            example=EXAMPLE,
        )
    for word in typed:
        _person_like(word)
    text = " ".join(word.text for word in typed).strip()
    if not visible(text):
        raise UsageError("There is nothing to look for between the quotes.", example=EXAMPLE)
    if len(text) > LONGEST_QUERY:
        raise UsageError("That is too long to be a person’s name or address.", example=EXAMPLE)
    addresses = query.emails(text)
    if len(addresses) > 1:
        raise UsageError(
            "Those are several addresses. Look up one person at a time.",
            example=f"/chakra user {addresses[0]}",
        )
    return text


def _person_like(word: Token) -> None:
    if isinstance(word, ChannelMention):
        raise UsageError("That is a channel. Name a person instead.", example=EXAMPLE)
    if isinstance(word, GroupMention):
        raise UsageError("That is a group. Name one person instead.", example=EXAMPLE)
    if isinstance(word, Link):
        raise UsageError("A link does not say whom you mean. Name a person.", example=EXAMPLE)
    if isinstance(word, Mention):
        raise UsageError("Name one person at a time.", example="/chakra user @john")


# --- finding -------------------------------------------------------------------------------------


async def _found(request: Request, desk: Desk, sought: str, *, share: bool) -> Reply:
    try:
        matches = await desk.directory.find(sought)
    except Missing:
        raise _nobody_with_id(sought) from None
    found = matches.value
    if not found.total:
        raise await _nobody(desk, sought, found.unread)
    if found.total > 1:
        return choice.offer(sought, matches, await desk.directory.names())
    note = ""
    if found.close:
        note = markup("Nobody is called ", bold(sought), ". This is the closest.")
    try:
        return await _card(request, desk, found.people[0].id, note=note, share=share)
    except Missing:
        raise NotFound("user", sought, hint="Their record was deleted in Chakra.") from None


def _nobody_with_id(sought: str) -> NotFound:
    hint = "Chakra has no user with this id, or the user was deleted. Search by name instead."
    return NotFound("user", sought, hint=hint)


async def _nobody(desk: Desk, sought: str, unread: int) -> NotFound:
    if query.part_of_id(sought):
        hint = "It looks like a part of an id. A whole one has 36 letters, digits and hyphens."
        return NotFound("user", sought, hint=hint)
    address = next(iter(query.emails(sought)), "")
    near = await desk.directory.near_emails(address) if address else ()
    if unread:
        people = "1 person’s card" if unread == 1 else f"{unread} people’s cards"
        hint = f"But {people} could not be read in time. Try again in a minute, or give a name."
        return NotFound("user", sought, hint=hint)
    everybody = markup("Check the spelling, or see everybody with ", code("/chakra users"), ".")
    return NotFound("user", sought, hint=everybody, near=near)


async def _of_member(request: Request, desk: Desk, member_id: str, *, share: bool) -> Reply:
    own = member_id == request.actor.id
    user = await user_of(member_id, desk.members, desk.directory, own=own)
    return await _card(request, desk, user.id, share=share)


# --- the card ------------------------------------------------------------------------------------


async def _card(
    request: Request,
    desk: Desk,
    user_id: str,
    *,
    note: str = "",
    share: bool = False,
    refresh: bool = False,
    replace: bool = False,
) -> Message:
    profile = await desk.directory.profile(user_id, refresh=refresh)
    if share:
        return card.public(profile.value, request.actor.id)
    looking = await viewer(request, desk.members)
    return card.private(profile, looking, note=note, replace=replace)


async def refresh(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value, refresh=True, replace=True)


async def chosen(request: ActionRequest, desk: Desk) -> Message:
    return await _card(request, desk, request.value, replace=True)


async def share(request: ActionRequest, desk: Desk) -> Message:
    if not shareable(request.channel):
        raise UsageError("This is a direct message, so there is no channel to share to.")
    return await _card(request, desk, request.value, share=True)


# --- the form ------------------------------------------------------------------------------------


async def edit(request: ActionRequest, desk: Desk) -> OpenForm:
    """Opens with what is remembered; ``state`` keeps that, to tell what was changed."""
    user = desk.directory.remembered(request.value)
    known = _names(user) if user else {}
    return OpenForm(_form(known), state={"user": request.value, **known})


async def send(request: ActionRequest, desk: Desk) -> OpenForm:
    desk.dispatch.check_set_up()
    user = desk.directory.remembered(request.value)
    if user is None or not user.phones:
        raise UsageError("This card is too old to send from. Press Refresh on it first.")
    return desk.opening.opened(Order(to=f"+{user.phones[0].lstrip('+')}"), None)


def _names(user: User) -> dict[str, str]:
    return {
        "first_name": user.first_name[:LONGEST_NAME],
        "last_name": user.last_name[:LONGEST_NAME],
    }


def _form(known: dict[str, str]) -> dict[str, Any]:
    hint = "" if known else "What you leave empty stays as it is."
    fields = [
        blocks.text_field(
            field,
            label,
            action=f"user.{field}",
            initial=known.get(field, ""),
            hint=hint,
            optional=True,
            max_length=LONGEST_NAME,
        )
        for field, label in zip(NAMES, ("First name", "Last name"), strict=True)
    ]
    small = blocks.context("This changes the name in Chakra, for everybody.")
    return blocks.form_modal(SAVE, "Edit user", "Save", [*fields, small])


def check(request: SubmitRequest) -> FieldErrors | None:
    entered = _entered(request)
    errors = {field: problem for field in NAMES if (problem := _problem(entered[field]))}
    if not errors and not any(entered.values()):
        errors = {"first_name": "Give a first name, a last name or both."}
    return FieldErrors(errors) if errors else None


def _entered(request: SubmitRequest) -> dict[str, str]:
    return {field: request.values.get(field, "").strip() for field in NAMES}


def _problem(name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"That is longer than {LONGEST_NAME} characters."
    if name and not visible(name):
        return "There is nothing to be seen in this name."
    if any(category(sign) in UNWRITABLE for sign in name):
        return "A name is one line, without tabs."
    return ""


async def save(request: SubmitRequest, desk: Desk) -> CloseForm:
    user_id = request.state.get("user", "")
    known = {field: request.state[field] for field in NAMES if field in request.state}
    changed = {
        field: name for field, name in _entered(request).items() if name != known.get(field, "")
    }
    if not changed:
        return CloseForm("Nothing was changed.")
    await desk.directory.update(user_id, UserChanges(**changed))
    return CloseForm("Saved.", follow_up=await _after_saving(request, desk, user_id))


async def _after_saving(request: SubmitRequest, desk: Desk, user_id: str) -> Message:
    """The card as it is now. The change is made: that it cannot be shown must not deny that."""
    try:
        return await _card(request, desk, user_id, replace=True)
    except ChakraError:
        said = "Saved. Chakra did not show the new card; press Refresh on the old one in a minute."
        return Message(text=said, blocks=(blocks.section(said),))


USER: Command[Desk] = Command(
    name="user",
    aliases=("who", "whois"),
    summary="one person of the Chakra team, with team, role, e-mail, phone and local time",
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
        Action(card.SHARE, share),
        Action(card.EDIT, edit, role=Role.SENDER),
        Action(card.SEND, send, role=Role.SENDER),
        Action(choice.CHOOSE, chosen),
    ),
    forms=(Form(SAVE, save, check),),
)
