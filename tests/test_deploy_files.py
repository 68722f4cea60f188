"""What stands in deploy/: units that systemd accepts, a compose file that keeps to itself, no secrets."""

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from dotenv import dotenv_values

from letterboxd_scraper.config import Config
from tests import in_process
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
GUIDE = (DEPLOY / "README.md").read_text()
# A command of ours as the guide prints it, also one that is run in a container: its words, and its options.
COMMANDS = sorted(
    set(re.findall(r"(?<!/)letterboxd ((?!letterboxd)[a-z]+(?: [a-z]+)?)((?: --[a-z]+(?: \w+)?)*)", GUIDE))
)
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
EXAMPLE = dotenv_values(DEPLOY / "env.example")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A stand-in for /srv/letterboxd, with programs to be started."""
    for name in ("scrapyd", "letterboxd"):
        program = tmp_path / ".venv" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    (tmp_path / ".env").write_text((DEPLOY / "env.example").read_text())
    return tmp_path


def installed(unit: Path, home: Path) -> Path:
    """Return a unit as it stands in /etc/systemd/system, had the project's folder been ``home``."""
    copy = home / unit.name
    copy.write_text(unit.read_text().replace("/srv/letterboxd", str(home)))
    return copy


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_the_unit(unit: Path, home: Path) -> None:
    command = ("systemd-analyze", "verify", "--man=no", installed(unit, home))
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_scrapyd_is_not_started_without_a_password(home: Path) -> None:
    unit = installed(DEPLOY / "scrapyd.service", home).read_text()
    found = re.search(r"^ExecStartPre=/bin/sh -c '(.*)'$", unit, re.MULTILINE)
    assert found
    check = ["/bin/sh", "-c", found[1].replace("$$", "$")]
    refused = subprocess.run(
        check, env={"SCRAPYD_USERNAME": "operator"}, capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert f"SCRAPYD_PASSWORD: is not set in {home}/.env" in refused.stderr
    subprocess.run(check, env={"SCRAPYD_USERNAME": "operator", "SCRAPYD_PASSWORD": "x"}, check=True)


def test_no_file_holds_a_secret() -> None:
    for name in ("SCRAPYD_PASSWORD", "POSTGRES_PASSWORD", "TMDB_API_KEY", "LETTERBOXD_SERVE_TOKEN"):
        assert EXAMPLE[name] == ""
    given = [service.get("environment", {}) for service in COMPOSE["services"].values()]
    for name, value in [pair for environment in given for pair in environment.items()]:
        if name.endswith("PASSWORD"):
            assert value.startswith("${"), name
        elif name == "DATABASE_URL":
            assert ":${POSTGRES_PASSWORD:?" in value
    configuration = ConfigParser()
    configuration.read(DEPLOY / "scrapyd.conf")
    assert not {"username", "password"} & set(configuration["scrapyd"])


def test_the_example_names_settings_that_exist() -> None:
    used = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    known = Config.model_fields.keys() | {"SCRAPYD_USERNAME", "SCRAPYD_PASSWORD"} | used
    assert EXAMPLE.keys() <= known
    assert used <= EXAMPLE.keys() | {"LETTERBOXD_NODE"}


def test_containers_are_reached_from_this_machine_only_and_say_when_they_work() -> None:
    services = COMPOSE["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert all("healthcheck" in services[name] for name in ("postgres", "scrapyd"))
    assert services["scrapyd"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    kept = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert kept == COMPOSE["volumes"].keys()


def test_the_image_is_made_of_what_there_is_and_of_no_settings_file() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    wanted = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert all((ROOT / name).exists() for name in wanted)
    assert not any(name.endswith(".env") for name in wanted)
    assert COMPOSE["services"]["scrapyd"]["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}


@pytest.mark.parametrize(("words", "options"), COMMANDS)
def test_the_guide_names_commands_that_exist(words: str, options: str, tmp_path: Path) -> None:
    shown = in_process.run(
        [sys.executable, "-m", "letterboxd_scraper", *words.split(), "--help"], tmp_path, {}
    )
    assert shown.returncode == 0, shown.stderr
    assert all(option in shown.stdout for option in re.findall(r"--\w+", options))


def test_the_guide_names_files_that_exist() -> None:
    named = set(re.findall(r"\bdeploy/([\w.*-]+)", GUIDE)) | set(
        re.findall(r"`([\w-]+\.(?:service|yaml|conf))`", GUIDE)
    )
    assert {"env.example", "scrapyd.service", "compose.yaml"} <= named
    for name in named - {"postgresql.conf", "pg_hba.conf"}:
        assert list(DEPLOY.glob(name)), name
