"""What appears in channels beside typed text: emails, snippets, files, forwards, other apps' posts.

docs.slack.dev/reference/objects/file-object, and payloads that people have published:
github.com/korotovsky/slack-mcp-server/issues/191, github.com/NousResearch/hermes-agent/pull/96384
"""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.slack.errors import ActionNotPossible
from bot.sandbox.slack.files import LocalFile
from bot.sandbox.slack.messages import MessageContent, StoredMessage
from bot.sandbox.slack.rich_text import to_rich_text_block
from bot.sandbox.slack.seed import HELPDESK, SLACKBOT, TEAM_DOMAIN, TEAM_ID
from bot.sandbox.slack.typed_text import escape, link_addresses
from bot.sandbox.slack.workspace import Workspace

Json = dict[str, Any]

MAX_PREVIEW_LENGTH = 1_000
EMAIL, SNIPPET, PICTURE, CARD, OTHER_APP = "email", "snippet", "picture", "card", "app"


@dataclass(frozen=True)
class Email:
    """An email that was sent to a channel's address."""

    sender: str
    address: str
    subject: str
    text: str

    def to_json(self) -> Json:
        original = f"{self.sender} <{self.address}>"
        to = f"sales-{TEAM_DOMAIN}@{TEAM_DOMAIN}.slack.com"
        paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in self.text.split("\n"))
        return {
            "mode": "email",
            "filetype": "email",
            "pretty_type": "Email",
            "editable": True,
            "from": [{"address": self.address, "name": self.sender, "original": original}],
            "to": [{"address": to, "name": "", "original": to}],
            "cc": [],
            "subject": self.subject,
            "plain_text": self.text,
            "preview": paragraphs,
            "preview_plain_text": self.text[:MAX_PREVIEW_LENGTH],
            "has_more": False,
        }


SAMPLE_EMAIL = Email(
    "Asha Rao",
    "asha@lotus.example",
    "Order 4711",
    "Hello,\n\nplease call me about my order: +91 98765 43211.\n\nAsha Rao",
)
SAMPLE_SNIPPET = "name,phone\nRavi Menon,+91 98765 43212\nZoë Brandt,+49 30 901820"
SAMPLE_CARD = "BEGIN:VCARD\r\nFN:Ravi Menon\r\nTEL:+919876543212\r\nEND:VCARD\r\n"
SAMPLE_PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="90">'
    b'<rect width="320" height="90" rx="8" fill="#f4ede4"/>'
    b'<text x="24" y="54" font-family="sans-serif" font-size="24">+91 98765 43213</text></svg>'
)
SAMPLE_ATTACHMENT: Json = {
    "color": "#2563eb",
    "title": "New chat from Meera Iyer",
    "title_link": "https://wa.me/919876543214",
    "text": "Asked for a price list.",
    "fallback": "New chat from Meera Iyer",
    "fields": [{"title": "Source", "value": "Website", "short": True}],
    "footer": "Helpdesk",
}


class PostedContent:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def post_sample(self, person: str, channel: str, kind: str) -> StoredMessage:
        """Post a sample of this kind, as the page does."""
        if kind == EMAIL:
            return self.receive_email(channel, SAMPLE_EMAIL)
        if kind == SNIPPET:
            return self.post_snippet(person, channel, "call-list.csv", SAMPLE_SNIPPET)
        if kind == PICTURE:
            picture = LocalFile("card.svg", "image/svg+xml", SAMPLE_PICTURE)
            return self.post_file(person, channel, picture)
        if kind == CARD:
            card = LocalFile("Ravi Menon.vcf", "text/vcard", SAMPLE_CARD.encode())
            return self.post_file(person, channel, card)
        if kind == OTHER_APP:
            return self.post_as_other_app(channel, MessageContent(attachments=[SAMPLE_ATTACHMENT]))
        raise ActionNotPossible(f"There is no sample {kind!r}.")

    def receive_email(self, channel: str, email: Email) -> StoredMessage:
        """Post an email that reached the channel's address; Slackbot is its author."""
        name = f"{email.subject or 'No subject'}.eml"
        upload = LocalFile(name, "text/html", email.text.encode())
        return self._post_file(SLACKBOT, channel, upload, title=email.subject, **email.to_json())

    def post_snippet(self, person: str, channel: str, title: str, text: str) -> StoredMessage:
        upload = LocalFile(title, "text/plain", text.encode())
        preview = text[:MAX_PREVIEW_LENGTH]
        details: Json = {
            "mode": "snippet",
            "editable": True,
            "preview": preview,
            "preview_highlight": f"<div><pre>{html.escape(preview)}</pre></div>",
            "lines": text.count("\n") + 1,
            "lines_more": 0,
            "preview_is_truncated": len(text) > MAX_PREVIEW_LENGTH,
        }
        return self._post_file(person, channel, upload, title=title, **details)

    def post_file(
        self,
        person: str,
        channel: str,
        *uploads: LocalFile,
        text: str = "",
        thread_ts: str | None = None,
    ) -> StoredMessage:
        """Post files, with a text and in a thread if they are given."""
        place = self._workspace.channels[channel]
        files = tuple(
            self._workspace.files.share(person, upload, place, details={}) for upload in uploads
        )
        content = MessageContent(text=text, files=files)
        return self._workspace.post_content(person, channel, content, thread_ts)

    def delete_files(self, message: StoredMessage) -> StoredMessage:
        """Delete the message's files; the message stays."""
        gone = tuple(self._workspace.files.delete(file.id) for file in message.content.files)
        content = replace(message.content, files=gone)
        return self._workspace.messages.replace(message, content)

    def forward(
        self, person: str, message: StoredMessage, channel: str, comment: str = ""
    ) -> StoredMessage:
        """Forward a message: its text, blocks and files are in an attachment."""
        if message.only_for is not None:
            raise ActionNotPossible("Ephemeral messages can't be forwarded.")
        author = self._workspace.members[message.author]
        content = message.content
        blocks = content.blocks or [to_rich_text_block(content.text, message.id)]
        link = f"https://{TEAM_DOMAIN}.slack.com/archives/{message.channel}/p"
        attachment: Json = {
            "is_msg_unfurl": True,
            "is_share": True,
            "channel_id": message.channel,
            "channel_team": TEAM_ID,
            "ts": message.ts,
            "author_id": author.id,
            "author_name": author.real_name,
            "from_url": link + message.ts.replace(".", ""),
            "text": content.text,
            "fallback": f"[{message.ts}] {author.real_name}: {content.text}",
            "message_blocks": [
                {
                    "team": TEAM_ID,
                    "channel": message.channel,
                    "ts": message.ts,
                    "message": {"blocks": blocks},
                }
            ],
            "footer": "Posted in Slack",
            "mrkdwn_in": ["text"],
        }
        if content.files:
            attachment["files"] = [file.to_message_json() for file in content.files]
        shared = MessageContent(
            text=link_addresses(escape(comment)),
            attachments=[attachment, *(content.attachments or [])],
        )
        return self._workspace.post_content(person, channel, shared)

    def post_as_other_app(self, channel: str, content: MessageContent) -> StoredMessage:
        return self._workspace.post_content(HELPDESK, channel, content)

    def _post_file(
        self, author: str, channel: str, upload: LocalFile, *, title: str = "", **details: Any
    ) -> StoredMessage:
        place = self._workspace.channels[channel]
        file = self._workspace.files.share(author, upload, place, title=title, details=details)
        return self._workspace.post_content(author, channel, MessageContent(files=(file,)))
