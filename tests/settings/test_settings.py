"""Settings: what is taken, what is refused and in which words, all of it in one go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from bot.settings.settings import SETTINGS, Settings, SettingsError, load

BOT = "xoxb-1-abcDEF"
SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
HTTP = {
    "SLACK_BOT_TOKEN": BOT,
    "SLACK_SIGNING_SECRET": SIGNING,
    "CHAKRA_ACCESS_TOKEN": "chakra-token-1",
}
SOCKET = {**HTTP, "SLACK_APP_TOKEN": "xapp-1-A1-2-ff"}


def load_settings(**more: str) -> Settings:
    return load(HTTP | more, None)


def read_settings_error(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environ, None)
    return str(caught.value)


def read_single_error_line(**more: str) -> str:
    """The one line that a wrong setting gets."""
    text = read_settings_error(HTTP | more)
    assert "\n" not in text
    return text


def test_three_values_are_enough_and_the_rest_has_defaults() -> None:
    settings = load_settings()
    assert settings.slack_bot_token.get_secret_value() == BOT
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.chakra_api_url == "https://api.chakrahq.com"
    assert settings.chakra_whatsapp_api_version == "v24.0"
    assert settings.database_url.get_secret_value() == "sqlite:///chakra-bot.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert (settings.log_level, settings.log_format) == ("info", "console")
    assert settings.senders == ()
    assert settings.default_region is None
    assert not settings.socket_mode


def test_socket_mode_needs_no_signing_secret() -> None:
    without = {name: value for name, value in SOCKET.items() if name != "SLACK_SIGNING_SECRET"}
    settings = load(without, None)
    assert settings.socket_mode
    assert settings.slack_signing_secret is None


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        load_settings().port = 1


def test_environment_does_not_leak_into_explicit_settings() -> None:
    settings = Settings(slack_bot_token=SecretStr(BOT), chakra_access_token=SecretStr("anything"))
    assert settings.port == 3000


def test_settings_repr_hides_secrets() -> None:
    settings = load(SOCKET | {"CHAKRA_WEBHOOK_SECRET": "hook-secret-1"}, None)
    for secret in (*SOCKET.values(), "hook-secret-1"):
        assert secret not in repr(settings)
    assert set(settings.list_secrets()) == {*SOCKET.values(), "hook-secret-1"}


def test_all_missing_settings_are_listed_with_where_to_find_them() -> None:
    lines = read_settings_error({}).splitlines()
    assert [line.split()[0] for line in lines] == [
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "CHAKRA_ACCESS_TOKEN",
    ]
    assert lines[0].endswith(
        "Find it at api.slack.com/apps → your app → OAuth & Permissions → Bot User OAuth Token."
    )
    assert "SLACK_APP_TOKEN" in lines[1]
    assert "API Keys" in lines[2]


def test_missing_and_invalid_settings_are_listed_in_table_order() -> None:
    text = read_settings_error({"PORT": "many", "SLACK_BOT_TOKEN": "nonsense", "SENDERS": "john"})
    names = [line.split()[0] for line in text.splitlines()]
    assert names == [
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "CHAKRA_ACCESS_TOKEN",
        "PORT",
        "SENDERS",
    ]


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (
            "xoxp-1-2",
            "starts with xoxp-: that is a user token; a bot token starts with xoxb-.",
        ),
        ("xapp-1-2", "starts with xapp-: that is an app-level token"),
        ("xoxe.xoxb-1-2", "switch token rotation off"),
        ("nothing", "does not start with xoxb-"),
        ("xoxb-…", "contains characters that no Slack token has"),
    ],
)
def test_wrong_token_type_is_identified(token: str, words: str) -> None:
    assert words in read_single_error_line(SLACK_BOT_TOKEN=token)


def test_swapped_tokens_are_detected() -> None:
    text = read_settings_error(
        {
            "SLACK_BOT_TOKEN": "xapp-1-2",
            "SLACK_APP_TOKEN": "xoxb-1-2",
            "CHAKRA_ACCESS_TOKEN": "xoxb-1-2",
        }
    )
    assert "SLACK_APP_TOKEN starts with xoxb-: that is a bot token" in text
    assert (
        "CHAKRA_ACCESS_TOKEN starts with xoxb- (that is a bot token): this is another value" in text
    )


SECRETS = [
    setting.name
    for setting in SETTINGS
    if "token" in setting.name.lower() or "SECRET" in setting.name
]


@given(st.sampled_from(SECRETS), st.text("abcdefghXYZ0189 é\n-_.", min_size=12))
def test_rejected_secret_is_never_echoed(name: str, value: str) -> None:
    assume(len(value.strip()) >= 12)
    refusal = ""
    try:
        load(HTTP | {name: value}, None)
    except SettingsError as problem:
        refusal = str(problem)
    assert value.strip() not in refusal


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SLACK_API_URL", "slack.com/api", "is not a web address"),
        ("SLACK_API_URL", "ftp://slack.com/api/", "is not a web address"),
        ("CHAKRA_API_URL", "http://api.chakrahq.com", "must be https://"),
        ("CHAKRA_API_URL", "https://api.chakrahq.com/v1/ext", "before /v1"),
        ("CHAKRA_API_URL", "https://me:pw@api.chakrahq.com", "give the address alone"),
        ("CHAKRA_API_URL", "https://[::1", "is not a web address"),
        ("CHAKRA_API_URL", "https://a.example:99999", "is not a web address"),
        ("CHAKRA_ACCESS_TOKEN", "Bearer abc", 'starts with "Bearer": leave that word out'),
        ("CHAKRA_ACCESS_TOKEN", "two words", "contains spaces"),
        ("CHAKRA_PLUGIN_ID", "12345", "is not a UUID"),
        ("CHAKRA_WHATSAPP_PHONE_NUMBER_ID", "+919876543210", "not the number itself"),
        ("CHAKRA_WABA_ID", "abc", "digits only"),
        ("CHAKRA_WHATSAPP_API_VERSION", "24", "should look like v24.0"),
        ("DATABASE_URL", "postgres://db/x", "write postgresql://"),
        ("DATABASE_URL", "mysql://db/x", "is not a database address"),
        ("HOST", "http://0.0.0.0", "is not a host"),
        ("PORT", "70000", "from 0 (any free one) to 65535"),
        ("PORT", "-1", "is not a port"),
        ("PORT", "٣٠٠٠", "is not a port"),
        ("LOG_LEVEL", "verbose", "debug, info, warning or error"),
        ("LOG_FORMAT", "xml", "console or json"),
        ("DEFAULT_REGION", "UK", "the United Kingdom is GB"),
        ("DEFAULT_REGION", "India", "a two-letter code"),
        ("SENDERS", "U012ABC,@john", "people (U… or W…) and user groups (S…)"),
        ("SENDERS", "john@acme.com", "j•••@acme.com"),
    ],
)
def test_invalid_value_is_explained(name: str, value: str, words: str) -> None:
    text = read_single_error_line(**{name: value})
    assert text.startswith(f"{name} ")
    assert words in text


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("SLACK_API_URL", "https://slack.example/api", "https://slack.example/api/"),
        ("SLACK_API_URL", "http://127.0.0.1:5000/api/", "http://127.0.0.1:5000/api/"),
        ("CHAKRA_API_URL", "http://localhost:5000/", "http://localhost:5000"),
        ("CHAKRA_API_URL", "http://[::1]:5000", "http://[::1]:5000"),
        ("CHAKRA_PLUGIN_ID", "2B1E1C9E-0D5A-4C57-9A3C-6F2F7F0A1B2C", None),
        ("HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104 - a value, nothing listens
        ("HOST", "::", "::"),
        ("PORT", "0", 0),
        ("LOG_LEVEL", "WARN", "warning"),
        ("LOG_FORMAT", "JSON", "json"),
        ("DEFAULT_REGION", "in", "IN"),
        ("SENDERS", "U012ABC, W9XYZ1\nS055GRP,U012ABC", ("U012ABC", "W9XYZ1", "S055GRP")),
        ("SENDERS", " , ", ()),
    ],
)
def test_valid_value_is_normalized(name: str, value: str, taken: object) -> None:
    got = getattr(load_settings(**{name: value}), name.lower())
    assert got == (value.lower() if taken is None else taken)


@pytest.mark.parametrize("around", ['"{}"', "'{}'", "  {}\n", "\ufeff{}", "“{}”", "\u200b{}\u00a0"])
def test_pasted_quotes_and_whitespace_are_stripped(around: str) -> None:
    settings = load_settings(SLACK_BOT_TOKEN=around.format(BOT), PORT=around.format("8080"))
    assert settings.slack_bot_token.get_secret_value() == BOT
    assert settings.port == 8080


@pytest.mark.parametrize("nothing", ["", "  ", '""', "''"])
def test_empty_value_counts_as_missing(nothing: str) -> None:
    assert load_settings(PORT=nothing, SLACK_APP_TOKEN=nothing).port == 3000
    assert "SLACK_BOT_TOKEN is missing" in read_single_error_line(SLACK_BOT_TOKEN=nothing)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"),
        ("SLACK_BTO_TOKEN", "SLACK_BOT_TOKEN"),
        ("SLACK_SIGNING_SECERT", "SLACK_SIGNING_SECRET"),
        ("CHAKRA_TOKEN", "CHAKRA_ACCESS_TOKEN"),
        ("CHAKRA_API_KEY", "CHAKRA_ACCESS_TOKEN"),
        ("slack_bot_token", "SLACK_BOT_TOKEN"),
    ],
)
def test_misspelled_name_is_suggested_for_a_missing_setting(typed: str, meant: str) -> None:
    environ = {name: value for name, value in HTTP.items() if name != meant}
    text = read_settings_error(environ | {typed: HTTP[meant]})
    assert text.startswith(f"{meant} is not set, but {typed} is: did you mean {meant}?")
    assert "\n" not in text
    assert HTTP[meant] not in text


def test_misspelled_optional_setting_is_reported() -> None:
    assert read_single_error_line(LOG_LEVL="debug").startswith(
        "LOG_LEVEL is not set, but LOG_LEVL is"
    )


@pytest.mark.parametrize("name", ["HOSTNAME", "HOSTS", "SPORT", "PATH", "SLACK_WEBHOOK_URL"])
def test_unrelated_variables_are_ignored(name: str) -> None:
    assert load_settings(**{name: "x"}).port == 3000


def test_near_miss_of_a_set_name_is_ignored() -> None:
    assert load_settings(SLACK_BOT_TOKEN2="x").port == 3000


def test_environment_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        '\ufeff# ours\nexport PORT="4000" # a comment\n\nHOST=0.0.0.0\nLOG_LEVEL=\n',
        encoding="utf-8",
    )
    settings = load(HTTP | {"HOST": "127.0.0.2"}, file)
    assert (settings.port, settings.host) == (4000, "127.0.0.2")


def test_missing_settings_file_is_allowed(tmp_path: Path) -> None:
    assert load(HTTP, tmp_path / ".env").port == 3000


def test_binary_settings_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read: it is not UTF-8 text"):
        load(HTTP, file)


def test_every_setting_is_documented() -> None:
    assert len({setting.description for setting in SETTINGS}) == len(SETTINGS) == 19
    for setting in SETTINGS:
        assert re.fullmatch(r"[A-Z_]+", setting.name)
        assert setting.default is None or setting.required == "never"
        assert setting.required == "never" or setting.where_to_find
