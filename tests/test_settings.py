"""Settings: where each comes from, and the file that `letterboxd init` writes."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from scrapy.settings import Settings

from letterboxd_scraper import config
from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.engine import masked_url
from letterboxd_scraper.terminal.json_log import JsonLines
from tests import questions as terminal
from tests.conftest import Shell, assert_ended, on_sqlite


@pytest.fixture
def laptop(tmp_path: Path) -> Shell:
    """Somebody without any setting, in an empty folder."""
    ours = ("LETTERBOXD_", "TMDB_", "DATABASE_URL", "DOWNLOAD_DELAY", "LOG_LEVEL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return Shell(tmp_path, environment | {"XDG_DATA_HOME": str(tmp_path / "data")})


def config_shown(shell: Shell, *options: str, **settings: str) -> dict[str, tuple[object, str]]:
    process = shell.letterboxd("config", "show", "--json", *options, **settings)
    assert_ended(process, 0)
    return {row["setting"]: (row["value"], row["from"]) for row in json.loads(process.stdout)}


def test_each_layer_comes_before_the_next(laptop: Shell) -> None:
    names = ("RETRY_TIMES", "DELTA_AUDIT_DAYS", "DELTA_KNOWN_RUN", "LETTERBOXD_CONTACT")
    (laptop.folder / "some.toml").write_text(
        'RETRY_TIMES = 1\nDELTA_AUDIT_DAYS = 1\nDELTA_KNOWN_RUN = 1\nLOG_LEVEL = "ERROR"\n'
    )
    (laptop.folder / ".env").write_text("RETRY_TIMES=2\nDELTA_AUDIT_DAYS=2\nLOG_LEVEL=ERROR\n")
    options = ("--config", "some.toml", "--log-level", "DEBUG")
    settings = config_shown(laptop, *options, RETRY_TIMES="4", LOG_LEVEL="WARNING")
    assert [settings[name] for name in names] == [
        (4, "environment"),
        (2, ".env"),
        (1, "file some.toml"),
        ("", "default"),
    ]
    assert settings["LOG_LEVEL"] == ("DEBUG", "command line")


def test_secrets_are_never_shown(laptop: Shell) -> None:
    secret = {"TMDB_API_KEY": "s3cretkey", "DATABASE_URL": "postgresql://me:s3cretword@host/name"}
    told = laptop.letterboxd("config", "show", **secret)
    assert_ended(told, 0)
    assert "s3cret" not in told.stdout + told.stderr
    settings = config_shown(laptop, **secret)
    assert "s3cret" not in str(settings)
    assert settings["TMDB_API_KEY"][0]  # that there is one can be seen
    assert not config_shown(laptop)["TMDB_API_KEY"][0]


def test_a_wrong_value_is_named_with_the_place_it_comes_from(laptop: Shell) -> None:
    (laptop.folder / ".env").write_text("DOWNLOAD_DELAY=soon\n")
    process = laptop.letterboxd("config", "show")
    assert_ended(process, 2)
    what = "setting DOWNLOAD_DELAY (.env) is 'soon', but must be a number, at least 0, at most 900"
    assert process.stderr == f"letterboxd: {what}\n"


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("ROBOTSTXT_OBEY", "perhaps", "true or false"),
        ("CONCURRENT_REQUESTS", "1.5", "a whole number, at least 1"),
        ("TMDB_TIMEOUT", "0", "a number, more than 0"),
        ("LETTERBOXD_NOW", "tomorrow", "a moment, such as 2026-01-31T12:00:00Z"),
        ("LETTERBOXD_MEMBER", "Mar La", "your name in your profile's address, or that address"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING or ERROR"),
        *(
            (
                "LETTERBOXD_PUBLIC_URL",
                url,
                "the https address of the server alone, such as https://films.example.org "
                "(http on this machine only)",
            )
            for url in (
                "films.example.org",
                "http://films.example.org",
                "http://127.films.example.org",
                "https://films.example.org/join",
                "https://films.example.org?x=1",
                "https://films.example.org#x",
                "https://films example.org",
                "https://",
                "https://films.example.org:port",
                "ftp://127.0.0.1",
            )
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_it_may_be(
    name: str, value: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as refused:
        config.load()
    assert str(refused.value) == f"setting {name} (environment) is {value!r}, but must be {what}"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (" ", ""),
        (" https://Films.example.org:8443/ ", "https://films.example.org:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_the_servers_address_is_its_scheme_and_host(value: str, address: str) -> None:
    assert address == config.load(LETTERBOXD_PUBLIC_URL=value).LETTERBOXD_PUBLIC_URL


def test_a_password_in_the_servers_address_is_not_shown() -> None:
    with pytest.raises(InputError) as refused:
        config.load(LETTERBOXD_PUBLIC_URL="https://me:s3cret@films.example.org")
    assert "s3cret" not in str(refused.value)


def test_a_misspelled_setting_names_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.toml").write_text("DOWNLOAD_DELY = 2")
    monkeypatch.setenv(config.CONFIG_VARIABLE, str(tmp_path / "my.toml"))
    with pytest.raises(InputError, match="DOWNLOAD_DELY: did you mean DOWNLOAD_DELAY"):
        config.load()


def test_a_password_among_an_addresss_options_is_not_shown(laptop: Shell) -> None:
    address = "postgresql://marla@localhost:1/letterboxd?password=s3cret&sslpassword=s3cret&sslmode=disable"
    for words in (["config", "show"], ["cohort", "list"]):
        process = laptop.letterboxd(*words, DATABASE_URL=address)
        assert "s3cret" not in process.stdout + process.stderr
    assert "sslmode=disable" in process.stderr


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o646])
def test_a_file_that_others_can_write_is_ignored_in_one_line(laptop: Shell, mode: int) -> None:
    file = laptop.folder / ".env"
    file.write_text("LETTERBOXD_MEMBER=marla\n")
    file.chmod(mode)
    process = laptop.letterboxd("config", "show", "--json")
    assert_ended(process, 0)
    assert process.stderr == f"ignoring {file}: others than you can write it: chmod 600 .env\n"
    assert '"LETTERBOXD_MEMBER"' in process.stdout
    assert "marla" not in process.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("is_link", [False, True], ids=["file", "link"])
def test_a_file_of_somebody_else_is_ignored_in_one_line(laptop: Shell, *, is_link: bool) -> None:
    file = laptop.folder / ".env"
    if is_link:
        (laptop.folder / "mine").write_text("LETTERBOXD_MEMBER=marla\n")
        file.symlink_to("mine")
    else:
        file.write_text("LETTERBOXD_MEMBER=marla\n")
    os.chown(file, 65534, 65534, follow_symlinks=False)
    process = laptop.letterboxd("config", "show", LOG_FORMAT="json")
    assert_ended(process, 0)
    (line,) = process.stderr.splitlines()
    assert json.loads(line)["event"] == f"ignoring {file}: it belongs to somebody else"
    assert "marla" not in process.stdout


def test_a_folder_of_that_name_is_no_file(laptop: Shell) -> None:
    (laptop.folder / ".env").mkdir()
    assert_ended(laptop.letterboxd("config", "show"), 0)


def test_the_file_names_no_program(laptop: Shell) -> None:
    (laptop.folder / ".env").write_text("LETTERBOXD_CHROMIUM=./evil\nLETTERBOXD_BROWSER=true\n")
    settings = config_shown(laptop)
    assert settings["LETTERBOXD_CHROMIUM"] == ("", "default")
    assert settings["LETTERBOXD_BROWSER"] == (True, ".env")
    told = laptop.letterboxd("config", "show").stderr
    why = "it names a program to be run"
    assert told == f"ignoring LETTERBOXD_CHROMIUM in {laptop.folder}/.env: {why}\n"
    assert config_shown(laptop, LETTERBOXD_CHROMIUM="mine")["LETTERBOXD_CHROMIUM"] == ("mine", "environment")


ELSEWHERE = "http://evil.example/3"


@pytest.mark.parametrize(
    ("file", "options", "environment", "is_used"),
    [
        ("", (), {}, True),  # no secret is sent
        ("TMDB_API_KEY=k1\n", (), {}, True),  # the file's own
        ("", (), {"TMDB_API_KEY": "k2"}, False),
        ("TMDB_API_KEY=k1\n", (), {"TMDB_API_KEY": "k2"}, False),
        ("", ("--config", "some.toml"), {}, False),
        ("TMDB_API_KEY=k1\n", ("--config", "some.toml"), {}, True),
    ],
)
def test_the_file_sends_no_secret_of_others_to_an_address(
    laptop: Shell, file: str, options: tuple[str, ...], environment: dict[str, str], *, is_used: bool
) -> None:
    (laptop.folder / "some.toml").write_text('TMDB_API_KEY = "k3"\n')
    (laptop.folder / ".env").write_text(f"TMDB_BASE_URL={ELSEWHERE}\n{file}")
    settings = config_shown(laptop, *options, **environment)
    assert (settings["TMDB_BASE_URL"] == (ELSEWHERE, ".env")) is is_used
    told = laptop.letterboxd("config", "show", *options, **environment).stderr
    assert ("ignoring TMDB_BASE_URL in" in told) is not is_used


def test_nor_one_that_scrapy_s_command_line_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(f"TMDB_BASE_URL={ELSEWHERE}\n")
    monkeypatch.chdir(tmp_path)
    chosen = {"TMDB_BASE_URL": ELSEWHERE, "TMDB_API_KEY": "k4"}
    assert config.from_settings(chosen).TMDB_BASE_URL == "https://api.themoviedb.org/3"
    assert config.from_settings(chosen | {"TMDB_BASE_URL": "http://mine"}).TMDB_BASE_URL == "http://mine"


# An address, and the host and password that its library is to read from it.
ADDRESSES = [
    ("postgresql://me:s3@cret@host/name", "host", "s3@cret"),
    ("postgresql://me:s3%40cret@host:5432/name?sslmode=require", "host", "s3@cret"),
    ("postgresql://me:s3@c/r?e#t@host", "host", "s3@c/r?e#t"),
    ("postgresql://me:s3@cret@[::1]/name", "::1", "s3@cret"),
    ("postgresql://me@host/name?password=s3@cret", "host", None),
    ("postgresql:///name?host=/run/postgresql", None, None),
]


@pytest.mark.parametrize(("address", "host", "password"), ADDRESSES)
def test_what_stands_in_a_password_is_part_of_it(
    address: str, host: str | None, password: str | None
) -> None:
    settings = config.load(DATABASE_URL=address)
    read = sa.make_url(settings.DATABASE_URL)
    assert (read.host, read.password) == (host, password)
    masked = masked_url(settings.DATABASE_URL)
    assert not any(part in masked for part in ("s3", "cret"))
    assert "s3" not in JsonLines(settings.secrets).hide(f"cannot use {address}")


@pytest.mark.parametrize("name", ["LETTERBOXD_BASE_URL", "TMDB_BASE_URL"])
def test_an_address_that_is_shown_holds_no_password(name: str, laptop: Shell) -> None:
    process = laptop.letterboxd("config", "show", **{name: "http://me:s3cret@127.0.0.1:9"})
    assert_ended(process, 2)
    told = f"letterboxd: setting {name} (environment) must not hold a user name or a password\n"
    assert process.stderr == told


def test_settings_that_are_no_text_are_one_line(laptop: Shell) -> None:
    (laptop.folder / ".env").write_text("LETTERBOXD_MEMBER=marla", encoding="utf-16")  # as PowerShell writes
    process = laptop.letterboxd("config", "show")
    assert_ended(process, 2)
    assert process.stderr.startswith("letterboxd: cannot read .env in this folder: ")
    assert process.stderr.count("\n") == 1


def test_init_writes_a_file_that_the_commands_read(laptop: Shell) -> None:
    told = laptop.letterboxd("init", "--member", "Marla", "--contact", "marla@example.org")
    assert_ended(told, 0)
    assert "now: letterboxd sync" in told.stderr
    file = laptop.folder / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    settings = config_shown(laptop)
    assert settings["LETTERBOXD_MEMBER"] == ("marla", ".env")
    assert settings["LETTERBOXD_CONTACT"] == ("marla@example.org", ".env")
    assert settings["TMDB_API_KEY"][1] == "default"
    again = laptop.letterboxd("init", "--member", "kip", "--contact", "kip@example.org")
    assert_ended(again, 2)
    assert ".env is there already" in again.stderr
    assert "marla" in file.read_text()
    file.chmod(0o644)
    forced = laptop.letterboxd("init", "--force", "--member", "kip", "--contact", "https://kip.example.org")
    assert_ended(forced, 0)
    assert config_shown(laptop)["LETTERBOXD_MEMBER"] == ("kip", ".env")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600  # whoever could read the old one cannot read the new


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--contact", "me@example.org"], "give --member NAME"),
        (["--member", "marla"], "give --contact ADDRESS"),
        (["--member", "not a name", "--contact", "me@example.org"], "is not a member name"),
        (["--member", "marla", "--contact", "nobody"], "give an e-mail address or a URL"),
        (["--member", "marla", "--contact", 'a@b"\nDATABASE_URL=x'], "give an e-mail address or a URL"),
        (["--member", "marla", "--contact", "a@b.c", "--output", "no/where"], "cannot write no/where"),
    ],
)
def test_init_refuses_what_makes_no_sense_and_writes_nothing(
    laptop: Shell, options: list[str], says: str
) -> None:
    process = laptop.letterboxd("init", *options)
    assert_ended(process, 2)
    assert says in process.stderr
    assert not (laptop.folder / ".env").exists()


def test_init_asks_at_a_terminal_and_does_not_show_the_key(laptop: Shell) -> None:
    seen = terminal.answer(
        [sys.executable, "-m", "letterboxd_scraper", "init"],
        laptop.folder,
        laptop.environment,
        {
            "letterboxd.com/NAME): ": "marla z",  # which is asked for again
            "NAME): ": "https://letterboxd.com/Marla/",
            "URL): ": "marla@example.org",
            "not shown): ": "s3cretkey",
        },
    )
    assert "now: letterboxd sync" in seen
    assert "'marla z' is not a member name" in seen
    assert "s3cretkey" not in seen
    assert config_shown(laptop)["LETTERBOXD_MEMBER"] == ("marla", ".env")
    assert 'TMDB_API_KEY="s3cretkey"' in (laptop.folder / ".env").read_text().splitlines()


@on_sqlite
def test_sync_reads_the_circle_of_the_configured_member(known: Shell) -> None:
    nobody = known.letterboxd("sync", "--label", "mine", LETTERBOXD_MEMBER="")
    assert_ended(nobody, 2)
    assert "give --seed NAME, or set LETTERBOXD_MEMBER" in nobody.stderr
    process = known.letterboxd("sync", "--label", "mine", "--limit", "3", LETTERBOXD_MEMBER="marla")
    assert_ended(process, 0)
    assert (known.folder / "mine.csv").exists()


def test_scrapy_has_every_setting_but_the_secrets_under_its_own_name() -> None:
    hidden = {"TMDB_API_KEY", "LETTERBOXD_SERVE_TOKEN", "LETTERBOXD_NOTIFY", "SCRAPYD_PASSWORD"}
    settings = Settings()
    settings.setmodule("letterboxd_scraper.settings")
    assert Config.model_fields.keys() - hidden <= set(settings)
    assert not hidden & set(settings)


@on_sqlite
def test_a_crawl_checks_its_settings_once(known: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    load, checked = config.load, []

    def noted(**overrides: object) -> Config:
        checked.append(overrides)
        return load(**overrides)

    monkeypatch.setattr(config, "load", noted)
    assert_ended(known.scrapy("follow_graph", "-s", "RETRY_TIMES=1", cohort="friends"), 0)
    ours, with_scrapys = checked
    assert (ours.get("RETRY_TIMES"), with_scrapys["RETRY_TIMES"]) == (None, "1")
