"""What calls the jobs at night: lines for cron and timers of systemd, and that they work when called so."""

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.schedule import install as installation
from letterboxd_scraper.schedule.timers import (
    Timetable,
    cron_block,
    launchd_agents,
    systemd_units,
    with_cron_block,
)
from tests.conftest import Shell, assert_ended, on_sqlite, settings_for
from tests.site import Fault, Site
from tests.spiders.test_when_rated import TONIGHT

SCRIPT = str(Path(sys.executable).with_name("letterboxd"))
ODD = "a b 100% it's $HOME"
NIGHTLY = Timetable("friends", ("/opt/bin/letterboxd", "schedule", "run"), Path("/srv") / ODD, 3, 5, None)
MONTHLY = Timetable("friends", ("letterboxd", "schedule", "run"), Path("/srv/x"), 23, 59, 28)
# Stands for the crontab of a user, where a real one would be somebody's.
CRONTAB = """#!/bin/sh
case "$1" in
  -l) [ -f "$HOME/crontab" ] && cat "$HOME/crontab" || { echo "no crontab for me" >&2; exit 1; } ;;
  -) cat > "$HOME/crontab" ;;
esac
"""


def test_lines_for_cron() -> None:
    folder = "'/srv/a b 100\\% it'\"'\"'s $HOME'"
    assert cron_block(NIGHTLY).splitlines() == [
        "# letterboxd, cohort friends: begin",
        f"5 3 * * * cd {folder} && /opt/bin/letterboxd schedule run --job nightly",
        "# letterboxd, cohort friends: end",
    ]
    assert cron_block(MONTHLY).splitlines()[1:-1] == [
        "59 23 * * * cd /srv/x && letterboxd schedule run --job nightly",
        "59 23 28 * * cd /srv/x && letterboxd schedule run --job monthly",
    ]


def test_units_of_systemd() -> None:
    units = systemd_units(NIGHTLY)
    assert list(units) == ["letterboxd-friends-nightly.service", "letterboxd-friends-nightly.timer"]
    service, timer = units.values()
    assert "\nWorkingDirectory=/srv/a b 100%% it's $HOME\n" in service
    assert "\nExecStart=/opt/bin/letterboxd schedule run --job nightly\n" in service
    assert "\nOnCalendar=*-*-* 03:05:00\n" in timer
    assert "\nPersistent=true\n" in timer  # a laptop that slept gets its night when it wakes
    assert "\nOnCalendar=*-*-28 23:59:00\n" in systemd_units(MONTHLY)["letterboxd-friends-monthly.timer"]


def test_agents_of_launchd() -> None:
    agents = launchd_agents(NIGHTLY, Path("/Users/me/Library/Logs"))
    assert list(agents) == ["letterboxd-friends-nightly.plist"]
    (agent,) = map(plistlib.loads, map(str.encode, agents.values()))
    log = "/Users/me/Library/Logs/letterboxd-friends-nightly.log"
    assert agent == {
        "Label": "letterboxd-friends-nightly",
        "ProgramArguments": ["/opt/bin/letterboxd", "schedule", "run", "--job", "nightly"],
        "WorkingDirectory": str(Path("/srv") / ODD),
        "StartCalendarInterval": {"Hour": 3, "Minute": 5},
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    monthly = launchd_agents(MONTHLY, Path())["letterboxd-friends-monthly.plist"]
    assert plistlib.loads(monthly.encode())["StartCalendarInterval"] == {"Day": 28, "Hour": 23, "Minute": 59}


def test_a_path_that_neither_can_call_is_refused() -> None:
    with pytest.raises(InputError, match="neither cron nor systemd"):
        Timetable("friends", ("letterboxd",), Path("/srv/two\nlines"), 3, 5, None)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    plan = Timetable("friends", (sys.executable, "-m", "a b", "100%", "$HOME", "it's"), folder, 3, 5, 28)
    files = [tmp_path / name for name in systemd_units(plan)]
    for file in files:
        file.write_text(systemd_units(plan)[file.name])
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    ours = [line for line in told.stderr.splitlines() if "letterboxd" in line]
    assert (told.returncode, ours) == (0, []), told.stderr


OTHERS = "MAILTO=me\n# mine\n0 4 * * * backup"


@pytest.mark.parametrize("before", ["", OTHERS, OTHERS + "\n", "\n\n"])
def test_a_crontab_keeps_what_is_not_ours(before: str) -> None:
    block, other = cron_block(NIGHTLY), cron_block(MONTHLY).replace("friends", "friends-2")
    once = with_cron_block(before, "friends", block)
    assert once.startswith(before)
    assert once.endswith(block)
    assert with_cron_block(once, "friends", block) == once
    both = with_cron_block(once, "friends-2", other)
    later = with_cron_block(both, "friends", cron_block(MONTHLY))
    assert later == both.replace(block, cron_block(MONTHLY))
    assert with_cron_block(with_cron_block(later, "friends", ""), "friends-2", "").rstrip(
        "\n"
    ) == before.rstrip("\n")


def test_a_block_without_its_end_is_not_guessed() -> None:
    torn = cron_block(NIGHTLY).rsplit("# ", 1)[0] + OTHERS
    with pytest.raises(InputError, match="mend it first"):
        with_cron_block(torn, "friends", cron_block(NIGHTLY))


@pytest.fixture
def home(site: Site, crawled_engine: sa.Engine, tmp_path: Path) -> Shell:
    """A user's home: settings in a .env, a crontab, and nothing in the environment but what cron leaves."""
    folder = tmp_path / ODD
    folder.mkdir()
    settings = settings_for(site.url, str(crawled_engine.url))
    (folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "crontab").write_text(CRONTAB)
    (programs / "crontab").chmod(0o755)
    return Shell(folder, {"HOME": str(tmp_path), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8"})


def install(home: Shell, *options: str) -> "subprocess.CompletedProcess[str]":
    ended = home.letterboxd("schedule", "install", "--cohort", "friends", *options)
    assert_ended(ended, 0)
    return ended


@on_sqlite
def test_cron_calls_the_night(home: Shell, tmp_path: Path, site: Site) -> None:
    site.faults.add(Fault("status", path="/robots.txt", code=404, times=1), Fault("challenge"))
    printed = install(home, "--as", "cron", "--local", "--monthly", "0")
    written = install(home, "--as", "cron", "--local", "--monthly", "0", "--write")
    assert (tmp_path / "crontab").read_text() == printed.stdout
    assert "written into your crontab" in written.stderr
    assert "only this shell" not in written.stderr
    assert "already" in install(home, "--as", "cron", "--local", "--monthly", "0", "--write").stderr
    (line,) = [line for line in printed.stdout.splitlines() if not line.startswith("#")]
    assert f"{SCRIPT} schedule run --cohort friends --local --job nightly" in line
    command = line.split(maxsplit=5)[5].replace("\\%", "%")
    called = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd="/",
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LETTERBOXD_NOW": TONIGHT.isoformat()},
        capture_output=True,
        text=True,
        check=False,
    )
    # The site lets nobody in tonight: to come there takes the program, the folder and its settings.
    assert called.returncode == 4, called.stderr
    assert called.stdout.startswith("friends, nightly: exit code 4 after ")
    assert [hit.path for hit in site.log][:2] == ["/robots.txt", "/marla/following/"]


@on_sqlite
def test_what_was_installed_goes_again(home: Shell, tmp_path: Path) -> None:
    (tmp_path / "crontab").write_text(OTHERS + "\n")
    install(home, "--as", "cron", "--write")
    install(home, "--as", "cron", "--write", "--nightly", "23:15", "--monthly", "28")
    assert (tmp_path / "crontab").read_text().count("23 * * cd ") == 0
    assert "\n15 23 28 * * cd " in (tmp_path / "crontab").read_text()
    for told in ("removed: the jobs of friends", "no job of friends was installed"):
        ended = home.letterboxd("schedule", "remove", "--yes", "--cohort", "friends", "--as", "cron")
        assert_ended(ended, 0)
        assert told in ended.stderr
    assert (tmp_path / "crontab").read_text() == OTHERS + "\n"


@on_sqlite
@pytest.mark.parametrize("cohort", ["friends", "1"])
def test_units_are_written_and_removed(home: Shell, tmp_path: Path, cohort: str) -> None:
    folder = tmp_path / ".config" / "systemd" / "user"
    told = install(home, "--as", "systemd", "--write").stderr
    assert "systemctl --user enable --now letterboxd-friends-nightly.timer letterboxd-friends-monthly" in told
    assert len(list(folder.iterdir())) == 4
    install(home, "--as", "systemd", "--write", "--monthly", "0")
    assert len(list(folder.iterdir())) == 2
    assert "already" in install(home, "--as", "systemd", "--write", "--monthly", "0").stderr
    assert_ended(home.letterboxd("schedule", "remove", "--yes", "--cohort", cohort, "--as", "systemd"), 0)
    assert list(folder.iterdir()) == []


@on_sqlite
def test_a_night_that_is_told_of_has_no_address_in_its_unit(home: Shell, tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    address = "json://127.0.0.1/s3cret"
    with (home.folder / ".env").open("a") as file:
        file.write(f"LETTERBOXD_NOTIFY='{address}'\n")
    printed = install(home, "--as", "cron", "--local", "--notify", "--monthly", "0")
    written = install(home, "--as", "systemd", "--local", "--notify", "--names", "--write")
    units = [unit.read_text() for unit in (tmp_path / ".config" / "systemd" / "user").iterdir()]
    said = f"{printed.stdout}{printed.stderr}{written.stderr}"
    assert "--cohort friends --local --notify --job nightly" in printed.stdout
    assert sum("--local --notify --names --job " in unit for unit in units) == 2
    assert "s3cret" not in f"{said}{units}"
    assert "no job will start" not in said
    nobody = home.letterboxd("schedule", "install", "--local", "--notify", LETTERBOXD_NOTIFY="nonsense")
    assert "as it is, no job will start: address 1 in LETTERBOXD_NOTIFY" in nobody.stderr


@on_sqlite
def test_agents_are_written_and_removed_on_macos(
    home: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    folder = tmp_path / "Library" / "LaunchAgents"
    printed = install(home)
    assert f"# {folder}/letterboxd-friends-nightly.plist\n<?xml" in printed.stdout
    assert not folder.exists()
    told = install(home, "--write").stderr
    assert f"launchctl bootstrap gui/{os.getuid()} {folder}/letterboxd-friends-nightly.plist" in told
    assert f"launchctl bootout gui/{os.getuid()}/letterboxd-friends-monthly" in told
    assert {plistlib.loads(file.read_bytes())["Label"] for file in folder.iterdir()} == {
        "letterboxd-friends-nightly",
        "letterboxd-friends-monthly",
    }
    ended = home.letterboxd("schedule", "remove", "--cohort", "friends", "--yes")
    assert_ended(ended, 0)
    assert "now: launchctl bootout" in ended.stderr
    assert list(folder.iterdir()) == []


@on_sqlite
def test_settings_that_the_night_will_not_know_are_named_and_not_written(home: Shell) -> None:
    secret = "postgresql://me:s3cret@host/name"
    knows = Shell(home.folder, home.environment | {"TMDB_API_KEY": "s3cret"})
    told = install(knows, "--as", "cron", "--target", "one")
    assert (
        f"only this shell knows these settings, write them into {home.folder}/.env: TMDB_API_KEY"
        in told.stderr
    )
    assert "--target one --job nightly" in told.stdout
    assert "no job will start: no node: name one as [deploy]" in told.stderr
    real = Shell(home.folder, home.environment | {"LETTERBOXD_BASE_URL": "https://letterboxd.com"})
    assert "no job will start: Letterboxd's terms" in install(real, "--as", "cron", "--local").stderr
    ended = home.letterboxd("schedule", "install", "--cohort", "friends", "--db-url", secret)
    assert_ended(ended, 2)  # there is no such server
    assert "s3cret" not in told.stdout + told.stderr + ended.stdout + ended.stderr


@on_sqlite
@pytest.mark.parametrize(
    "wrong",
    [
        ("--nightly", "3:30"),
        ("--nightly", "24:00"),
        ("--monthly", "29"),
        ("--as", "anacron"),
        ("--cohort", "x"),
    ],
)
def test_bad_options_are_one_line(home: Shell, wrong: tuple[str, str]) -> None:
    ended = home.letterboxd("schedule", "install", "--cohort", "friends", *wrong)
    assert_ended(ended, 2)
    assert wrong[1] in ended.stderr.splitlines()[0]


def has_no_crontab() -> bool:
    if not shutil.which("crontab"):
        return False
    told = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    return "no crontab for" in told.stderr


@pytest.mark.skipif(not has_no_crontab(), reason="no cron here, or a crontab that is not ours to change")
def test_a_real_crontab_takes_the_lines() -> None:
    try:
        assert installation.into_crontab("friends", cron_block(NIGHTLY))
        assert not installation.into_crontab("friends", cron_block(NIGHTLY))
        told = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=True)
        assert told.stdout == cron_block(NIGHTLY)
        assert installation.into_crontab("friends", "")
    finally:
        subprocess.run(["crontab", "-r"], check=False)
