"""What the recipient will see, in Slack's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.sandbox.slack import collect_text
from bot.sandbox.slack.limits import check_message, check_view
from bot.slack import blocks
from bot.templates.preview import render_preview, render_summary_line, to_mrkdwn
from bot.templates.variables import list_template_fields
from tests.templates.builders import (
    COUPON,
    LONG_TEXT,
    OFFER,
    WILD_TEMPLATES,
    build_authentication_template,
    build_body_component,
    build_buttons_component,
    build_carousel,
    build_documented_templates,
    build_header_component,
    build_template,
    build_url_button,
)

DELIVERY, RENEWAL = build_documented_templates()


def render(template: Template, **values: str) -> str:
    return collect_text({"blocks": render_preview(template, values)})


def test_missing_variables_are_shown_as_blanks() -> None:
    assert render(DELIVERY).splitlines() == [
        ":round_pushpin: ‹latitude›, ‹longitude›",
        "Good news ‹1›! Your order #‹2› is on its way to the location above.",
        "To stop receiving delivery updates, tap the button below.",
        ":leftwards_arrow_with_hook: *Stop Delivery Updates*",
    ]


def test_filled_preview_matches_the_message() -> None:
    text = render(
        DELIVERY,
        var_body_1="Mark",
        var_body_2=" 566701 ",
        latitude="12.9",
        longitude="77.5",
        location_name="Acme",
        location_address="1 Main Street",
    )
    assert ":round_pushpin: *Acme*\n1 Main Street\n12.9, 77.5\n" in text
    assert "Good news Mark! Your order #566701 is on its way" in text


def test_named_variables_and_a_heading() -> None:
    text = render(RENEWAL, var_header_first_name="Mark", var_body_plan="Gold")
    assert text == "*Hi Mark*\nYour plan Gold renews on ‹date›."


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("IMAGE", ":frame_with_picture: Picture  ‹file›"),
        ("VIDEO", ":film_frames: Video  ‹file›"),
        ("DOCUMENT", ":page_facing_up: Document  ‹file›"),
        ("GIF", "_Gif header_"),
    ],
)
def test_each_header(sort: str, expected: str) -> None:
    assert (
        render(
            build_template(build_header_component(media_format=sort), build_body_component("Here."))
        )
        == f"{expected}\nHere."
    )


def test_file_name_comes_from_upload_or_link() -> None:
    template = build_template(
        build_header_component(media_format="DOCUMENT"), build_body_component("Here.")
    )
    assert "`https://x.example/a.pdf`" in render(template, media="https://x.example/a.pdf")
    assert "`May.pdf`" in render(template, file="May.pdf")


def test_each_button_shows_its_target() -> None:
    template = build_template(
        build_body_component("Here."),
        build_buttons_component(
            build_url_button(),
            COUPON,
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550190"},
            {"type": "NEWER", "text": "Odd"},
        ),
    )
    assert render(template, var_button_0_1="566701").splitlines()[1:] == [
        ":link: *Track*  `https://acme.example/o/566701`",
        ":clipboard: *Copy offer code*  `‹code›`",
        ":telephone_receiver: *Call*  `+12025550190`",
        ":black_square_button: *Odd*",
    ]
    assert "`SAVE20`" in render(template, var_button_1_1="SAVE20")


def test_authentication_text_is_metas() -> None:
    assert render(build_authentication_template(), otp="496093").splitlines() == [
        "*496093* is your verification code. For your security, do not share this code.",
        "This code expires in 10 minutes.",
        ":clipboard: *Copy code*",
    ]


def test_unsupported_components_are_named() -> None:
    template = build_template(build_body_component("Hi."), {"type": "CALL_PERMISSION_REQUEST"})
    assert "Not shown in this preview: call permission request." in render(template)


def test_cards_are_drawn_in_their_order() -> None:
    values = {
        "var_body_1": "Mei",
        "card_0_media": "https://x.example/hat.png",
        "var_card_0_button_1_1": "hat",
        "card_1_file": "towel.png",
    }
    assert render(build_carousel(2), **values).splitlines() == [
        "Summer, Mei!",
        "*Card 1*",
        ":frame_with_picture: Picture  `https://x.example/hat.png`",
        "Straw hat",
        ":leftwards_arrow_with_hook: *More*",
        ":link: *Buy*  `https://acme.example/o/hat`",
        "*Card 2*",
        ":frame_with_picture: Picture  `towel.png`",
        "Straw hat",
        ":leftwards_arrow_with_hook: *More*",
        ":link: *Buy*  `https://acme.example/o/‹1›`",
    ]


def test_an_offer_says_when_it_ends() -> None:
    assert ":hourglass_flowing_sand: *Flash sale!* · ends ‹date and time›" in render(OFFER)
    assert "ends <!date^1764403200^" in render(OFFER, expiration="1764403200")


@pytest.mark.parametrize(
    "text", ["*bold* _italic_ ~struck~", "```one\ntwo```", "`code`", "- one\n- two", "1. one"]
)
def test_shared_formatting_is_unchanged(text: str) -> None:
    assert render(build_template(build_body_component(text))) == text


def test_slack_only_markup_is_escaped() -> None:
    text = to_mrkdwn("<!channel> & <@U1> :smile: at 10:30:45 > quote")
    assert text == (
        "&lt;!channel&gt; &amp; &lt;@U1&gt; :\u2060smile: at 10:30:45 &gt; quote".replace(
            "10:30:45", "10:\u206030:45"
        )
    )


def test_values_cannot_mention_anyone() -> None:
    assert "&lt;!here&gt;" in render(
        build_template(build_body_component("Hi {{1}}.")), var_body_1="<!here>"
    )


def test_long_text_is_truncated_at_a_line() -> None:
    preview = render_preview(build_template(build_body_component("\n".join(["x" * 99 + "&"] * 40))))
    texts = [block["text"]["text"] for block in preview]
    assert len(texts) == 2
    assert all(text.endswith("&amp;") for text in texts)


def test_the_summary_is_one_short_line() -> None:
    text = render_summary_line(
        build_template(build_body_component("One\n\ntwo {{1}} " + "x" * 200))
    )
    assert text.startswith("One two ‹1› x")
    assert len(text) == 150


@given(WILD_TEMPLATES, st.lists(LONG_TEXT, max_size=5))
def test_any_template_renders_a_valid_preview(template: Template, wild: list[str]) -> None:
    values = dict(zip([field.key for field in list_template_fields(template)], wild, strict=False))
    for preview in (render_preview(template), render_preview(template, values)):
        assert len(preview) <= 6 + len(template.cards)
        message = {"text": render_summary_line(template, values), "blocks": preview}
        assert [violation for violation in check_message(message) if violation.is_error] == []
        assert [
            violation
            for violation in check_view(blocks.info_modal("Preview", preview))
            if violation.is_error
        ] == []
        assert "<!" not in str(preview)
