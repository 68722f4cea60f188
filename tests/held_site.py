"""Moments of a crawl that a test can stop it at, however fast or slow the machine is."""

from dataclasses import dataclass, field
from threading import Event

from tests.site import Site
from tests.site.pages import Answer


@dataclass
class HeldAnswer:
    """A page as it was when it was ``asked`` for; it waits until it is to be ``sent``."""

    asked: Event = field(default_factory=Event)
    sent: Event = field(default_factory=Event)


class HeldSite(Site):
    """The imitation site, which holds answers back while it is asked to."""

    held: tuple[str, HeldAnswer] | None = None

    def hold(self, path: str) -> HeldAnswer:
        """Hold back the next answer for a path."""
        answer = HeldAnswer()
        self.held = (path, answer)
        return answer

    def answer(self, method: str, target: str, agent: str, body: bytes) -> Answer:
        right = super().answer(method, target, agent, body)
        if self.held and self.held[0] == target:
            _, answer = self.held
            self.held = None
            answer.asked.set()
            answer.sent.wait(60)
        return right
