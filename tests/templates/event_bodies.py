"""Events of templates, in the shapes of Meta's reference (API.md, Webhooks)."""

from __future__ import annotations

from typing import Any


def _build_delivery(field: str, value: dict[str, Any]) -> dict[str, Any]:
    change = {"field": field, "value": value}
    entry = {"id": "837800000000001", "time": 1795900000, "changes": [change]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


BODIES: dict[str, dict[str, Any]] = {
    "category-done": _build_delivery(
        "template_category_update",
        {
            "message_template_id": 1234500000000001,
            "message_template_name": "order_update",
            "message_template_language": "en",
            "previous_category": "UTILITY",
            "new_category": "MARKETING",
        },
    ),
    "category-impending": _build_delivery(
        "template_category_update",
        {
            "message_template_id": 1234500000000001,
            "message_template_name": "order_update",
            "message_template_language": "en",
            "correct_category": "MARKETING",
            "new_category": "UTILITY",
            "category_update_timestamp": 1795986400,
        },
    ),
    "components": _build_delivery(
        "message_template_components_update",
        {
            "message_template_id": 1234500000000001,
            "message_template_name": "order_update",
            "message_template_language": "en",
            "message_template_title": "Your order",
            "message_template_element": "Hello {{1}}, your order {{2}} is on its way.",
            "message_template_footer": "Bluebird Crafts",
            "message_template_buttons": [
                {
                    "message_template_button_type": "URL",
                    "message_template_button_text": "Follow it",
                    "message_template_button_url": "https://bluebird.example/orders/{{1}}",
                },
                {
                    "message_template_button_type": "PHONE_NUMBER",
                    "message_template_button_text": "Call us",
                    "message_template_button_phone_number": "+15550100200",
                },
            ],
        },
    ),
    "quality": _build_delivery(
        "message_template_quality_update",
        {
            "message_template_id": 1234500000000001,
            "message_template_name": "order_update",
            "message_template_language": "en",
            "previous_quality_score": "GREEN",
            "new_quality_score": "YELLOW",
        },
    ),
    "status": _build_delivery(
        "message_template_status_update",
        {
            "event": "REJECTED",
            "message_template_id": 1667192013751006,
            "message_template_name": "renewal_notice",
            "message_template_language": "en",
            "reason": "TAG_CONTENT_MISMATCH",
        },
    ),
}
