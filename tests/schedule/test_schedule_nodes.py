"""Which nodes there are, and who we say that we are to each."""

from pathlib import Path

import pytest

from letterboxd_scraper import config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.schedule import nodes
from tests.conftest import ROOT

CONFIGURATION = """
[deploy]
project = letterboxd
username = $SCRAPYD_USERNAME
password = $SCRAPYD_PASSWORD

[deploy:two]
url = http://two.example:6800/

[deploy:three]
url = https://three.example/scrapyd
project = other
username = three
password = 100%%
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SCRAPYD_TARGETS", "scrapy.cfg")
    for name in ("SCRAPYD_USERNAME", "SCRAPYD_PASSWORD", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "scrapy.cfg").write_text(CONFIGURATION)
    return tmp_path


def nodes_of(*names: str) -> dict[str, tuple[str, str, tuple[str, str] | None]]:
    every = nodes.configured(config.load(), names)
    auth = {node.name: node.client.auth for node in every}
    logins = {name: (one.username, one.password) if one else None for name, one in auth.items()}
    return {node.name: (node.url, node.project, logins[node.name]) for node in every}


def test_targets_are_nodes_with_their_own_names_and_passwords() -> None:
    assert nodes_of() == {
        "three": ("https://three.example/scrapyd", "other", ("three", "100%")),
        "two": ("http://two.example:6800", "letterboxd", None),
    }
    assert list(nodes_of("two")) == ["two"]


def test_what_the_user_has_set_is_for_all_nodes(folder: Path) -> None:
    (folder / ".env").write_text("SCRAPYD_USERNAME=me\nSCRAPYD_PASSWORD=$x%y\n")
    assert {auth for _, _, auth in nodes_of().values()} == {("me", "$x%y")}


def test_what_nobody_has_set_is_looked_up_in_netrc(folder: Path) -> None:
    (folder / ".netrc").write_text("machine two.example login net password rc\n")
    (folder / ".netrc").chmod(0o600)
    assert nodes_of()["two"][2] == ("net", "rc")
    assert nodes_of()["three"][2] == ("three", "100%")


def test_no_password_is_in_what_a_node_looks_like() -> None:
    assert "100%" not in repr(nodes.configured(config.load()))


def test_a_file_that_merely_lies_in_the_folder_names_no_node(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRAPYD_PASSWORD", "from elsewhere")
    monkeypatch.setenv("SCRAPYD_TARGETS", "")
    (folder / ".env").write_text("SCRAPYD_TARGETS=scrapy.cfg\n")
    (folder / ".env").chmod(0o600)
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    for place in (folder / "below", folder):
        monkeypatch.chdir(place)
        with pytest.raises(InputError, match="no node: name one"):
            nodes_of()
        told = nodes.ignored(config.load())
        assert told is not None
        assert told.startswith(f"ignoring {folder / 'scrapy.cfg'}, ")
    (folder / ".config").mkdir()
    (folder / ".config" / "scrapy.cfg").write_text("[deploy:mine]\nurl = http://mine.example:6800/\n")
    assert list(nodes_of()) == ["mine"]
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = some.settings\n")
    assert nodes.ignored(config.load()) is None


def test_the_project_s_own_file_names_nodes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRAPYD_TARGETS", "")
    monkeypatch.chdir(ROOT / "deploy")
    assert nodes.ignored(config.load()) is None
    assert nodes_of()["default"][0] == "http://127.0.0.1:6800"


def test_a_file_that_is_named_has_to_be_there(folder: Path) -> None:
    assert nodes.ignored(config.load()) is None
    (folder / "scrapy.cfg").unlink()
    with pytest.raises(InputError, match=r"cannot read scrapy\.cfg, which SCRAPYD_TARGETS names"):
        nodes_of()


def test_an_address_that_is_none_is_named(folder: Path) -> None:
    (folder / "scrapy.cfg").write_text("[deploy:four]\nurl = four:6800\n")
    with pytest.raises(InputError, match=r"\[deploy:four\]: url = 'four:6800' must start with http://"):
        nodes_of()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[deploy:four]\nurl = http://four/\npassword = ab%cr3t\n", r"\[deploy:four\], password: .*%%"),
        ("[deploy:four]\nurl = http://four/\npassword = %(cr3t)s\n", r"\[deploy:four\], password: .*%%"),
        ("[deploy:four]\npassword cr3t\n", r"scrapy\.cfg, line 2: "),
        ("password = cr3t\n", r"scrapy\.cfg, line 1: "),
    ],
)
def test_what_cannot_be_read_is_named_and_not_shown(folder: Path, written: str, says: str) -> None:
    (folder / "scrapy.cfg").write_text(written)
    with pytest.raises(InputError, match=says) as refused:
        nodes_of()
    assert "cr3t" not in str(refused.value)
    assert "\n" not in str(refused.value)
