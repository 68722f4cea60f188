"""Settings: command line > environment > .env > the file given by --config > default.toml."""

import logging
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy import URL, exc, make_url

from letterboxd_scraper import __version__
from letterboxd_scraper.allowed import why_refused
from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.items.names import member_name
from letterboxd_scraper.machine import env_file

# Names the file given by --config, also for the crawls that a command starts as processes of their own.
CONFIG_VARIABLE = "LETTERBOXD_CONFIG"
# Scrapy's setting that holds all of ours, once they were checked.
CHECKED = "LETTERBOXD_CHECKED"
# The strategy that is meant where none is named.
DEFAULT_STRATEGY = "circle"
# Set for a crawl that a command started: it ends when its standard input does, which is when the
# command has gone, however it went.
STOP_WITH_PARENT = "LETTERBOXD_STOP_WITH_PARENT"
# The forms of log lines. Scrapy takes a pattern under the same name, which is a form of text.
TEXT, JSON = "text", "json"
# In seconds: for so long anything may make a crawl wait. A stored moment that is farther away was set by
# a clock that was wrong.
LONGEST_WAIT = 900.0
# Never shown; a database's address may hold a password.
SECRETS = frozenset(
    {"DATABASE_URL", "TMDB_API_KEY", "LETTERBOXD_SERVE_TOKEN", "LETTERBOXD_NOTIFY", "SCRAPYD_PASSWORD"}
)


class Config(BaseSettings):
    """All settings, checked. The names are those of `default.toml`, where each is explained."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    DATABASE_URL: str
    LETTERBOXD_BASE_URL: str
    LETTERBOXD_CONTACT: str
    LETTERBOXD_MEMBER: str
    LETTERBOXD_TERMS_ACCEPTED: bool
    LETTERBOXD_NOW: str
    LETTERBOXD_NODE: str
    LEASE_SECONDS: float = Field(gt=0, le=LONGEST_WAIT)
    DATABASE_PATIENCE: float = Field(ge=0)
    LETTERBOXD_BROWSER: bool
    LETTERBOXD_CHROMIUM: str
    ROBOTSTXT_OBEY: bool
    DOWNLOAD_DELAY: float = Field(ge=0, le=LONGEST_WAIT)
    CONCURRENT_REQUESTS: int = Field(ge=1)
    AUTOTHROTTLE_ENABLED: bool
    AUTOTHROTTLE_START_DELAY: float = Field(ge=0)
    AUTOTHROTTLE_MAX_DELAY: float = Field(ge=0)
    AUTOTHROTTLE_TARGET_CONCURRENCY: float = Field(gt=0)
    DOWNLOAD_TIMEOUT: float = Field(gt=0)
    RETRY_TIMES: int = Field(ge=0)
    RETRY_BACKOFF_BASE: float = Field(ge=0)
    CHALLENGE_PAUSE: float = Field(ge=0, le=LONGEST_WAIT)
    DELTA_KNOWN_RUN: int = Field(ge=1)
    DELTA_AUDIT_DAYS: int = Field(ge=1)
    DELTA_MAX_PAGES: int = Field(ge=0)
    FAR_CIRCLE_DAYS: float = Field(ge=0)
    TMDB_BASE_URL: str
    TMDB_API_KEY: SecretStr
    TMDB_REQUESTS_PER_SECOND: float = Field(gt=0)
    TMDB_TIMEOUT: float = Field(gt=0)
    TMDB_REFRESH_DAYS: float = Field(gt=0)
    HISTOGRAM_REFRESH_DAYS: float = Field(gt=0)
    KEEP_RUNS_DAYS: int = Field(ge=0)
    KEEP_FAILURES_DAYS: int = Field(ge=0)
    LETTERBOXD_SERVE_TOKEN: SecretStr
    LETTERBOXD_PUBLIC_URL: str
    SCRAPYD_TARGETS: str
    SCRAPYD_USERNAME: str
    SCRAPYD_PASSWORD: SecretStr
    SCHEDULE_POLL_SECONDS: float = Field(gt=0)
    LETTERBOXD_NOTIFY: SecretStr
    CRAWL_ANEW: bool
    LOG_LEVEL: str
    LOG_FORMAT: str

    @field_validator("DATABASE_URL")
    @classmethod
    def _database(cls, url: str) -> str:
        return _absolute(url)

    @field_validator("LETTERBOXD_MEMBER")
    @classmethod
    def _member(cls, text: str) -> str:
        try:
            return member_name(text) if text.strip() else ""
        except ValueError:
            raise ValueError("must be your name in your profile's address, or that address") from None

    @field_validator("LETTERBOXD_BASE_URL", "TMDB_BASE_URL")
    @classmethod
    def _base(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        if "@" in url.split("/")[2]:  # the address is shown, and stands in every line of the log
            raise ValueError("must not hold a user name or a password")
        return url.rstrip("/")

    @field_validator("TMDB_API_KEY")
    @classmethod
    def _key(cls, key: SecretStr) -> SecretStr:
        # It is sent as it stands, in an address or a header.
        if not re.fullmatch(r"[\w.~-]*", key.get_secret_value().strip(), re.ASCII):
            raise ValueError("must be an API key or a read access token, without blanks or quotes")
        return SecretStr(key.get_secret_value().strip())

    @field_validator("LETTERBOXD_SERVE_TOKEN")
    @classmethod
    def _token(cls, token: SecretStr) -> SecretStr:
        return SecretStr(readable_token(token.get_secret_value()))

    @field_validator("LETTERBOXD_PUBLIC_URL")
    @classmethod
    def _public(cls, url: str) -> str:
        return _public_address(url.strip()) if url.strip() else ""

    @field_validator("LOG_LEVEL")
    @classmethod
    def _level(cls, name: str) -> str:
        if name.upper() not in logging.getLevelNamesMapping():
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return name.upper()

    @field_validator("LOG_FORMAT")
    @classmethod
    def _format(cls, name: str) -> str:
        if name not in (TEXT, JSON) and "%(" not in name:
            raise ValueError("must be text or json")
        return name

    @field_validator("LETTERBOXD_NOW")
    @classmethod
    def _now(cls, text: str) -> str:
        try:
            datetime.fromisoformat(text or "2026-01-31")
        except ValueError:
            raise ValueError("must be a moment, such as 2026-01-31T12:00:00Z") from None
        return text

    def now(self) -> datetime:
        """Return the time in UTC: the clock, or LETTERBOXD_NOW where it is set."""
        if not self.LETTERBOXD_NOW:
            return datetime.now(UTC)
        moment = datetime.fromisoformat(self.LETTERBOXD_NOW)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def silence(self) -> timedelta:
        """After so long without a sign of life a run is taken for dead."""
        return timedelta(seconds=2 * self.LEASE_SECONDS)

    @property
    def secrets(self) -> frozenset[str]:
        """The keys, tokens and passwords among the settings, as they may stand in a text."""
        hidden = (self.TMDB_API_KEY, self.LETTERBOXD_SERVE_TOKEN, self.SCRAPYD_PASSWORD)
        texts = {secret.get_secret_value() for secret in hidden}
        texts.update(self.LETTERBOXD_NOTIFY.get_secret_value().split())
        if parts := _WITH_PASSWORD.fullmatch(self.DATABASE_URL.partition("://")[2]):
            texts |= {parts["password"], unquote(parts["password"])}
        options = make_url(self.DATABASE_URL).normalized_query
        texts |= {text for name in options if "password" in name for text in options[name]}
        return frozenset(texts) - {""}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[Any, ...]:
        """Return where settings come from, what counts most first."""
        above = env_settings() | init_settings()
        return (
            init_settings,
            env_settings,
            lambda: _trusted_env_file(above)[0],
            _file_settings,
            _default_settings,
        )


def _trusted_env_file(above: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Return the settings of .env, and a line for each thing in it that is ignored."""
    values, problem = env_file.read()
    refused = env_file.refused(values, above, _file_settings())
    lines = [f"ignoring {name} in {env_file.FILE.absolute()}: {why}" for name, why in refused.items()]
    kept = {
        name: value for name, value in values.items() if name in Config.model_fields.keys() - refused.keys()
    }
    return kept, [problem, *lines] if problem else lines


def ignored(overrides: Mapping[str, Any]) -> list[str]:
    """Return a line for each thing in .env that is ignored; ``overrides`` come from the command line."""
    return _trusted_env_file(EnvSettingsSource(Config)() | dict(overrides))[1]


def _file_settings() -> dict[str, Any]:
    name = os.environ.get(CONFIG_VARIABLE)
    if not name:
        return {}
    try:
        return _checked_names(tomllib.loads(Path(name).read_text(encoding="utf-8")), name)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the configuration file {name}: {refusal(error)}") from None


def _checked_names(values: dict[str, Any], name: str) -> dict[str, Any]:
    unknown = values.keys() - Config.model_fields.keys()
    if unknown:
        wrong = min(unknown)
        alike = get_close_matches(wrong, Config.model_fields, n=1)
        raise InputError(
            f"{name}: unknown setting {wrong}{''.join(f': did you mean {one}?' for one in alike)}"
        )
    return values


@cache
def _default_settings() -> dict[str, Any]:
    return tomllib.loads(files("letterboxd_scraper").joinpath("default.toml").read_text(encoding="utf-8"))


def load(**overrides: Any) -> Config:
    """Return the settings; ``overrides`` come from the command line. Raises InputError."""
    try:
        return Config(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        is_hidden = name in SECRETS or "@" in str(first["input"])
        value = "" if is_hidden else f" is {first['input']!r}, but"
        what = why_refused(error, Config.model_fields)
        raise InputError(f"setting {name} ({origins(overrides)[name]}){value} {what}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read .env in this folder: {refusal(error)}") from None


def origins(overrides: Mapping[str, Any]) -> dict[str, str]:
    """Return where each setting's value comes from, in words; ``overrides`` come from the command line."""
    layers = {
        "default": _default_settings(),
        f"file {os.environ.get(CONFIG_VARIABLE)}": _file_settings(),
        ".env": _trusted_env_file(EnvSettingsSource(Config)() | dict(overrides))[0],
        "environment": EnvSettingsSource(Config)(),
        "command line": overrides,
    }
    return {
        name: origin for origin, values in layers.items() for name in values if name in Config.model_fields
    }


def from_settings(settings: Mapping[str, Any]) -> Config:
    """Return the settings as Scrapy has them: its command line and Scrapyd may have overridden ours.

    What was checked for a whole crawl stands among them, under the name CHECKED.
    """
    if (checked := settings.get(CHECKED)) is not None:
        return cast(Config, checked)
    chosen = {name: settings[name] for name in Config.model_fields if name in settings}
    return load(**env_file.without_addresses(chosen))


def readable_token(text: str) -> str:
    """Return a token as it is sent in a header, without blanks around it. Raises ValueError."""
    if not re.fullmatch(r"[!-~]*", text.strip()):
        raise ValueError("must be one word of ASCII letters, digits and signs")
    return text.strip()


def _public_address(url: str) -> str:
    """Return a server's address, of which paths make links: its scheme and host. Raises ValueError.

    >>> _public_address("HTTPS://Films.example.org/"), _public_address("http://127.0.0.1:8000")
    ('https://films.example.org', 'http://127.0.0.1:8000')
    """
    scheme, _, host = url.lower().removesuffix("/").partition("://")
    is_this_machine = re.fullmatch(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", host, re.ASCII)
    is_host = re.fullmatch(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d{1,5})?", host, re.ASCII)
    if is_host and (scheme == "https" or (scheme == "http" and is_this_machine)):
        return f"{scheme}://{host}"
    raise ValueError(
        "must be the https address of the server alone, such as https://films.example.org "
        "(http on this machine only)"
    )


def user_agent(contact: str) -> str:
    """Return what the site is told: this project's name, its version and whom to ask."""
    name = f"letterboxd-scraper/{__version__}"
    return f"{name} (+{contact})" if contact else name


_ADDRESS = "must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"


def _absolute(url: str) -> str:
    """Return the database's address, independent of the working directory, with its driver named."""
    if not url.strip():
        folder = user_data_path("letterboxd-scraper", appauthor=False)
        return _of_file(str(folder / "letterboxd.db"))
    scheme, _, rest = url.partition("://")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg2"}:
        return _parsed(f"postgresql+psycopg2://{rest}")
    if scheme == "sqlite" and rest.startswith("/") and rest != "/:memory:":
        return _of_file(str(Path(_path(rest[1:])).expanduser().absolute()))
    raise ValueError(_ADDRESS)


def _path(text: str) -> str:
    """Return the path that is meant: ? and % are themselves, unless each % is an escape of the library."""
    escapes = re.findall("%..|%", text)
    return unquote(text) if all(_of_file(unquote(sign)).endswith(sign) for sign in escapes) else text


def _of_file(path: str) -> str:
    return URL.create("sqlite", database=path).render_as_string()


# The first @ behind which stands what can be a host and a database: those before it belong to the password.
_WITH_PASSWORD = re.compile(
    r"(?P<user>[^:@]*):(?P<password>.*?)@(?P<where>(\[[^]@]*\]|[^@/?:]*)(:\d+)?(/[^?@]*)?(\?[\w.]+=.*)?)",
    re.DOTALL,
)


def _parsed(address: str) -> str:
    """Return a database's address as its library reads it, in which a bare @ ends the password."""
    driver, _, rest = address.partition("://")
    if parts := _WITH_PASSWORD.fullmatch(rest):
        password = parts["password"].replace("@", "%40")
        address = f"{driver}://{parts['user']}:{password}@{parts['where']}"
    try:
        make_url(address)
    except (ValueError, exc.ArgumentError):
        raise ValueError(_ADDRESS) from None
    return address
