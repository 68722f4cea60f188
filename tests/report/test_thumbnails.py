"""Posters that are part of the page: from a host on this machine, within bounds, fetched once."""

import base64
import io
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from letterboxd_scraper.errors import TmdbNotFound, TmdbRateLimited, TmdbUnavailable, TmdbUnreadable
from letterboxd_scraper.report.thumbnails import MOST_BYTES, SIZE, Kept, Thumbnails, made_of
from letterboxd_scraper.tmdb import bounded_answers
from letterboxd_scraper.tmdb.answers import IMAGES
from letterboxd_scraper.tmdb.images import Images

ROOM = 1_000_000


def picture(seed: int = 1, size: tuple[int, int] = (154, 231), kind: str = "JPEG") -> bytes:
    """Return a picture that is as hard to compress as any."""
    file = io.BytesIO()
    Image.frombytes("RGB", size, Random(seed).randbytes(3 * size[0] * size[1])).save(file, kind)
    return file.getvalue()


POSTER = picture()
ANSWERS = {
    "/w154/torn.jpg": (200, POSTER[:40]),
    "/w154/gone.jpg": (404, b"no such picture"),
    "/w154/busy.jpg": (429, b"slower"),
    "/w154/down.jpg": (503, b"down"),
    "/w154/away.jpg": (302, b""),
}


class Host(BaseHTTPRequestHandler):
    """Has a poster under every name but those of ANSWERS."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.path} {self.headers['User-Agent']}")
        status, body = ANSWERS.get(self.path, (200, POSTER))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/w154/a.jpg")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[tuple[str, list[str]]]:
    """The address of a host of posters, and what it was asked for."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Asked", (Host,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def images(host: tuple[str, list[str]]) -> Iterator[Images]:
    pauses: list[float] = []
    made = Images(5, 4, "tests", host[0], pauses.append)
    yield made
    assert pauses == [0.25] * max(0, made.requests - 1)  # one after the other
    made.close()


def addresses(*names: str) -> list[str]:
    return [f"{IMAGES}/w500/{name}.jpg" for name in names]


def test_a_thumbnail_is_small_whatever_the_poster() -> None:
    for poster in (POSTER, picture(2, (600, 300), "PNG")):
        thumbnail = made_of(poster)
        assert len(thumbnail) <= MOST_BYTES * 1.5  # noise has no better; posters have
        with Image.open(io.BytesIO(thumbnail)) as image:
            assert (image.format, image.size) == ("WEBP", SIZE)
    plain = io.BytesIO()
    Image.new("RGB", (154, 231), "#204060").save(plain, "JPEG")
    assert len(made_of(plain.getvalue())) < 300


@pytest.mark.parametrize("text", [b"", b"<svg/>", POSTER[:100]])
def test_what_is_no_poster_is_refused(text: bytes) -> None:
    with pytest.raises(TmdbUnreadable, match="cannot be read"):
        made_of(text)


def test_so_is_a_picture_that_would_fill_the_memory() -> None:
    file = io.BytesIO()
    Image.new("1", (3000, 1500)).save(file, "PNG")
    with pytest.raises(TmdbUnreadable, match="has 3000 x 1500 pixels"):
        made_of(file.getvalue())


def test_posters_are_fetched_once_and_kept(
    images: Images, host: tuple[str, list[str]], tmp_path: Path
) -> None:
    kept, posters = Kept(tmp_path / "posters", 100), addresses("a", "b")
    first = Thumbnails(images, kept, ROOM)
    first.collect([posters[0], None, posters[1], "https://a.ltrbxd.com/c.jpg", "http://[broken"])
    assert list(first.pictures) == posters
    assert host[1] == ["/w154/a.jpg tests", "/w154/b.jpg tests"]
    kind, _, text = first.pictures[posters[0]].partition(",")
    assert kind == "data:image/webp;base64"
    assert base64.b64decode(text) == (tmp_path / "posters" / "a.jpg.webp").read_bytes()
    assert first.remarks() == [
        "2 posters in the page",
        "3 films without a poster of TMDB's, cards instead; `letterboxd enrich` asks TMDB for them",
    ]
    again = Thumbnails(images, kept, ROOM)
    again.collect(posters)
    assert (again.pictures, len(host[1])) == (first.pictures, 2)
    os.utime(tmp_path / "posters" / "a.jpg.webp", (0, 0))  # older than TMDB's terms allow
    Thumbnails(images, kept, ROOM).collect(posters)
    assert len(host[1]) == 3


def test_as_many_as_the_page_has_room_for(images: Images, tmp_path: Path) -> None:
    some = Thumbnails(images, Kept(tmp_path, 100), 4 * MOST_BYTES)
    some.collect(addresses("a", "b", "c", "d", "e"))
    assert list(some.pictures) == addresses("a")
    assert some.remarks() == [
        "1 poster in the page: with more, it would be larger than 2 MB; --limit makes room"
    ]


def test_where_there_is_no_room_nothing_is_fetched(images: Images, tmp_path: Path) -> None:
    some = Thumbnails(images, Kept(tmp_path, 100), -1)
    some.collect(addresses("a", "b"))
    assert (some.pictures, images.requests) == ({}, 0)


def test_what_is_not_to_be_had_is_said_and_the_others_are_there(images: Images, tmp_path: Path) -> None:
    some = Thumbnails(images, Kept(tmp_path, 100), ROOM)
    some.collect(addresses("gone", "a", "torn", "away", "b"))
    assert list(some.pictures) == addresses("a", "b")
    assert some.remarks() == [
        "2 posters in the page",
        "3 posters not to be had, cards instead: TMDB has no picture at /w154/gone.jpg",
    ]


@pytest.mark.parametrize(("names", "asked"), [(["down"] * 3, 3), (["busy"], 1)])
def test_who_does_not_answer_is_left_alone(
    names: list[str], asked: int, images: Images, host: tuple[str, list[str]], tmp_path: Path
) -> None:
    kept = Kept(tmp_path, 100)
    kept.write("b.jpg", made_of(POSTER))
    some = Thumbnails(images, kept, ROOM)
    some.collect(addresses(*names, "a", "b"))
    assert len(host[1]) == asked
    assert list(some.pictures) == addresses("b")  # what is kept needs nobody


def test_errors_are_those_of_tmdb(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"gone": TmdbNotFound, "busy": TmdbRateLimited, "down": TmdbUnavailable, "away": TmdbUnavailable}
    for name, kind in kinds.items():
        with pytest.raises(kind):
            images.poster(f"{name}.jpg")
    monkeypatch.setattr(bounded_answers, "LARGEST", 1000)
    with pytest.raises(TmdbUnreadable, match="more than 1,000 bytes"):
        images.poster("a.jpg")


def test_where_nothing_can_be_kept_the_page_has_its_posters(images: Images, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    some = Thumbnails(images, Kept(tmp_path / "file", 100), ROOM)
    some.collect(addresses("a"))
    assert list(some.pictures) == addresses("a")
    assert some.remarks()[1].startswith("the posters will be fetched again the next time: cannot write")


def test_nobody_there() -> None:
    nobody = Images(1, 100, "tests", "http://127.0.0.1:9")
    with pytest.raises(TmdbUnavailable, match=r"TMDB's images do not answer: ConnectionError"):
        nobody.poster("a.jpg")
    nobody.close()
