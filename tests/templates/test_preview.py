"""What the recipient will see, in Slack's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.sandbox.slack import visible_text
from bot.sandbox.slack.limits import check_message, check_view
from bot.slack import blocks
from bot.templates.preview import render_preview, summary_line, to_mrkdwn
from bot.templates.variables import template_fields
from tests.templates.samples import (
    COUPON,
    LONG,
    WILD_TEMPLATES,
    body,
    buttons,
    documented,
    header,
    one_time_code,
    template,
    url,
)

DELIVERY, RENEWAL = documented()


def seen(made: Template, **values: str) -> str:
    return visible_text({"blocks": render_preview(made, values)})


def test_missing_variables_are_shown_as_blanks() -> None:
    assert seen(DELIVERY).splitlines() == [
        ":round_pushpin: ‹latitude›, ‹longitude›",
        "Good news ‹1›! Your order #‹2› is on its way to the location above.",
        "To stop receiving delivery updates, tap the button below.",
        ":leftwards_arrow_with_hook: *Stop Delivery Updates*",
    ]


def test_filled_in_it_reads_as_it_will_arrive() -> None:
    shown = seen(
        DELIVERY,
        var_body_1="Mark",
        var_body_2=" 566701 ",
        latitude="12.9",
        longitude="77.5",
        location_name="Acme",
        location_address="1 Main Street",
    )
    assert ":round_pushpin: *Acme*\n1 Main Street\n12.9, 77.5\n" in shown
    assert "Good news Mark! Your order #566701 is on its way" in shown


def test_named_variables_and_a_heading() -> None:
    shown = seen(RENEWAL, var_header_first_name="Mark", var_body_plan="Gold")
    assert shown == "*Hi Mark*\nYour plan Gold renews on ‹date›."


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
    assert seen(template(header(sort=sort), body("Here."))) == f"{expected}\nHere."


def test_a_file_is_named_by_its_upload_else_by_its_link() -> None:
    made = template(header(sort="DOCUMENT"), body("Here."))
    assert "`https://x.example/a.pdf`" in seen(made, media="https://x.example/a.pdf")
    assert "`May.pdf`" in seen(made, file="May.pdf")


def test_each_button_says_where_it_leads() -> None:
    made = template(
        body("Here."),
        buttons(
            url(),
            COUPON,
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550190"},
            {"type": "NEWER", "text": "Odd"},
        ),
    )
    assert seen(made, var_button_0_1="566701").splitlines()[1:] == [
        ":link: *Track*  `https://acme.example/o/566701`",
        ":clipboard: *Copy offer code*  `‹code›`",
        ":telephone_receiver: *Call*  `+12025550190`",
        ":black_square_button: *Odd*",
    ]
    assert "`SAVE20`" in seen(made, var_button_1_1="SAVE20")


def test_the_words_of_an_authentication_are_metas() -> None:
    assert seen(one_time_code(), otp="496093").splitlines() == [
        "*496093* is your verification code. For your security, do not share this code.",
        "This code expires in 10 minutes.",
        ":clipboard: *Copy code*",
    ]


def test_unsupported_components_are_named() -> None:
    made = template(body("Hi."), {"type": "CAROUSEL", "cards": []})
    assert "Not shown in this preview: carousel." in seen(made)


@pytest.mark.parametrize(
    "text", ["*bold* _italic_ ~struck~", "```one\ntwo```", "`code`", "- one\n- two", "1. one"]
)
def test_formatting_that_both_write_alike_stays(text: str) -> None:
    assert seen(template(body(text))) == text


def test_what_only_slack_reads_is_kept_from_it() -> None:
    shown = to_mrkdwn("<!channel> & <@U1> :smile: at 10:30:45 > quote")
    assert shown == (
        "&lt;!channel&gt; &amp; &lt;@U1&gt; :\u2060smile: at 10:30:45 &gt; quote".replace(
            "10:30:45", "10:\u206030:45"
        )
    )


def test_a_value_cannot_mention_anybody() -> None:
    assert "&lt;!here&gt;" in seen(template(body("Hi {{1}}.")), var_body_1="<!here>")


def test_a_long_text_is_cut_at_its_lines() -> None:
    made = render_preview(template(body("\n".join(["x" * 99 + "&"] * 40))))
    texts = [block["text"]["text"] for block in made]
    assert len(texts) == 2
    assert all(text.endswith("&amp;") for text in texts)


def test_the_summary_is_one_short_line() -> None:
    shown = summary_line(template(body("One\n\ntwo {{1}} " + "x" * 200)))
    assert shown.startswith("One two ‹1› x")
    assert len(shown) == 150


@given(WILD_TEMPLATES, st.lists(LONG, max_size=5))
def test_whatever_a_template_holds_slack_takes_the_preview(made: Template, wild: list[str]) -> None:
    values = dict(zip([field.key for field in template_fields(made)], wild, strict=False))
    for shown in (render_preview(made), render_preview(made, values)):
        assert len(shown) <= 6
        message = {"text": summary_line(made, values), "blocks": shown}
        assert [one for one in check_message(message) if one.is_error] == []
        assert [
            one for one in check_view(blocks.info_modal("Preview", shown)) if one.is_error
        ] == []
        assert "<!" not in str(shown)
