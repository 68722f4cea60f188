"""Sending a message to where the operator wants to be told: by mail, to a chat, to a telephone."""

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras

if TYPE_CHECKING:
    from apprise import Apprise

# How Apprise says what was answered.
_ANSWER = re.compile(r"\berror=(\d{3})\b")
_SHOWN_AT = "https://appriseit.com"


class Notifier:
    """Sends to addresses in the form of Apprise's.

    Each is a secret as a whole, since a topic or a path may be the key. What is said of one is its number,
    and the scheme before its colon.
    """

    def __init__(self, targets: Mapping[str, "Apprise"], heard: "_Heard") -> None:
        self._targets = targets
        self._heard = heard

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return what sends to the addresses of LETTERBOXD_NOTIFY. Raises InputError."""
        extras.require("notify", "--notify")
        from apprise import Apprise, AppriseAsset  # an eighth of a second, which no other command needs

        addresses = config.LETTERBOXD_NOTIFY.get_secret_value().split()
        if not addresses:
            raise InputError(f"--notify sends to the addresses in LETTERBOXD_NOTIFY: set it ({_SHOWN_AT})")
        # Before any address is read: what is said of it may hold its secret.
        heard = _Heard()
        targets = {}
        asset = AppriseAsset(app_id="letterboxd-scraper", app_desc="letterboxd-scraper", app_url="")
        for number, address in enumerate(addresses, start=1):
            name = f"address {number} in LETTERBOXD_NOTIFY ({_scheme(address)})"
            target = Apprise(asset=asset)
            if not target.add(address):
                raise InputError(
                    f"{name} is none that can be sent to: {_SHOWN_AT} shows how they are written"
                )
            targets[name] = target
        return cls(targets, heard)

    def send(self, title: str, body: str, *, failed: bool) -> list[str]:
        """Send a message to each address; return a line for each to which it could not be sent."""
        from apprise import NotifyFormat, NotifyType

        kind = NotifyType.FAILURE if failed else NotifyType.INFO
        lines = []
        for name, target in self._targets.items():
            self._heard.answer = ""
            # Without its format, mail takes it for HTML, and a film's title for whatever could stand in that.
            if not target.notify(body, title, notify_type=kind, body_format=NotifyFormat.TEXT):
                lines.append(f"not sent to {name}{self._heard.answer}: {title}")
        return lines


class _Heard(logging.Handler):
    """Keeps what Apprise says of a failure to us: it may name the address."""

    answer = ""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        logger = logging.getLogger("apprise")
        logger.handlers[:] = [self]
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember which status was answered, if one was."""
        if code := _ANSWER.search(record.getMessage()):
            self.answer = f", which answers {code[1]}"


def _scheme(address: str) -> str:
    """Return what stands before the colon of an address, if that is a word.

    >>> _scheme("mailto://me:secret@example.org"), _scheme("secret")
    ('mailto', 'no scheme')
    """
    scheme = re.match(r"([a-z][a-z0-9]*)://", address, re.IGNORECASE)
    return scheme[1].lower() if scheme else "no scheme"
