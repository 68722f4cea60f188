"""What is remembered of those who try: not for ever, and not of all."""

from letterboxd_scraper.server.invited.rate import Rate
from letterboxd_scraper.server.invited.sessions import SECONDS, Sessions


def test_sessions_end_and_few_clients_are_remembered() -> None:
    now = [0.0]
    sessions = Sessions(clock=lambda: now[0])
    secret = sessions.open(None, {1: "mark"})
    more = sessions.open(sessions.of_secret(secret), {2: "other"})
    session = sessions.of_secret(more)
    assert session
    assert session.circles == {1: "mark", 2: "other"}
    assert sessions.of_secret("x") is None
    now[0] = SECONDS + 1
    assert sessions.of_secret(more) is None
    rate = Rate(1, 1_000_000, 600, clock=lambda: now[0])
    for number in range(10_100):
        assert rate.take(str(number)) == 0
    assert len(rate._empty_at) == 10_000
    assert rate.take("10099") == rate.wait("10099") == 600
    rate.give_back("10099")
    assert rate.wait("10099") == 0
