"""What a person does reaches each endpoint of README's table, as the commands' stories show."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from bot.sandbox.chakra.faults import MissingField
from bot.sandbox.chakra.request_log import endpoint_matcher
from bot.sandbox.slack import visible_text
from tests.clock import ManualClock
from tests.commands import (
    test_bulk,
    test_chat,
    test_chats,
    test_config,
    test_job,
    test_lead,
    test_media,
    test_photo,
    test_process,
    test_send,
    test_send_file,
    test_status,
    test_task,
    test_template_editing,
    test_templates,
    test_user,
    test_user_outages,
    test_users,
)
from tests.endpoints import ENDPOINTS, JOB, PASS_THROUGH, PLUGIN, PROCEDURE, Endpoint
from tests.people import JOHN
from tests.world import World

Story = Callable[..., Coroutine[Any, Any, None]]

EDIT_USER = test_user.test_form_is_prefilled_and_saving_refreshes_the_card
SHOW_RECORD = partial(
    test_process.test_one_record_is_shown_as_a_card, typed="process show lead LEAD-004038"
)
SHOW_MEDIA = partial(
    test_media.test_file_comes_as_a_direct_message,
    content=b"%PDF-1.7 invoice",
    media_type="application/pdf",
    ending="pdf",
    noun="file",
)
MEDIA = "GET /v1/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}"
MEDIA_CONTENT = "GET /v2/whatsapp/{whatsappApiVersion}/media/{whatsappMediaId}/show"


async def without_id(acme: World, story: Story) -> None:
    """Run a story on a Chakra that gives records no ID, only their primary key."""
    acme.chakra.fail(f"GET {PROCEDURE}/{{processId}}", MissingField("_data.id"))
    acme.chakra.fail(f"POST {PROCEDURE}/list", MissingField("_data.id"))
    await story(acme)


STORIES: dict[str, Story] = {
    f"GET {PROCEDURE}/{{processId}}": SHOW_RECORD,
    f"POST {PROCEDURE}/list": test_process.test_query_is_sent_as_its_where_and_echoed,
    f"POST {PROCEDURE}": test_process.test_new_record_is_created_once_and_shown,
    f"PUT {PROCEDURE}/{{processId}}": (
        test_process.test_edit_shows_what_changes_before_it_is_saved
    ),
    f"DELETE {PROCEDURE}/{{processId}}": test_process.test_delete_needs_the_key,
    f"PUT {PROCEDURE}/{{primaryKeyShortId}}/{{primaryKeyValue}}": partial(
        without_id, story=test_process.test_edit_shows_what_changes_before_it_is_saved
    ),
    f"DELETE {PROCEDURE}/{{primaryKeyShortId}}/{{primaryKeyValue}}": partial(
        without_id, story=test_process.test_delete_needs_the_key
    ),
    "POST /v1/ext/procedure/lead/process": (
        test_lead.test_lead_is_created_once_as_the_contract_has_it
    ),
    "GET /v1/ext/whatsapp-business-account": (
        test_status.test_numbers_are_shown_with_what_is_left_of_their_limit
    ),
    f"POST {PROCEDURE}/bulk-create": test_bulk.test_double_press_uploads_once,
    f"PATCH {PROCEDURE}": test_bulk.test_leads_are_updated_by_key,
    "POST /v1/ext/p/{procedureShortId}/{processIdOrPrimaryKey}/task/{stateTaskShortId}": (
        test_task.test_task_is_created_once_and_shown_with_the_card
    ),
    "GET /v1/ext/photo/{photoId}": partial(
        test_photo.test_photo_comes_as_a_direct_message, typed="photo LEAD-004039"
    ),
    "POST /v1/ext/photo": test_photo.test_chakra_that_takes_no_id_gives_one,
    "POST /v1/ext/photo/{photoId}": test_photo.test_photo_is_shown_before_it_is_uploaded,
    MEDIA: SHOW_MEDIA,
    test_media.ATTACHMENT: SHOW_MEDIA,
    MEDIA_CONTENT: partial(
        test_media.test_other_endpoint_is_used_if_one_answers_oddly, endpoint=test_media.ATTACHMENT
    ),
    "GET /v1/ext/users": test_users.test_v1_list_resolves_role_names,
    "GET /v2/ext/users": test_users.test_active_users_are_listed_ten_per_page,
    "GET /v1/ext/user/{userId}": (
        test_user_outages.test_without_v2_a_user_is_shown_from_v1_with_names
    ),
    "GET /v2/ext/user/{userId}": test_user.test_the_documented_john_with_team_role_and_address,
    "PUT /v1/ext/user/{userId}": EDIT_USER,
    f"POST {PASS_THROUGH}/{{wabaId}}/message_templates": (
        test_template_editing.test_a_new_template_is_submitted_and_shows_metas_review
    ),
    f"GET {PASS_THROUGH}/{{wabaId}}/message_templates": (
        test_templates.test_refresh_shows_changes_made_by_meta
    ),
    f"POST {PASS_THROUGH}/{{whatsappMessageTemplateId}}": (
        test_template_editing.test_edit_keeps_components_not_shown_in_the_form
    ),
    f"POST {PLUGIN}/api/{{whatsappApiVersion}}/{{whatsappPhoneNumberId}}/messages": (
        test_chat.test_a_reply_reaches_the_customer_once_and_its_ticks_follow
    ),
    f"POST {PLUGIN}/process/{{procedureShortId}}/{{primaryKeyOrId}}/send-template-message": (
        test_send.test_process_recipient_uses_the_process_endpoint
    ),
    f"POST {PLUGIN}/phoneNumber/{{phoneNumber}}/send-template-message": (
        test_send.test_form_send_is_delivered_and_read
    ),
    f"POST {PLUGIN}/upload-public-media": test_send_file.test_selected_picture_is_sent_and_read,
    f"GET {JOB}": test_job.test_the_documented_job,
    f"GET {JOB}/entries": test_job.test_failed_rows_file_is_sent_by_direct_message,
    "GET /v1/ext/config": partial(
        test_config.test_entries_are_listed_by_their_words, typed="config", found=[], missing=[]
    ),
    "POST /v1/ext/chat": test_chats.test_chats_are_listed_and_opened,
    "POST /v1/ext/chat/{chatId}/message": partial(
        test_chats.test_customer_without_a_number_is_found_by_name, typed="chat Zora"
    ),
    "POST /v1/ext/plugin/whatsapp/list-chat-messages-for-phone-number": (
        test_chat.test_previous_messages_are_shown_to_one_reader
    ),
    "GET /v1/ext/whatsapp-phone-number": test_send.test_form_send_is_delivered_and_read,
}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.title)
async def test_a_person_reaches_it(acme: World, clock: ManualClock, endpoint: Endpoint) -> None:
    story = STORIES[endpoint.address]
    accepted = inspect.signature(story).parameters
    await story(acme, **({"clock": clock} if "clock" in accepted else {}))
    matches = endpoint_matcher(endpoint.address)
    assert any(matches(request) for request in acme.chakra.requests)


async def test_lines_of_the_table_are_understood(acme: World) -> None:
    typed = dict.fromkeys(
        line
        for endpoint in ENDPOINTS
        for line in re.findall(r"`(/chakra [^`<]+)`", endpoint.reached)
    )
    for line in typed:
        await acme.type(line)
        view = acme.slack.view(JOHN)
        shown = visible_text(view or acme.shown())
        assert not re.search("I don't know|no records? |isn't|Not understood", shown), line
        if view is not None:
            await acme.slack.close_view(JOHN)
