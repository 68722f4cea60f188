"""The imitation site's faults: refusals, broken connections, and when a fault strikes at all.

What becomes of pages is in tests/site/test_spoiling.py, every way to get a rule wrong in test_rules.py.
"""

import json
import random
import socket
import struct
import threading
import time
from email.utils import parsedate_to_datetime
from http.client import IncompleteRead, RemoteDisconnected
from typing import Any

import pytest

from tests.site import Fault, Site, own_world
from tests.site.client import ask, connect, exchange, right

FILMS, FRIENDS = "/marla/films/", "/marla/following/"


def test_without_faults_pages_are_right_and_hits_say_so(site: Site) -> None:
    assert ask(site, FILMS).text == right(site, FILMS)
    assert [(hit.path, hit.status, hit.fault) for hit in site.log] == [(FILMS, 200, None)]
    assert site.faults.struck == []


# Refusals.


@pytest.mark.parametrize("code", [403, 404, 426, 429, 500, 502, 503, 520, 204])
def test_status(site: Site, code: int) -> None:
    site.faults.add(Fault("status", FILMS, code=code))
    reply = ask(site, FILMS)
    assert reply.status == code
    assert "Retry-After" not in reply.headers
    assert [(hit.status, hit.fault) for hit in site.log] == [(code, "status")]
    assert site.faults.struck == [(FILMS, "status")]


def test_404_is_the_sites_own_page_and_403_is_not_that_of_a_private_member(site: Site) -> None:
    site.faults.add(Fault("status", FILMS, code=404), Fault("status", FRIENDS, code=403))
    assert ask(site, FILMS).text == ask(site, "/nobody-at-all/").text
    assert "<title>403 Forbidden</title>" in ask(site, FRIENDS).text


@pytest.mark.parametrize(("retry_after", "sent"), [(30, "30"), (-5, "-5"), ("soon", "soon")])
def test_retry_after_is_seconds_or_what_it_was_given(site: Site, retry_after: int | str, sent: str) -> None:
    site.faults.add(Fault("status", code=429, retry_after=retry_after))
    assert ask(site, FILMS).headers["Retry-After"] == sent


@pytest.mark.parametrize("seconds", [60, -60])
def test_retry_after_can_be_a_date(site: Site, seconds: int) -> None:
    site.faults.add(Fault("status", code=503, retry_after=seconds, as_date=True))
    value = ask(site, FILMS).headers["Retry-After"]
    assert value.endswith(" GMT")
    assert abs(parsedate_to_datetime(value).timestamp() - time.time() - seconds) < 30


@pytest.mark.parametrize("kind", ["challenge", "block"])
@pytest.mark.parametrize("code", [None, 403, 200])
def test_challenge(site: Site, kind: str, code: int | None) -> None:
    site.faults.add(Fault(kind, code=code))
    reply = ask(site, FILMS)
    assert reply.status == (code or 403)
    assert (reply.headers["cf-mitigated"], reply.headers["server"]) == ("challenge", "cloudflare")
    assert reply.headers["cf-ray"]
    assert "<title>Just a moment...</title>" in reply.text
    assert "Enable JavaScript and cookies to continue" in reply.text
    assert "cf_chl_opt" in reply.text
    assert site.log[0].fault == kind


def test_a_challenge_can_lack_its_header(site: Site) -> None:
    site.faults.add(Fault("challenge", header=False))
    reply = ask(site, FILMS)
    assert "cf-mitigated" not in reply.headers
    assert reply.headers["server"] == "cloudflare"


@pytest.mark.parametrize("code", [None, 403, 429])
def test_ban(site: Site, code: int | None) -> None:
    site.faults.add(Fault("ban", code=code, retry_after=3600))
    reply = ask(site, FILMS)
    assert reply.status == (code or 403)
    assert "<title>Access denied | letterboxd.com used Cloudflare to restrict access</title>" in reply.text
    assert "has banned you temporarily" in reply.text
    assert reply.headers["Retry-After"] == "3600"
    assert "cf-mitigated" not in reply.headers


def test_login_leads_to_a_page_that_is_there_meanwhile(site: Site) -> None:
    assert ask(site, "/sign-in/").status == 404
    site.faults.add(Fault("login"))
    reply = ask(site, FILMS)
    assert (reply.status, reply.headers["Location"]) == (302, "/sign-in/")
    assert "<title>Sign in" in ask(site, "/sign-in/").text
    assert [(hit.status, hit.fault) for hit in site.log] == [(404, None), (302, "login"), (200, None)]


# Connections.


def test_truncated_promises_more_than_it_sends(site: Site) -> None:
    site.faults.add(Fault("truncated", part=0.25))
    whole = right(site, FILMS).encode()
    with pytest.raises(IncompleteRead) as caught:
        ask(site, FILMS)
    assert caught.value.partial == whole[: len(whole) // 4]
    assert caught.value.expected == len(whole) - len(whole) // 4
    assert [(hit.status, hit.fault) for hit in site.log] == [(200, "truncated")]


def test_truncated_with_its_length_adapted_only_lacks_its_end(site: Site) -> None:
    site.faults.add(Fault("truncated", part=0.9, adapted=True))
    whole = right(site, FILMS).encode()
    reply = ask(site, FILMS)
    assert reply.raw == whole[: int(len(whole) * 0.9)]
    assert b"</html>" not in reply.raw
    assert reply.headers["Connection"] == "close"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("fault", [Fault("truncated"), Fault("truncated", adapted=True)])
def test_after_a_part_the_connection_is_closed(site: Site, fault: Fault, method: str) -> None:
    site.faults.add(fault)
    sent = exchange(site, FILMS, method)
    assert sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (b"<html" in sent) == (method == "GET")


def test_reset_sends_nothing_but_a_reset(site: Site) -> None:
    site.faults.add(Fault("reset", times=1))
    with pytest.raises(ConnectionResetError):
        exchange(site, FILMS)
    assert [(hit.status, hit.fault) for hit in site.log] == [(0, "reset")]
    assert ask(site, FILMS).status == 200


def test_hang_sends_nothing_and_then_closes(site: Site) -> None:
    site.faults.add(Fault("hang", seconds=0.15))
    began = time.monotonic()
    assert exchange(site, FILMS) == b""
    assert time.monotonic() - began >= 0.15
    assert [(hit.status, hit.fault) for hit in site.log] == [(0, "hang")]
    assert wait_until(lambda: site.log[0].done - site.log[0].time >= 0.15)


def test_hang_lasts_until_the_site_stops() -> None:
    with Site(own_world()) as site:
        site.faults.add(Fault("hang", FILMS))
        client = connect(site)
        client.request("GET", FILMS)
        assert wait_until(lambda: [hit.fault for hit in site.log] == ["hang"])
        assert ask(site, FRIENDS).status == 200  # the others are served meanwhile
        threading.Timer(0.05, site.stop).start()
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            client.getresponse()
        client.close()


def test_a_client_that_gives_up_on_a_slow_page_harms_nobody(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    site.faults.add(Fault("slow", seconds=0.1, times=1))
    client = connect(site, timeout=0.02)
    client.request("GET", FILMS)
    with pytest.raises(TimeoutError):
        client.getresponse()
    assert client.sock
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    time.sleep(0.15)
    assert ask(site, FILMS).text == right(site, FILMS)
    assert capfd.readouterr().err == ""


def test_slow_is_right_in_the_end_and_keeps_the_connection(site: Site) -> None:
    site.faults.add(Fault("slow", seconds=0.1, times=1))
    client = connect(site)
    began = time.monotonic()
    for _ in range(2):
        client.request("GET", FILMS)
        assert client.getresponse().read().decode() == right(site, FILMS)
    assert time.monotonic() - began >= 0.1
    client.close()
    assert [(hit.status, hit.fault) for hit in site.log] == [(200, "slow"), (200, None)]


def wait_until(holds: Any) -> bool:
    """Tell whether it comes to hold within half a minute."""
    deadline = time.monotonic() + 30
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return bool(holds())


# When a fault strikes.


def statuses(site: Site, *paths: str) -> list[int]:
    return [ask(site, path).status for path in paths]


def test_a_pattern_is_for_the_whole_path_and_without_the_query(site: Site) -> None:
    site.faults.add(Fault("status", "/marla/", code=500), Fault("status", "/robots.txt", code=502))
    assert statuses(site, "/marla/", "/marla/?a=b", FILMS, "/robots.txt") == [500, 500, 200, 502]


def test_the_first_rule_that_strikes_wins_and_is_spent_after_its_times(site: Site) -> None:
    site.faults.add(
        Fault("status", FILMS, times=2, code=429),
        Fault("status", FILMS, times=1, code=503),
    )
    assert statuses(site, FILMS, FRIENDS, FILMS, FILMS, FILMS) == [429, 200, 429, 503, 200]
    assert [rule["struck"] for rule in site.faults.plan()] == [2, 1]


def test_after_counts_all_requests_but_those_under_site(site: Site) -> None:
    site.faults.add(Fault("block", after=3))
    ask(site, "/_site/log")
    assert statuses(site, FILMS, FRIENDS, "/robots.txt", FILMS, "/robots.txt") == [200, 200, 200, 403, 403]
    assert ask(site, "/_site/log").status == 200
    assert {kind for _, kind in site.faults.struck} == {"block"}


def test_clearing_starts_all_counts_anew(site: Site) -> None:
    site.faults.add(Fault("status", code=500, after=1))
    assert statuses(site, FILMS, FILMS) == [200, 500]
    site.faults.clear()
    assert (site.faults.plan(), site.faults.struck) == ([], [])
    assert statuses(site, FILMS) == [200]
    site.faults.clear()
    site.faults.add(Fault("status", code=500, after=1))
    assert statuses(site, FILMS, FILMS) == [200, 500]


def attempts(site: Site, seed: int, order: list[str]) -> dict[str, list[int]]:
    """Ask for pages in this order, once the plan has begun anew; return each page's statuses."""
    site.faults.seed = seed
    site.faults.replace([Fault("status", share=0.3, code=500), Fault("status", share=0.2, code=503)])
    statuses: dict[str, list[int]] = {}
    for path in order:
        statuses.setdefault(path, []).append(ask(site, path).status)
    return statuses


def test_a_share_is_struck_whatever_the_order(site: Site) -> None:
    paths = [f"/newcomer/films/page/{number}/" for number in range(1, 41)] * 3
    mixed = random.Random(4).sample(paths, len(paths))
    first = attempts(site, 7, paths)
    assert attempts(site, 7, mixed) == first
    assert attempts(site, 8, paths) != first
    got = [status for one in first.values() for status in one]
    assert 20 < got.count(500) < 52  # 36 expected
    assert 6 < got.count(503) < 30  # 0.2 of the rest, 17 expected
    assert any(one[0] == 500 and one[1] == 200 for one in first.values())


def test_no_share_and_all_of_it(site: Site) -> None:
    site.faults.add(Fault("status", share=0, code=500), Fault("status", FILMS, share=1, code=503))
    assert statuses(site, *[FILMS] * 5, *[FRIENDS] * 5) == [503] * 5 + [200] * 5


def test_threads_spend_a_fault_only_once(site: Site) -> None:
    site.faults.add(Fault("status", times=10, code=500))
    statuses_of_member: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses_of_member.extend(statuses(site, *[FILMS] * 5)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (statuses_of_member.count(500), statuses_of_member.count(200)) == (10, 20)
    assert len(site.faults.struck) == 10


# The side door.


def test_the_side_door_sets_lists_and_clears(site: Site) -> None:
    rules = [{"kind": "status", "path": FILMS, "code": 429, "times": 3}, {"kind": "reset", "after": 5}]
    site.faults.add(Fault("hang"))
    assert ask(site, "/_site/faults?seed=9", "POST", rules).status == 200
    assert site.faults.seed == 9
    assert ask(site, FILMS).status == 429
    listed = json.loads(ask(site, "/_site/faults").text)
    assert listed == [{**rules[0], "struck": 1}, {**rules[1], "struck": 0}]
    assert json.loads(ask(site, "/_site/log").text)[0]["fault"] == "status"
    assert ask(site, "/_site/faults", "DELETE").status == 200
    assert ask(site, FILMS).status == 200


def test_the_side_door_itself_never_faults(site: Site) -> None:
    site.faults.add(Fault("reset"))
    assert ask(site, "/_site/truth?members=marla").status == 200
    assert site.faults.struck == []


def test_a_bad_list_changes_nothing(site: Site) -> None:
    site.faults.add(Fault("status", code=500))
    reply = ask(site, "/_site/faults", "POST", [{"kind": "reset"}, {"kind": "slow"}])
    assert (reply.status, json.loads(reply.text)) == (400, {"error": "rule 1: slow needs seconds"})
    assert site.faults.plan() == [{"kind": "status", "code": 500, "struck": 0}]


def test_a_bad_rule_is_refused_in_one_line() -> None:
    """Every way to get a rule wrong is in tests/site/test_rules.py."""
    with pytest.raises(ValueError, match=r"^reset takes no code$"):
        Fault("reset", code=500)
