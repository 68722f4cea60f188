"""Messages are sent to where the operator wants to be told, and nothing is said of the addresses."""

import logging

import pytest

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.schedule.notify import Notifier
from tests.posted import mails, posts

pytest.importorskip("apprise")
SECRET = "s3cr3t"


def notifier(*addresses: str) -> Notifier:
    return Notifier.of(Config(LETTERBOXD_NOTIFY=" ".join(addresses)))


def test_a_message_is_posted_and_mailed_line_by_line_as_it_is() -> None:
    text = "<b>One</b> & only (1999)\n\n  indented, *starred*, 千と千尋"
    with posts() as web, mails() as mail:
        to_me = f"mailto://me:{SECRET}@127.0.0.1:{mail.port}?from=me@example.org&to=you@example.org"
        assert notifier(web.address, to_me).send("The title", text, failed=False) == []
    (posted,), (mailed,) = web.messages, mail.messages
    assert (posted["title"], posted["message"], posted["type"]) == ("The title", text, "info")
    assert (mailed["subject"], mailed["to"]) == ("The title", "you@example.org")
    assert mailed.get_content_type() == "text/plain"
    content = mailed.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.decode().splitlines() == text.splitlines()
    assert len(mail.logins) == 1


def test_one_that_fails_is_told_and_the_others_get_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "apprise")
    with posts() as web, posts() as down:
        down.status = 500
        refused = f"{down.address}/{SECRET}".replace("//", f"//me:{SECRET}@")
        nowhere = f"mailto://me:{SECRET}@127.0.0.1:9?from=me@example.org&to=you@example.org"
        lines = notifier(refused, nowhere, web.address).send("The title", "text", failed=True)
    assert lines == [
        "not sent to address 1 in LETTERBOXD_NOTIFY (json), which answers 500: The title",
        "not sent to address 2 in LETTERBOXD_NOTIFY (mailto): The title",
    ]
    assert [message["type"] for message in web.messages] == ["failure"]
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("addresses", "says"),
    [
        ("", "set it"),
        (f"json://127.0.0.1 nonsense-{SECRET}", r"address 2 in LETTERBOXD_NOTIFY \(no scheme\) is none"),
        (f"mailtos://{SECRET}", r"address 1 in LETTERBOXD_NOTIFY \(mailtos\) is none"),
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(
    addresses: str, says: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        notifier(addresses)
    assert SECRET not in f"{refused.value}{caplog.text}{''.join(capfd.readouterr())}"


def test_the_addresses_are_among_the_secrets_that_a_log_hides() -> None:
    config = Config(LETTERBOXD_NOTIFY="json://127.0.0.1/one ntfy://two")
    assert {"json://127.0.0.1/one", "ntfy://two"} <= config.secrets
