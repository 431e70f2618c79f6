"""Every documented endpoint of Chakra's API, the client's method, and how a person reaches it.

README shows the table. ``tests/chakra/test_endpoints.py`` holds it to the client, and
``tests/commands/test_every_endpoint.py`` to the commands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PASS_THROUGH = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}"
PLUGIN = "/v1/ext/plugin/whatsapp/{pluginId}"
PROCEDURE = "/v1/ext/procedure/{procedureShortId}/process"
JOB = "/v1/ext/background-job/{backgroundJobId}"


@dataclass(frozen=True)
class Endpoint:
    """``client`` is the method below ``Chakra``; ``reached`` is what a person does."""

    title: str
    method: str
    path: str
    client: str
    reached: str

    @property
    def address(self) -> str:
        return f"{self.method} {self.path}"


ENDPOINTS: tuple[Endpoint, ...] = (
    # --- records
    Endpoint(
        "Fetch Process By Id",
        "GET",
        f"{PROCEDURE}/{{processId}}",
        "processes.fetch",
        "`/chakra process show lead LEAD-004038`",
    ),
    Endpoint(
        "List Processes",
        "POST",
        f"{PROCEDURE}/list",
        "processes.list",
        "`/chakra process list lead state:NEW assigned:me`",
    ),
    Endpoint(
        "Create Process",
        "POST",
        PROCEDURE,
        "processes.create",
        "`/chakra process create lead`",
    ),
    Endpoint(
        "Update Process",
        "PUT",
        f"{PROCEDURE}/{{processId}}",
        "processes.update",
        "Edit on a record's card",
    ),
    Endpoint(
        "Delete Process",
        "DELETE",
        f"{PROCEDURE}/{{processId}}",
        "processes.delete",
        "Delete… on a record's card",
    ),
    Endpoint(
        "Update Process By Primary Key",
        "PUT",
        f"{PROCEDURE}/{{primaryKeyShortId}}/{{primaryKeyValue}}",
        "processes.update",
        "the same, if Chakra gives the record no ID",
    ),
    Endpoint(
        "Delete Process By Primary Key Value",
        "DELETE",
        f"{PROCEDURE}/{{primaryKeyShortId}}/{{primaryKeyValue}}",
        "processes.delete",
        "the same, if Chakra gives the record no ID",
    ),
    Endpoint(
        "Create a lead",
        "POST",
        "/v1/ext/procedure/lead/process",
        "processes.create",
        "`/chakra lead Mei Tanaka +81 90 1234 5678`, a message's menu, a customer's thread",
    ),
    Endpoint(
        "Bulk Create Process",
        "POST",
        f"{PROCEDURE}/bulk-create",
        "processes.bulk_create",
        "`/chakra bulk create lead`",
    ),
    Endpoint(
        "Bulk Update Process",
        "PATCH",
        PROCEDURE,
        "processes.bulk_update",
        "`/chakra bulk update lead`",
    ),
    Endpoint(
        "Create Task",
        "POST",
        "/v1/ext/p/{procedureShortId}/{processIdOrPrimaryKey}/task/{stateTaskShortId}",
        "tasks.create",
        "`/chakra task LEAD-004038 call back tomorrow 10am`",
    ),
    # --- photos
    Endpoint(
        "Fetch Photo", "GET", "/v1/ext/photo/{photoId}", "photos.fetch", "`/chakra photo <ID>`"
    ),
    Endpoint(
        "Upload Photo",
        "POST",
        "/v1/ext/photo",
        "photos.upload_new",
        "`/chakra photo`, if Chakra takes no ID",
    ),
    Endpoint(
        "Upload Photo With Id",
        "POST",
        "/v1/ext/photo/{photoId}",
        "photos.upload",
        "`/chakra photo`, and Add photo on a record's card",
    ),
    # --- users
    Endpoint(
        "List Users", "GET", "/v1/ext/users", "users.list_v1", "`/chakra users`, if v2 is refused"
    ),
    Endpoint("List Users (V2)", "GET", "/v2/ext/users", "users.list", "`/chakra users`"),
    Endpoint(
        "Fetch User",
        "GET",
        "/v1/ext/user/{userId}",
        "users.fetch_v1",
        "`/chakra user <ID>`, if v2 is refused",
    ),
    Endpoint(
        "Fetch User (V2)",
        "GET",
        "/v2/ext/user/{userId}",
        "users.fetch",
        "`/chakra user john@acme.com`",
    ),
    Endpoint(
        "Update User", "PUT", "/v1/ext/user/{userId}", "users.update", "Edit on a user's card"
    ),
    # --- WhatsApp templates and messages
    Endpoint(
        "Create WhatsApp Message Template",
        "POST",
        f"{PASS_THROUGH}/{{wabaId}}/message_templates",
        "templates.create",
        "`/chakra templates new`",
    ),
    Endpoint(
        "List WhatsApp Message Templates",
        "GET",
        f"{PASS_THROUGH}/{{wabaId}}/message_templates",
        "templates.list",
        "`/chakra templates`",
    ),
    Endpoint(
        "Update WhatsApp Message Template",
        "POST",
        f"{PASS_THROUGH}/{{whatsappMessageTemplateId}}",
        "templates.update",
        "Edit on a template's card",
    ),
    Endpoint(
        "WhatsApp Messages",
        "POST",
        f"{PLUGIN}/api/{{whatsappApiVersion}}/{{whatsappPhoneNumberId}}/messages",
        "messages.send_meta_message",
        "Reply in a customer's thread",
    ),
    Endpoint(
        "Send WhatsApp Template Message For Process",
        "POST",
        f"{PLUGIN}/process/{{procedureShortId}}/{{primaryKeyOrId}}/send-template-message",
        "messages.send_template_for_process",
        "Send WhatsApp on a record's card",
    ),
    Endpoint(
        "Send WhatsApp Template Message For A Phone Number",
        "POST",
        f"{PLUGIN}/phoneNumber/{{phoneNumber}}/send-template-message",
        "messages.send_template",
        "`/chakra send`",
    ),
    # --- WhatsApp media
    Endpoint(
        "Upload Public Media",
        "POST",
        f"{PLUGIN}/upload-public-media",
        "media.upload",
        "a file in the form of `/chakra send`",
    ),
    Endpoint(
        "Fetch WhatsApp Media",
        "GET",
        "/v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}",
        "media.fetch",
        "`/chakra media <ID>`",
    ),
    Endpoint(
        "Show WhatsApp Media",
        "GET",
        "/v2/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}/show",
        "media.download",
        "`/chakra media <ID>`, and customers' files in their threads",
    ),
    Endpoint(
        "Show WhatsApp Media Attachments",
        "GET",
        "/v1/whatsapp/{whatsappApiVersion}/attachments",
        "media.copy_from_url",
        "`/chakra media <ID>`, if Fetch WhatsApp Media names this address",
    ),
    # --- jobs, configuration, chats, numbers
    Endpoint("Fetch Background Job", "GET", JOB, "jobs.fetch", "`/chakra job <ID>`"),
    Endpoint(
        "Fetch Background Job Entries",
        "GET",
        f"{JOB}/entries",
        "jobs.iter_entry_pages",
        "Failed rows on a job's card",
    ),
    Endpoint("Fetch Config", "GET", "/v1/ext/config", "config.fetch", "`/chakra config`"),
    Endpoint("List Chats", "POST", "/v1/ext/chat", "chats.list", "`/chakra chat list`"),
    Endpoint(
        "List Chat Messages For A Chat",
        "POST",
        "/v1/ext/chat/{chatId}/message",
        "chats.list_messages",
        "`/chakra chat <name>` of a customer whose number WhatsApp doesn't show",
    ),
    Endpoint(
        "List Previous Messages For A Phone Number",
        "POST",
        "/v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number",
        "chats.list_for_phone",
        "Earlier messages in a customer's thread",
    ),
    Endpoint(
        "List WhatsApp Phone Numbers",
        "GET",
        "/v1/ext/whatsapp-phone-number",
        "numbers.list",
        "`/chakra status`, and From in the form of `/chakra send`",
    ),
    Endpoint(
        "List WhatsApp Business Accounts",
        "GET",
        "/v1/ext/whatsapp-business-account",
        "numbers.list_accounts",
        "`/chakra status`",
    ),
)

UNDOCUMENTED: tuple[str, ...] = (
    "/v1/health",
    "/v1/ext/photo/{photoId}/content",
    "/v1/ext/background-job/{backgroundJobId}/entries/{page}",
    "/v1/ext/whatsapp-phone-number/{id}",
)
"""What the client requests besides: a probe, and addresses that Chakra's answers name."""


def endpoint_rows() -> Iterable[tuple[str, str, str, str]]:
    """Yield the rows of README's table."""
    for known in ENDPOINTS:
        yield known.title, f"`{known.address}`", known.reached, f"`{known.client}`"
