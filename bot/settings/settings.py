"""Every setting: default, sentence, where to find it; read from the environment and from .env."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from rapidfuzz.distance import OSA

from bot.settings import validators as shapes

Need = Literal["always", "http", "never"]

_APPS = "api.slack.com/apps → your app → "
_SETUP = "the Chakra dashboard → WhatsApp Setup → "


@dataclass(frozen=True)
class About:
    """What a person is told of a setting; ``needed`` says when the bot cannot run without it."""

    meaning: str
    where: str = ""
    needed: Need = "never"


def _as(shape: Callable[[str], Any]) -> BeforeValidator:
    """Typed text goes through ``shape``; values that are no text (defaults, tests) are taken."""
    return BeforeValidator(lambda value: shape(value) if isinstance(value, str) else value)


class Settings(BaseSettings):
    """The settings of one process. A field is the variable's name in lower case."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack_bot_token: Annotated[
        SecretStr,
        _as(shapes.bot_token),
        About(
            "the app's bot token, `xoxb-…`",
            _APPS + "OAuth & Permissions → Bot User OAuth Token",
            needed="always",
        ),
    ]
    slack_signing_secret: Annotated[
        SecretStr | None,
        _as(shapes.secret),
        About(
            "proves that a request comes from Slack; not needed in Socket Mode",
            _APPS + "Basic Information → App Credentials → Signing Secret",
            needed="http",
        ),
    ] = None
    slack_app_token: Annotated[
        SecretStr | None,
        _as(shapes.app_token),
        About(
            "app-level token, `xapp-…`; with it the bot uses Socket Mode and needs no public URL",
            _APPS + "Basic Information → App-Level Tokens, with the scope connections:write",
        ),
    ] = None
    slack_api_url: Annotated[
        str, _as(shapes.slack_address), About("base address of Slack's Web API")
    ] = "https://slack.com/api/"
    chakra_access_token: Annotated[
        SecretStr,
        _as(shapes.bearer_token),
        About(
            "access token of a Chakra API key; the key's role decides what the bot may do",
            "the Chakra dashboard → Admin → API Keys → your key → Access Tokens",
            needed="always",
        ),
    ]
    chakra_api_url: Annotated[
        str, _as(shapes.chakra_address), About("base address of the Chakra API")
    ] = "https://api.chakrahq.com"
    chakra_plugin_id: Annotated[
        str | None,
        _as(shapes.uuid),
        About(
            "the WhatsApp plugin that messages are sent through",
            "the last part of the address /admin/plugin/… in the Chakra dashboard",
        ),
    ] = None
    chakra_whatsapp_phone_number_id: Annotated[
        str | None,
        _as(shapes.meta_id),
        About("Meta's id of the number that messages are sent from", _SETUP + "connected numbers"),
    ] = None
    chakra_waba_id: Annotated[
        str | None,
        _as(shapes.meta_id),
        About(
            "WhatsApp Business Account of the templates; found through the number when absent",
            _SETUP + "WhatsApp Business Account",
        ),
    ] = None
    chakra_whatsapp_api_version: Annotated[
        str, _as(shapes.api_version), About("version of Meta's API that Chakra passes through")
    ] = "v24.0"
    chakra_webhook_secret: Annotated[
        SecretStr | None,
        _as(shapes.secret),
        About(
            "proves that an event comes from Chakra; without it every delivery is refused",
            "the Chakra dashboard → Admin → Team → Secrets",
        ),
    ] = None
    database_url: Annotated[
        SecretStr,
        _as(shapes.database_address),
        About("where the bot remembers; `postgresql://…` for several replicas"),
    ] = SecretStr("sqlite:///chakra-bot.db")
    host: Annotated[str, _as(shapes.host), About("address that the web server listens on")] = (
        "127.0.0.1"
    )
    port: Annotated[int, _as(shapes.port), About("port that the web server listens on")] = 3000
    log_level: Annotated[
        str, _as(shapes.log_level), About("`debug`, `info`, `warning` or `error`")
    ] = "info"
    log_format: Annotated[str, _as(shapes.log_format), About("`console` or `json`")] = "console"
    default_region: Annotated[
        str | None,
        _as(shapes.region),
        About("country of phone numbers typed without a country code, as `IN`"),
    ] = None
    senders: Annotated[
        tuple[str, ...],
        _as(shapes.senders),
        About(
            "people (`U…`) and user groups (`S…`), comma-separated, who may write to Chakra; "
            "workspace owners and admins may too",
            "a person's profile in Slack → ⋮ → Copy member ID; for a group, its page's address",
        ),
    ] = ()

    @property
    def socket_mode(self) -> bool:
        return self.slack_app_token is not None

    def secrets(self) -> tuple[str, ...]:
        """The secret values themselves, for the log's mask."""
        given = (
            self.slack_bot_token,
            self.slack_signing_secret,
            self.slack_app_token,
            self.chakra_access_token,
            self.chakra_webhook_secret,
        )
        return tuple(one.get_secret_value() for one in given if one is not None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed in: `load` reads the environment, so a test can bring its own."""
        return (init_settings,)


@dataclass(frozen=True)
class Setting:
    """One row of the table. ``default`` is as a person would type it; None when there is none."""

    name: str
    default: str | None
    meaning: str
    where: str
    needed: Need


def _rows() -> Iterator[Setting]:
    for field, info in Settings.model_fields.items():
        about = next(one for one in info.metadata if isinstance(one, About))
        default = None if info.is_required() else info.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        shown = None if default in (None, ()) else str(default)
        yield Setting(field.upper(), shown, about.meaning, about.where, about.needed)


SETTINGS = tuple(_rows())

_BY_NAME = {setting.name: setting for setting in SETTINGS}

# Names that people give these values elsewhere, too far from ours to be taken for a slip of a key.
OTHER_NAMES = {
    "CHAKRA_TOKEN": "CHAKRA_ACCESS_TOKEN",
    "CHAKRA_API_TOKEN": "CHAKRA_ACCESS_TOKEN",
    "CHAKRA_API_KEY": "CHAKRA_ACCESS_TOKEN",
    "CHAKRA_BASE_URL": "CHAKRA_API_URL",
    "CHAKRA_URL": "CHAKRA_API_URL",
    "CHAKRA_PHONE_NUMBER_ID": "CHAKRA_WHATSAPP_PHONE_NUMBER_ID",
    "SLACK_TOKEN": "SLACK_BOT_TOKEN",
    "SLACK_SECRET": "SLACK_SIGNING_SECRET",
    "SLACK_APP_LEVEL_TOKEN": "SLACK_APP_TOKEN",
}
SLIPS = 2  # keys hit wrongly, swapped, missed or doubled in one name
SHORT_NAME = 8  # below this, two slips turn one honest name into another


@dataclass(frozen=True)
class Problem:
    """``wrong`` continues the name: "PORT" + "is no port: …". ``where`` may be empty."""

    name: str
    wrong: str
    where: str = ""

    def __str__(self) -> str:
        line = f"{self.name} {self.wrong}".rstrip(".") + ("" if self.wrong.endswith("?") else ".")
        return f"{line} Find it at {self.where}." if self.where else line


class SettingsProblem(Exception):
    """Everything that is missing or wrong, in the table's order; no secret's value is in it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> Settings:
    """The settings of ``environ`` (the process's own when None), over those of ``env_file``.

    Raises ``SettingsProblem``. An empty value counts as not given; a missing file is no problem.
    """
    given = dict(_read(env_file)) | dict(os.environ if environ is None else environ)
    values = {name: _cleaned(text) for name, text in given.items()}
    values = {name: text for name, text in values.items() if text}
    known = {name.lower(): text for name, text in values.items() if name in _BY_NAME}
    problems: list[Problem] = []
    settings: Settings | None = None
    try:
        settings = Settings(**known)  # type: ignore[arg-type] # the shapes turn text into types
    except ValidationError as error:
        problems += _wrong(error)
    slips = _misspelt(values)
    problems += _missing(known.keys() | {meant.lower() for meant in slips})
    problems += slips.values()
    if problems or settings is None:
        order = list(_BY_NAME)
        raise SettingsProblem(tuple(sorted(problems, key=lambda one: order.index(one.name))))
    return settings


def _read(env_file: Path | None) -> Mapping[str, str]:
    if env_file is None:
        return {}
    try:
        source = DotEnvSettingsSource(
            Settings, env_file, env_file_encoding="utf-8-sig", case_sensitive=True
        )
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsProblem((Problem(str(env_file), f"cannot be read: {reason}"),)) from None
    return {name: value for name, value in source.env_vars.items() if value is not None}


def _cleaned(value: str) -> str:
    """Without the blanks, invisible characters and quotes that copying leaves around a value."""
    return value.strip(" \t\r\n\u00a0\u200b\u2060\ufeff\"'“”‘’`")


def _wrong(error: ValidationError) -> Iterator[Problem]:
    for one in error.errors(include_url=False, include_input=False):
        if one["type"] == "missing":
            continue
        setting = _BY_NAME[str(one["loc"][0]).upper()]
        reason = one.get("ctx", {}).get("error", "has a value that cannot be read")
        yield Problem(setting.name, str(reason), setting.where)


def _missing(given: Iterable[str]) -> Iterator[Problem]:
    names = {name.upper() for name in given}
    for setting in SETTINGS:
        if setting.name in names:
            continue
        if setting.needed == "always":
            yield Problem(setting.name, "is missing", setting.where)
        elif setting.needed == "http" and "SLACK_APP_TOKEN" not in names:
            wrong = "is missing (without SLACK_APP_TOKEN, Slack reaches the bot over HTTP)"
            yield Problem(setting.name, wrong, setting.where)


def _misspelt(values: Mapping[str, str]) -> dict[str, Problem]:
    """Names that nobody reads, each close to one that is not set: they would be ignored in silence.

    Keyed by the name that was meant.
    """
    slips: dict[str, Problem] = {}
    for name in values:
        meant = None if name in _BY_NAME else _nearest(name)
        if meant and meant not in values:
            wrong = f"is not set, but {name} is: did you mean {meant}?"
            slips[meant] = Problem(meant, wrong, _BY_NAME[meant].where)
    return slips


def _nearest(name: str) -> str | None:
    upper = name.upper()
    if upper in OTHER_NAMES:
        return OTHER_NAMES[upper]
    slips = 0 if len(upper) < SHORT_NAME else SLIPS
    near = ((OSA.distance(upper, known), known) for known in _BY_NAME)
    distance, known = min(near)
    return known if distance <= slips else None
