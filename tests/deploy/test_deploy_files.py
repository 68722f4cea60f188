"""What stands in deploy/: units that systemd accepts, a compose file that keeps to itself, no secrets."""

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml  # type: ignore[import-untyped]
from dotenv import dotenv_values

from letterboxd_scraper.config import Config
from letterboxd_scraper.server import uploads
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from tests import in_process
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
_GUIDES = (
    DEPLOY / "README.md",
    *(ROOT / "docs" / "how-to" / name for name in ("server.md", "several-nodes.md")),
)
GUIDE = "\n".join(guide.read_text(encoding="utf-8") for guide in _GUIDES)
# A command of ours as the guide prints it, also one that is run in a container: its words, and its options.
COMMANDS = sorted(
    set(re.findall(r"(?<!/)letterboxd ((?!letterboxd)[a-z]+(?: [a-z]+)?)((?: --[a-z]+(?: \w+)?)*)", GUIDE))
)
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
EXAMPLE = dotenv_values(DEPLOY / "env.example")
FOR_SERVE = dotenv_values(DEPLOY / "serve.env.example")


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
    command = re.search(r"^ExecStartPre=/bin/sh -c '(.*)'$", unit, re.MULTILINE)
    assert command
    check = ["/bin/sh", "-c", command[1].replace("$$", "$")]
    refused = subprocess.run(
        check, env={"SCRAPYD_USERNAME": "operator"}, capture_output=True, text=True, check=False
    )
    assert refused.returncode != 0
    assert f"SCRAPYD_PASSWORD: is not set in {home}/.env" in refused.stderr
    subprocess.run(check, env={"SCRAPYD_USERNAME": "operator", "SCRAPYD_PASSWORD": "x"}, check=True)


def test_no_file_holds_a_secret() -> None:
    for name in ("SCRAPYD_PASSWORD", "POSTGRES_PASSWORD", "READER_PASSWORD", "TMDB_API_KEY"):
        assert EXAMPLE[name] == ""
    assert (
        FOR_SERVE["PGPASSWORD"]
        == FOR_SERVE["LETTERBOXD_SERVE_TOKEN"]
        == EXAMPLE["LETTERBOXD_SERVE_TOKEN"]
        == ""
    )
    environments = [service.get("environment", {}) for service in COMPOSE["services"].values()]
    for name, value in [pair for environment in environments for pair in environment.items()]:
        if name.endswith(("PASSWORD", "TOKEN")):
            assert value.startswith("${") or not value, name
        elif name == "DATABASE_URL":  # where a password would have to be written as an address wants it
            assert re.fullmatch(r"postgresql://\w+@postgres/letterboxd", value)
    configuration = ConfigParser()
    configuration.read(DEPLOY / "scrapyd.conf")
    assert not {"username", "password"} & set(configuration["scrapyd"])


def test_the_example_names_settings_that_exist() -> None:
    used = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert EXAMPLE.keys() <= Config.model_fields.keys() | used
    assert FOR_SERVE.keys() <= Config.model_fields.keys() | {"PGPASSWORD"}
    assert used <= EXAMPLE.keys() | {"LETTERBOXD_NODE"}


def test_containers_are_reached_from_this_machine_only_and_say_when_they_work() -> None:
    services = COMPOSE["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert all("healthcheck" in services[name] for name in ("postgres", "scrapyd"))
    assert services["scrapyd"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    volumes = [volume for service in services.values() for volume in service.get("volumes", ())]
    kept = {volume.split(":")[0] for volume in volumes if not volume.endswith(":ro")}
    assert kept == COMPOSE["volumes"].keys()


def test_the_server_for_readers_gets_no_secret_but_its_own() -> None:
    serve = COMPOSE["services"]["serve"]
    assert "env_file" not in serve
    assert "volumes" not in serve
    assert serve["environment"].keys() == {"DATABASE_URL", "PGPASSWORD", "LETTERBOXD_SERVE_TOKEN"}
    unit = (DEPLOY / "letterboxd-serve.service").read_text()
    assert re.findall("^EnvironmentFile=(.*)$", unit, re.MULTILINE) == ["/srv/letterboxd/serve.env"]
    assert "InaccessiblePaths=-/srv/letterboxd/.env" in unit
    for_invitations = {"LETTERBOXD_PUBLIC_URL", "LETTERBOXD_CONTACT"}
    assert FOR_SERVE.keys() - for_invitations == serve["environment"].keys()


def test_proxies_let_uploads_through_to_where_the_server_listens_and_note_no_address() -> None:
    caddy, nginx = ((DEPLOY / name).read_text() for name in ("Caddyfile", "nginx.conf"))
    for text, size in ((caddy, r"max_size (\d+)MB"), (nginx, r"client_max_body_size (\d+)m;")):
        (megabytes,) = re.findall(size, text)
        assert int(megabytes) * 1_000_000 > uploads.MOST_BYTES
        assert "127.0.0.1:8000" in text
    assert re.search(r"log \{\s+exclude http.log.error\s+\}", caddy)
    assert "$request_method" in nginx
    assert not re.search(
        r"\$request[ ;'\"]|\$uri|\$http_referer|proxy_add_x", nginx.replace("$host$request_uri", "")
    )
    assert "proxy_set_header Host $http_host" in nginx


@pytest.mark.skipif(not shutil.which("psql"), reason="there is no psql here")
def test_who_reads_can_do_nothing_else(postgres_url: str, tmp_path: Path) -> None:
    password, url = "we:i@rd '$x\\", sa.make_url(postgres_url)
    where = [f"--host={url.query['host']}", f"--username={url.username}", f"--dbname={url.database}"]
    command = ["psql", "--set=ON_ERROR_STOP=1", "--file", str(DEPLOY / "reader.sql"), *where]
    subprocess.run(
        command, env=os.environ | {"READER_PASSWORD": password}, check=True, stdout=subprocess.DEVNULL
    )
    owner = make_engine(postgres_url)
    reader = sa.create_engine(url.set(username="letterboxd_reader", password=password))
    try:
        migrate.upgrade(owner)
        with reader.connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM films")) == 0
        with reader.connect() as connection:
            connection.execute(sa.text("SET TRANSACTION READ WRITE"))
            with pytest.raises(sa.exc.DBAPIError, match="permission denied"):
                connection.execute(sa.text("DELETE FROM films"))
    finally:
        reader.dispose()
        with owner.begin() as connection:
            connection.execute(sa.text("DROP ROLE letterboxd_reader"))
        owner.dispose()


def test_what_runs_cannot_change_the_code_nor_imports_what_lies_beside_the_data() -> None:
    image = (DEPLOY / "Dockerfile").read_text()
    assert "chown" not in image
    assert image.rindex("COPY") < image.index("USER letterboxd")
    assert "ENV PYTHONSAFEPATH=1" in image
    assert all("Environment=PYTHONSAFEPATH=1" in unit.read_text() for unit in UNITS)


def test_the_image_is_made_of_what_there_is_and_of_no_settings_file() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    kept = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    assert all((ROOT / name).exists() for name in kept)
    image = (DEPLOY / "Dockerfile").read_text()
    # An older podman reads no Dockerfile.dockerignore: what gets in is named there, too.
    copied = [line.split()[1:-1] for line in image.splitlines() if line.startswith("COPY ")]
    assert {name for names in copied for name in names} == {name for name in kept if "*" not in name}
    assert not any(name.endswith(".env") for name in kept)
    assert COMPOSE["services"]["scrapyd"]["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}


@pytest.mark.parametrize(("words", "options"), COMMANDS)
def test_the_guide_names_commands_that_exist(words: str, options: str, tmp_path: Path) -> None:
    printed = in_process.run(
        [sys.executable, "-m", "letterboxd_scraper", *words.split(), "--help"], tmp_path, {}
    )
    assert printed.returncode == 0, printed.stderr
    assert all(option in printed.stdout for option in re.findall(r"--\w+", options))


def test_the_guide_names_files_that_exist() -> None:
    named = set(re.findall(r"\bdeploy/([\w.*-]+)", GUIDE)) | set(
        re.findall(r"`([\w-]+\.(?:service|yaml|conf))`", GUIDE)
    )
    assert {"env.example", "scrapyd.service", "compose.yaml"} <= named
    for name in named - {"postgresql.conf", "pg_hba.conf"}:
        assert list(DEPLOY.glob(name)), name
