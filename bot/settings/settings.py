"""Every setting with its documentation, loaded from the environment and from .env."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError

from bot.settings import validators

Requirement = Literal["always", "http", "never"]

DASHBOARD_URL = "https://app.chakrahq.com"
_SLACK_APP_PAGE = "api.slack.com/apps → your app → "
_WHATSAPP_SETUP_PAGE = "the Chakra dashboard → WhatsApp Setup → "


@dataclass(frozen=True)
class SettingDoc:
    """The documentation of a setting; ``required`` is when the app cannot run without it."""

    description: str
    where_to_find: str = ""
    required: Requirement = "never"


def _validate_with(validator: Callable[[str], Any]) -> BeforeValidator:
    """Return a validator for text; values of other types (defaults, tests) are accepted as is."""
    return BeforeValidator(lambda value: validator(value) if isinstance(value, str) else value)


class Settings(BaseModel):
    """The settings of one process. A field is the name of its variable in lower case.

    ``load`` reads the environment; tests pass their own values.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True
    )

    slack_bot_token: Annotated[
        SecretStr,
        _validate_with(validators.parse_bot_token),
        SettingDoc(
            "the app's bot token, `xoxb-…`",
            _SLACK_APP_PAGE + "OAuth & Permissions → Bot User OAuth Token",
            required="always",
        ),
    ]
    slack_signing_secret: Annotated[
        SecretStr | None,
        _validate_with(validators.parse_secret),
        SettingDoc(
            "verifies that a request comes from Slack; not needed in Socket Mode",
            _SLACK_APP_PAGE + "Basic Information → App Credentials → Signing Secret",
            required="http",
        ),
    ] = None
    slack_app_token: Annotated[
        SecretStr | None,
        _validate_with(validators.parse_app_token),
        SettingDoc(
            "app-level token, `xapp-…`; with it the app uses Socket Mode and needs no public URL",
            _SLACK_APP_PAGE
            + "Basic Information → App-Level Tokens, with the scope connections:write",
        ),
    ] = None
    slack_api_url: Annotated[
        str,
        _validate_with(validators.parse_slack_url),
        SettingDoc("base address of Slack's Web API; files may be on its host, or under slack.com"),
    ] = "https://slack.com/api/"
    chakra_access_token: Annotated[
        SecretStr,
        _validate_with(validators.parse_bearer_token),
        SettingDoc(
            "access token of a Chakra API key; the key's role limits what the app can do",
            "the Chakra dashboard → Admin → API Keys → your key → Access Tokens",
            required="always",
        ),
    ]
    chakra_api_url: Annotated[
        str,
        _validate_with(validators.parse_chakra_url),
        SettingDoc("base address of the Chakra API"),
    ] = "https://api.chakrahq.com"
    chakra_app_url: Annotated[
        str,
        _validate_with(validators.parse_app_url),
        SettingDoc(
            "address of the Chakra dashboard, whose links to records get a preview in Slack; "
            "its host must be in `unfurl_domains` in manifest.yml",
        ),
    ] = DASHBOARD_URL
    chakra_plugin_id: Annotated[
        str | None,
        _validate_with(validators.parse_uuid),
        SettingDoc(
            "the WhatsApp plugin that messages are sent through",
            "the last part of the address /admin/plugin/… in the Chakra dashboard",
        ),
    ] = None
    chakra_whatsapp_phone_number_id: Annotated[
        str | None,
        _validate_with(validators.parse_meta_id),
        SettingDoc(
            "Meta's ID of the number that messages are sent from",
            _WHATSAPP_SETUP_PAGE + "connected numbers",
        ),
    ] = None
    chakra_waba_id: Annotated[
        str | None,
        _validate_with(validators.parse_meta_id),
        SettingDoc(
            "WhatsApp Business Account of the templates; looked up by the number if not set",
            _WHATSAPP_SETUP_PAGE + "WhatsApp Business Account",
        ),
    ] = None
    chakra_whatsapp_api_version: Annotated[
        str,
        _validate_with(validators.parse_api_version),
        SettingDoc("version of Meta's API in calls that Chakra forwards"),
    ] = "v24.0"
    chakra_webhook_secret: Annotated[
        SecretStr | None,
        _validate_with(validators.parse_secret),
        SettingDoc(
            "verifies that a webhook comes from Chakra; without it all webhooks are rejected",
            "the Chakra dashboard → Admin → Team → Secrets",
        ),
    ] = None
    database_url: Annotated[
        SecretStr,
        _validate_with(validators.parse_database_url),
        SettingDoc("database; `postgresql://…` for several replicas"),
    ] = SecretStr("sqlite:///chakra-bot.db")
    host: Annotated[
        str,
        _validate_with(validators.parse_host),
        SettingDoc("address that the web server listens on"),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        _validate_with(validators.parse_port),
        SettingDoc("port that the web server listens on"),
    ] = 3000
    log_level: Annotated[
        str,
        _validate_with(validators.log_level),
        SettingDoc("`debug`, `info`, `warning` or `error`"),
    ] = "info"
    log_format: Annotated[
        str, _validate_with(validators.log_format), SettingDoc("`console` or `json`")
    ] = "console"
    default_region: Annotated[
        str | None,
        _validate_with(validators.parse_region),
        SettingDoc("country of phone numbers without a country code, such as `IN`"),
    ] = None
    senders: Annotated[
        tuple[str, ...],
        _validate_with(validators.parse_senders),
        SettingDoc(
            "members (`U…`) and user groups (`S…`), comma-separated, who may send and edit; "
            "workspace owners and admins may too",
            "a person's profile in Slack → ⋮ → Copy member ID; for a group, its page's address",
        ),
    ] = ()

    @property
    def socket_mode(self) -> bool:
        return self.slack_app_token is not None

    def list_secrets(self) -> tuple[str, ...]:
        """Return the secret values in the clear, for the redaction of log lines."""
        given = (
            self.slack_bot_token,
            self.slack_signing_secret,
            self.slack_app_token,
            self.chakra_access_token,
            self.chakra_webhook_secret,
        )
        return tuple(secret.get_secret_value() for secret in given if secret is not None)


@dataclass(frozen=True)
class Setting:
    """One row of the settings table. ``default`` is as a person types it; None if there is none."""

    name: str
    default: str | None
    description: str
    where_to_find: str
    required: Requirement


def _build_rows() -> Iterator[Setting]:
    for field, info in Settings.model_fields.items():
        doc = next(entry for entry in info.metadata if isinstance(entry, SettingDoc))
        default = None if info.is_required() else info.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        default_text = None if default in (None, ()) else str(default)
        yield Setting(field.upper(), default_text, doc.description, doc.where_to_find, doc.required)


SETTINGS = tuple(_build_rows())

_BY_NAME = {setting.name: setting for setting in SETTINGS}

# Common names for these values elsewhere, too different from ours to count as a typo.
COMMON_ALIASES = {
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
MAX_TYPOS = 2  # wrong, swapped, missing or doubled characters in one name
MIN_TYPO_NAME_LENGTH = 8  # in a shorter name, two typos can make another valid name


@dataclass(frozen=True)
class SettingProblem:
    """``message`` continues the name: "PORT" + "is not a port: …". ``where_to_find`` may be ""."""

    name: str
    message: str
    where_to_find: str = ""

    def __str__(self) -> str:
        line = f"{self.name} {self.message}".rstrip(".") + (
            "" if self.message.endswith("?") else "."
        )
        return f"{line} Find it at {self.where_to_find}." if self.where_to_find else line


class SettingsError(Exception):
    """Everything that is missing or wrong, in the order of the table, without secret values."""

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def load(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> Settings:
    """Return the settings of ``environ`` (by default the process's) on top of ``env_file``'s.

    An empty value counts as missing. The file need not exist. Raises ``SettingsError``.
    """
    given = dict(_read_env_file(env_file)) | dict(os.environ if environ is None else environ)
    values = {name: _clean(text) for name, text in given.items()}
    values = {name: text for name, text in values.items() if text}
    known = {name.lower(): text for name, text in values.items() if name in _BY_NAME}
    problems: list[SettingProblem] = []
    settings: Settings | None = None
    try:
        settings = Settings(**known)  # type: ignore[arg-type] # validators convert the text
    except ValidationError as error:
        problems += _find_validation_problems(error)
    misspelled = _find_misspelled_settings(values)
    problems += _find_missing_settings(known.keys() | {meant.lower() for meant in misspelled})
    problems += misspelled.values()
    if problems or settings is None:
        order = list(_BY_NAME)
        raise SettingsError(tuple(sorted(problems, key=lambda problem: order.index(problem.name))))
    return settings


def _read_env_file(env_file: Path | None) -> Mapping[str, str]:
    if env_file is None:
        return {}
    try:
        values = dotenv_values(env_file, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError((SettingProblem(str(env_file), f"cannot be read: {reason}"),)) from None
    return {name: value for name, value in values.items() if value is not None}


def _clean(value: str) -> str:
    """Strip the spaces, invisible characters and quotes that copying leaves around a value."""
    return value.strip(" \t\r\n\u00a0\u200b\u2060\ufeff\"'“”‘’`")


def _find_validation_problems(error: ValidationError) -> Iterator[SettingProblem]:
    for details in error.errors(include_url=False, include_input=False):
        if details["type"] == "missing":
            continue
        setting = _BY_NAME[str(details["loc"][0]).upper()]
        reason = details.get("ctx", {}).get("error", "has an invalid value")
        yield SettingProblem(setting.name, str(reason), setting.where_to_find)


def _find_missing_settings(given: Iterable[str]) -> Iterator[SettingProblem]:
    names = {name.upper() for name in given}
    for setting in SETTINGS:
        if setting.name in names:
            continue
        if setting.required == "always":
            yield SettingProblem(setting.name, "is missing", setting.where_to_find)
        elif setting.required == "http" and "SLACK_APP_TOKEN" not in names:
            message = "is missing (without SLACK_APP_TOKEN, Slack reaches the app over HTTP)"
            yield SettingProblem(setting.name, message, setting.where_to_find)


def _find_misspelled_settings(values: Mapping[str, str]) -> dict[str, SettingProblem]:
    """Return a problem for each unknown name that resembles a setting without a value.

    Such a name would be ignored silently. Keyed by the setting that was probably meant.
    """
    misspelled: dict[str, SettingProblem] = {}
    for name in values:
        meant = None if name in _BY_NAME else _find_closest_setting(name)
        if meant and meant not in values:
            message = f"is not set, but {name} is: did you mean {meant}?"
            misspelled[meant] = SettingProblem(meant, message, _BY_NAME[meant].where_to_find)
    return misspelled


def _find_closest_setting(name: str) -> str | None:
    upper = name.upper()
    if upper in COMMON_ALIASES:
        return COMMON_ALIASES[upper]
    max_typos = 0 if len(upper) < MIN_TYPO_NAME_LENGTH else MAX_TYPOS
    # A typo adds, drops or changes one letter; most names differ by far more.
    similar = [known for known in _BY_NAME if _count_letters_apart(upper, known) <= 2 * max_typos]
    if not similar:
        return None
    from rapidfuzz.distance import OSA  # 3 MB, which a start without a typo does not need

    distance, known = min((OSA.distance(upper, known), known) for known in similar)
    return known if distance <= max_typos else None


def _count_letters_apart(name: str, known: str) -> int:
    """Return how many letters, in any order, only one of the names has."""
    letters, known_letters = Counter(name), Counter(known)
    return ((letters - known_letters) + (known_letters - letters)).total()
