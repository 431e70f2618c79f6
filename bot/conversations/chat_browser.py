"""Find the chat that a person means, and show its messages page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.chakra.chats import Chat, ChatPage, ChatsApi
from bot.conversations.chat_line import LIST_WORDS, split_customer
from bot.conversations.history import MAX_MESSAGES, render_history
from bot.conversations.listed_chats import (
    ChatButton,
    ChatListButton,
    build_chat_button,
    can_open,
    render_chat_list,
    render_messages_page,
)
from bot.conversations.service import ConversationService
from bot.conversations.target import ReplyTarget
from bot.customers.customer import KnownCustomer
from bot.errors import (
    AuthenticationError,
    NotFound,
    Rejected,
    ResourceNotFound,
    UsageError,
    UserError,
    not_found_as,
)
from bot.messages.recipients import AmbiguousRecipient, RecipientResolver
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.reply import Message
from bot.slack.commands.unused_words import name_unused
from bot.text.normalize import normalize

NO_LIST: Final = "This Chakra doesn't list its chats. Type a number, a name or a lead."
CHATS_PER_PAGE: Final = 10
MAX_SEARCHED: Final = 50


@dataclass(frozen=True, slots=True)
class ChatBrowser:
    """For people who may send. Methods raise ``ChakraError``, ``UserError`` and database errors.

    Customers are searched among those with a thread in a channel, by number, among colleagues and
    records, and last among Chakra's chats.
    """

    service: ConversationService
    recipients: RecipientResolver
    chats: ChatsApi

    async def show_line(self, line: Arguments, now: float) -> Message:
        """Show what a line asks for; words that aren't a customer's name are pointed out."""
        who, unused = split_customer(line)
        return name_unused(await self.show(who, now), unused)

    async def show(self, typed: str, now: float) -> Message:
        """Show the messages with the typed customer, or the list of chats."""
        if typed.casefold() in LIST_WORDS:
            return await self.list(ChatListButton())
        ours = await self.service.find_by_name(typed)
        if len(ours) == 1:
            return await self._show_target(await self.service.find_target(0, ours[0].id), now)
        try:
            recipient = await self.recipients.resolve(typed)
        except AmbiguousRecipient:
            raise
        except (NotFound, UserError) as unknown:
            return await self._search(typed, now, unknown)
        digits = recipient.present_digits or recipient.digits
        if not digits:
            missing = UsageError(
                f"{recipient.reference or typed} has no phone number in Chakra, and no chat has "
                "its name."
            )
            return await self._search(recipient.name or typed, now, missing)
        return await self._show_phone(digits, recipient.name, now)

    async def open(self, button: ChatButton, now: float) -> Message:
        """Show a page of a chat; the first page has the buttons to answer, if there is a number."""
        if button.page == 1 and button.phone:
            return await self._show_phone(button.phone, button.name, now)
        if button.chat:
            with not_found_as("chat", button.name or button.chat):
                page = await self.chats.list_messages(
                    button.chat, limit=MAX_MESSAGES, page=button.page
                )
        else:
            page = await self.chats.list_for_phone(
                button.phone, limit=MAX_MESSAGES, page=button.page
            )
        cut = page.cut(button.page, MAX_MESSAGES)
        return render_messages_page(cut, button, replace=button.page > 1)

    async def list(self, query: ChatListButton, *, replace: bool = False) -> Message:
        """Show a page of the team's chats."""
        try:
            page = await self.chats.list(limit=CHATS_PER_PAGE, page=query.page)
        except ResourceNotFound:
            raise UsageError(NO_LIST, example="/chakra chat LEAD-004038") from None
        return render_chat_list(page.cut(query.page, CHATS_PER_PAGE), query, replace=replace)

    async def _show_phone(self, digits: str, name: str, now: float) -> Message:
        known = await self.service.customers.find_by_phone(digits)
        target = (
            await self.service.find_target(0, known.id)
            if known
            else ReplyTarget(KnownCustomer(0, phone=digits, name=name), None, None, "", "")
        )
        return await self._show_target(target, now)

    async def _show_target(self, target: ReplyTarget, now: float) -> Message:
        return render_history(target, await self.service.history.read(target.customer), now)

    async def _search(self, typed: str, now: float, unknown: UserError) -> Message:
        """Show the chat with these words, or a choice of several; else raise ``unknown``.

        That the search has an effect is INFERRED: chats without the words are left out.
        """
        try:
            page = await self.chats.list(limit=MAX_SEARCHED, search=typed)
        except (Rejected, AuthenticationError):  # no list of chats in this Chakra, or for this key
            raise unknown from None
        found = [chat for chat in page.items if can_open(chat) and has_words(chat, typed)]
        if not found:
            raise unknown
        if len(found) == 1:
            return await self.open(build_chat_button(found[0]), now)
        shown = ChatPage(tuple(found[:CHATS_PER_PAGE]), has_more=False)
        return render_chat_list(shown, ChatListButton(search=typed))


def has_words(chat: Chat, typed: str) -> bool:
    """Return whether each word that was typed begins a word of the chat's names."""
    words = normalize(" ".join(chat.names)).split()
    typed_words = normalize(typed.replace("@", " ")).split()
    return bool(words) and all(any(word.startswith(part) for word in words) for part in typed_words)
