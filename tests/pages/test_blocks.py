"""Which answers are the page that was asked for, which refuse us, and which say that a member is private."""

import pytest
from parsel import Selector

from letterboxd_scraper.errors import WrongPage
from letterboxd_scraper.pages import proof

CURRENT = '<body class="screen-member-child-page films-watched wide" data-owner="Ida_B"></body>'
OF_2020 = '<body class="films-watched"><section id="profile-header" data-person="Ida_B"></section></body>'
OF_NOBODY = '<body class="films-watched"><i data-owner="ida_b"></i></body>'


@pytest.mark.parametrize("html", [CURRENT, OF_2020], ids=["current", "2020"])
@pytest.mark.parametrize("owner", ["ida_b", "IDA_B", None])
def test_the_right_page_passes_whatever_the_capitals(html: str, owner: str | None) -> None:
    proof.check(Selector(html), "films-watched", owner=owner)
    assert proof.owner_of(Selector(html)) == "ida_b"


@pytest.mark.parametrize(
    ("html", "body_class", "owner"),
    [
        (CURRENT, "likes", "ida_b"),
        (CURRENT, "films", "ida_b"),
        (CURRENT, "films-watched", "ida"),
        (OF_2020, "films-watched", "bo"),
        (OF_NOBODY, "films-watched", "ida_b"),
        ("<body data-owner='ida_b'></body>", "films-watched", "ida_b"),
        ("", "films-watched", "ida_b"),
    ],
    ids=["type", "part of a class", "owner", "owner in 2020", "owner elsewhere", "no class", "nothing"],
)
def test_another_page_than_the_one_asked_for_is_refused(html: str, body_class: str, owner: str) -> None:
    with pytest.raises(WrongPage):
        proof.check(Selector(html), body_class, owner=owner)


@pytest.mark.parametrize("text", ["", "<html><body></body>", f"<html></html>{'<!-- -->' * 300}"])
def test_a_page_without_an_end_is_refused(text: str) -> None:
    with pytest.raises(WrongPage):
        proof.refuse_truncated(text)


SCRIPT = "<html><body><script>window._cf_chl_opt = {cvId: '3'}</script></body></html>"
BLOCKS: dict[str, tuple[int, dict[str, str], str, str]] = {
    "title": (403, {}, "<html><head><title>Just a moment...</title></head></html>", "challenge"),
    "title with status 200": (200, {}, "<html><title>Just a moment...</title></html>", "challenge"),
    "script": (403, {}, SCRIPT, "challenge"),
    "header": (403, {"cf-mitigated": "challenge"}, "Nothing to see.", "challenge"),
    "header with status 200": (200, {"cf-mitigated": "challenge"}, "Nothing to see.", "challenge"),
    "ban": (403, {}, "<title>Access denied | example.org used Cloudflare to restrict access</title>", "ban"),
    "temporary ban": (429, {}, "<p>The owner of this website has banned you temporarily.</p>", "ban"),
    "rate limit": (429, {"server": "cloudflare"}, "<h1>You are being rate limited</h1>", "ban"),
    "upgrade required": (426, {}, "", "ban"),
}


@pytest.mark.parametrize(("status", "headers", "text", "kind"), BLOCKS.values(), ids=BLOCKS)
def test_a_block_is_known_by_each_of_its_signs(
    status: int, headers: dict[str, str], text: str, kind: str
) -> None:
    assert proof.block_in(status, headers, text) == kind


ORDINARY = """<html><head><title>Ida’s profile</title></head><body class="profile" data-owner="Ida">
<p class="bio">{bio}</p>
<script>a.src = '/cdn-cgi/challenge-platform/scripts/jsd/main.js';</script></body></html>"""


@pytest.mark.parametrize("bio", ["", "You are being rate limited by life", "cf_chl_opt, Just a moment..."])
def test_an_ordinary_page_is_no_block_though_the_guard_left_its_script_or_members_speak_of_blocks(
    bio: str,
) -> None:
    headers = {"cf-ray": "8f00ba12-AMS", "server": "cloudflare", "cf-cache-status": "HIT"}
    assert proof.block_in(200, headers, ORDINARY.format(bio=bio)) is None


def test_a_refusal_without_any_sign_is_no_block() -> None:
    assert (
        proof.block_in(403, {"server": "cloudflare"}, "<section class='message'>Private.</section>") is None
    )


@pytest.mark.parametrize(
    ("html", "private"),
    [
        ('<section class="message"><p><strong>This profile is private.</strong></p></section>', True),
        ("<section class='error'><h1>Error 1015</h1></section>", False),
        ("", False),
    ],
    ids=["message", "another section", "nothing"],
)
def test_only_the_sites_own_message_is_taken_for_privacy(html: str, private: bool) -> None:
    assert proof.is_private(Selector(html)) is private
