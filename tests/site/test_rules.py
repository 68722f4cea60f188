"""Rules for faults: each way to get one wrong, and files of rules on the command line."""

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from tests.site import Fault
from tests.site.rules import read_rules

pytestmark = pytest.mark.slow

BAD_LISTS = {
    '{"kind": "reset"}': "expected a list of rules",
    "[": "no JSON: Expecting value: line 1 column 2 (char 1)",
    '["reset"]': 'rule 0: expected {"kind": ...}',
    '[{"kind": "reset"}, {"kind": "reset", "count": 1}]': "rule 1: there is no 'count'",
    '[{"kind": "slow"}]': "rule 0: slow needs seconds",
}


@pytest.mark.parametrize("text", BAD_LISTS)
def test_a_bad_list_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_rules(text)
    assert str(caught.value) == BAD_LISTS[text]


def test_a_rule_is_read_as_it_is_written() -> None:
    rules = [Fault("reset"), Fault("status", "/marla/.*", times=2, code=429, retry_after=30, as_date=True)]
    assert read_rules(json.dumps([rule.given() for rule in rules])) == rules


BAD_RULES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "rset"}, "kind must be one of status, challenge, "),
    ({"kind": ["reset"]}, "kind must be one of status, challenge, "),
    ({"kind": "reset", "path": "(\n"}, "path must be a regular expression, but '(\\n' has: missing )"),
    ({"kind": "reset", "path": 1}, "path must be a regular expression, not 1"),
    ({"kind": "reset", "times": 0}, "times must be a whole number from 1 on, not 0"),
    ({"kind": "reset", "times": True}, "times must be a whole number from 1 on, not True"),
    ({"kind": "reset", "after": -1}, "after must be a whole number from 0 on, not -1"),
    ({"kind": "reset", "share": 1.1}, "share must be a number from 0 to 1, not 1.1"),
    ({"kind": "reset", "share": float("nan")}, "share must be a number from 0 to 1, not nan"),
    ({"kind": "reset", "code": 500}, "reset takes no code"),
    ({"kind": "hang", "part": 0.3}, "hang takes no part"),
    ({"kind": "status"}, "status needs a code"),
    ({"kind": "status", "code": 100}, "code must be a status from 200 to 599, not 100"),
    ({"kind": "status", "code": 429.0}, "code must be a status from 200 to 599, not 429.0"),
    ({"kind": "challenge", "code": 404}, "code of challenge must be 403 or 200, not 404"),
    ({"kind": "ban", "code": 200}, "code of ban must be 403 or 429, not 200"),
    ({"kind": "challenge", "header": "no"}, "header must be true or false, not 'no'"),
    ({"kind": "ban", "retry_after": "1\r\nX: y"}, "retry_after must be seconds (up to a year) or a line"),
    ({"kind": "ban", "retry_after": "soon", "as_date": True}, "as_date needs a retry_after in seconds"),
    ({"kind": "slow"}, "slow needs seconds"),
    ({"kind": "hang", "seconds": -1}, "seconds must be a number from 0 to 86400, not -1"),
    ({"kind": "truncated", "part": 1}, "part must be a number from 0 to less than 1, not 1"),
    ({"kind": "wrong-charset", "charset": "utf-8"}, "charset must be one of latin-1, utf-16, utf-16-le, not"),
    ({"kind": "huge", "megabytes": 0}, "megabytes must be a number from 0.001 to 1000, not 0"),
    ({"kind": "garbage", "size": "big"}, "size must be a whole number from 1 to 1000000000, not 'big'"),
    ({"kind": "wrong-member", "member": 3}, "member must be a member's name, not 3"),
]


@pytest.mark.parametrize(("rule", "reason"), BAD_RULES, ids=lambda value: str(value)[:40])
def test_a_bad_rule_is_refused_in_one_line(rule: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        Fault(**rule)
    assert str(caught.value).startswith(reason)
    assert len(str(caught.value).splitlines()) == 1


def test_a_rule_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Fault("reset").share = 2  # type: ignore[misc]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.site", *arguments]
    root = Path(__file__).parent.parent.parent
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=20, check=False)


def test_the_command_line_takes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"kind": "status", "path": "/robots.txt", "code": 418}]')
    code = (
        "import os, urllib.request as u, urllib.error as e\n"
        "try: u.urlopen(os.environ['LETTERBOXD_BASE_URL'] + '/robots.txt')\n"
        "except e.HTTPError as error: print(error.code)\n"
    )
    assert run("--faults", str(file), "--run", sys.executable, "-c", code).stdout == "418\n"


def test_the_command_line_refuses_a_bad_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"kind": "slow"}]')
    for name, reason in ((str(file), "rule 0: slow needs seconds"), (str(tmp_path / "none"), "No such file")):
        ended = run("--faults", name, "--run", sys.executable, "-c", "")
        assert ended.returncode == 2
        assert reason in ended.stderr.splitlines()[-1]
