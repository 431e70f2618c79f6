"""Commands that exist for the router's own stories: slow, broken, refused, with a form."""

from __future__ import annotations

from bot import errors
from bot.aio.clock import sleep
from bot.context import Context
from bot.slack import blocks
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Options,
    OptionsRequest,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    Choice,
    Choices,
    CloseForm,
    FieldErrors,
    Message,
    NoReply,
    OpenForm,
    Reply,
    UpdateForm,
)

ERRORS: dict[str, Exception] = {
    "usage": errors.UsageError("One word, please.", example="/chakra fail usage"),
    "missing": errors.ResourceNotFound(endpoint="GET /x", status=404),
    "key": errors.AuthenticationError(endpoint="GET /x", status=401),
    "role": errors.PermissionDenied(endpoint="GET /x", status=403),
    "busy": errors.RateLimited(retry_after=30, endpoint="GET /x", status=429),
    "down": errors.Unavailable(endpoint="GET /x"),
    "unknown": errors.OutcomeUnknown(endpoint="PUT /x"),
    "unreadable": errors.InvalidResponse(field="_data.id", endpoint="GET /x"),
    "refused": errors.Rejected("name <!channel> is & bad", endpoint="PUT /x", status=400),
    "setup": errors.NotConfigured("CHAKRA_PLUGIN_ID", "Sending is not set up."),
    "bug": RuntimeError("secret detail"),
}


async def say_text(request: CommandRequest, _: Context) -> Message:
    return Message(text=blocks.escape(request.arguments.join_from(0)))


async def reply_slowly(request: CommandRequest, desk: Context) -> Message:
    seconds = float(request.arguments.tokens[0].text)
    await sleep(desk.clock, seconds)
    return Message(text=f"done after {seconds:g}")


async def raise_error(request: CommandRequest, _: Context) -> Message:
    raise ERRORS[request.arguments.tokens[0].text]


async def post_message(request: CommandRequest, _: Context) -> Message:
    """Several faces of a message, by word."""
    word = request.arguments.tokens[0].text
    if word == "channel":
        return Message(text="for everyone", to_channel=True)
    if word == "card":
        pressable = [
            blocks.button(label, f"stage.{label}", "7") for label in ("again", "form", "boom")
        ]
        return Message(text="a card", blocks=(blocks.section("a card"), blocks.actions(*pressable)))
    return Message(text="too much", blocks=tuple(blocks.divider() for _ in range(51)))


async def open_form(request: CommandRequest, desk: Context) -> OpenForm:
    if request.arguments.tokens:
        await sleep(desk.clock, float(request.arguments.tokens[0].text))
    return _build_form()


def _build_form() -> OpenForm:
    view = blocks.form_modal(
        "stage.submit",
        "A form",
        "Save",
        [
            blocks.text_field("name", "Name", action="stage.name", optional=True),
            {
                "type": "input",
                "block_id": "who",
                "label": blocks.plain_text("Who", 100),
                "optional": True,
                "element": {
                    "type": "external_select",
                    "action_id": "stage.who",
                    "min_query_length": 0,
                },
            },
            blocks.actions(
                blocks.button("Fill", "stage.fill"), blocks.button("Burn", "stage.burn")
            ),
        ],
    )
    return OpenForm(view, {"saved": "yes"})


async def replace_card(request: ActionRequest, _: Context) -> Message:
    return Message(text=f"again {request.value}", replace_original=True)


async def open_form_from_card(_: ActionRequest, __: Context) -> OpenForm:
    return _build_form()


async def raise_unexpected(_: ActionRequest, __: Context) -> Reply:
    raise RuntimeError("secret detail")


async def fill_form(request: ActionRequest, _: Context) -> UpdateForm:
    stored = request.state["saved"]
    view = blocks.form_modal(
        "stage.submit", "Filled", "Save", [blocks.section(f"{request.values['name']} {stored}")]
    )
    return UpdateForm(view, request.state)


def validate_form(request: SubmitRequest) -> FieldErrors | None:
    if request.values["name"] == "bad":
        return FieldErrors({"name": "Another name, please."})
    return None


async def submit_form(request: SubmitRequest, desk: Context) -> Reply:
    word = request.values["name"]
    if word in ERRORS:
        raise ERRORS[word]
    if word == "next":
        return UpdateForm(blocks.info_modal("Next", [blocks.section("the next form")]))
    if word == "ask":
        question = [blocks.section("Are you sure?")]
        return UpdateForm(blocks.form_modal("stage.sure", "Sure?", "Yes", question), request.state)
    if word == "late":
        await sleep(desk.clock, 5)
    if word.startswith("after "):
        await sleep(desk.clock, float(word.removeprefix("after ")))
    if word == "elsewhere":
        return FieldErrors({"found": "Choose another one."})
    if word == "late down":
        await sleep(desk.clock, 5)
        raise ERRORS["down"]
    if word == "taken":
        return FieldErrors({"name": "That name is taken."})
    return CloseForm("Saved.", follow_up=Message(text=f"saved {word} {request.state['saved']}"))


async def confirm(request: SubmitRequest, _: Context) -> CloseForm:
    return CloseForm("Saved.", follow_up=Message(text=f"sure {request.state['saved']}"))


async def search_options(request: OptionsRequest, desk: Context) -> Choices:
    if request.query == "boom":
        raise RuntimeError("secret detail")
    if request.query == "slow":
        await sleep(desk.clock, 5)
    return Choices(tuple(Choice(f"{request.query} {n}", str(n)) for n in range(150)))


async def reply_with_nothing(_: CommandRequest, __: Context) -> NoReply:
    return NoReply()


def _build_command(name: str, run: object, **more: object) -> Command[Context]:
    return Command(
        name=name,
        summary=f"{name} for the test",
        usage=f"{name} [word]",
        example=f"/chakra {name} x",
        run=run,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


ROUTER_COMMANDS = (
    _build_command("say", say_text, aliases=("echo",)),
    _build_command("slow", reply_slowly),
    _build_command("fail", raise_error),
    _build_command("post", post_message),
    _build_command("nothing", reply_with_nothing),
    _build_command("write", say_text, needs=Permission.SEND),
    _build_command(
        "stage",
        open_form,
        button="A form",
        actions=(
            Action("stage.again", replace_card),
            Action("stage.form", open_form_from_card),
            Action("stage.boom", raise_unexpected),
            Action("stage.burn", raise_unexpected),
            Action("stage.fill", fill_form),
        ),
        forms=(
            Form("stage.submit", submit_form, validate_form, needs=Permission.SEND),
            Form("stage.sure", confirm, needs=Permission.SEND),
        ),
        options=(Options("stage.who", search_options),),
    ),
)
