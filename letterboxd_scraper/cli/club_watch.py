"""`letterboxd club --watch FOLDER`: takes in what appears in a folder, while the page is shown."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from letterboxd_scraper.cli.import_files import NothingTaken, Terms, take_in_read
from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.imports import apart, words
from letterboxd_scraper.imports.apart import Interrupted, Unreadable
from letterboxd_scraper.imports.reading import ReadFile, ReadFiles
from letterboxd_scraper.imports.watched_folder import STILL, News, WatchedFolder
from letterboxd_scraper.store.patience import is_passing
from letterboxd_scraper.terminal.session import Session

# In seconds, between two looks; where a look takes long, so many times as long is waited for the next.
_PAUSE, _TIMES = 2.0, 10
# So long the end waits for what is being stored, each member whole.
_LONGEST_END = 10.0


class Watch:
    """Takes in what is new in a folder, and calls ``then`` after it."""

    def __init__(self, session: Session, folder: Path, terms: Terms, then: Callable[[], None]) -> None:
        if not folder.is_dir():
            raise InputError(f"--watch {folder}: " + ("no folder" if folder.exists() else "no such folder"))
        self._session = session
        self._folder = folder
        self._watched = WatchedFolder(folder)
        self._terms = terms
        self._then = then
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._last_words = ""

    def take_what_lies_there(self) -> None:
        """Take in what is in the folder now; what is still being written there comes later."""
        self.look()
        self._ended.wait(STILL)
        self.look()

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Look again and again for as long as the block lasts. Raises what ended that before, if anything."""
        thread = threading.Thread(target=self._go_on, name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join(_LONGEST_END)
            if self._error:
                raise self._error

    def look(self) -> None:
        """Look once. A folder and a database that are away for now cost nothing: what is new stays so."""
        try:
            if news := self._watched.look():
                self._take(news)
                self._watched.take(news)
            self._last_words = ""
        except Interrupted:
            return
        except (InputError, OSError) as error:
            reason = str(error) if isinstance(error, InputError) else refusal(error)
            self._say(f"--watch {self._folder}: {reason}; it is looked at again")
        except sa.exc.SQLAlchemyError as error:
            if not is_passing(error):
                raise
            self._say("the database is away or busy: what is new is taken in later")

    def _take(self, news: News) -> None:
        for line in words.some("not taken: ", news.others):
            self._session.say(line)
        if news.parts:
            try:
                take_in_read(self._session, self._read(news.parts), self._terms)
            except NothingTaken:  # why, has been said
                return
            self._then()

    def _read(self, parts: Sequence[Sequence[Path]]) -> ReadFiles:
        """Read files in a process of their own: one by one where need be, so that none costs another."""
        paths = [path for part in parts for path in part]
        now, owner = self._session.config.now(), self._terms.owner
        try:
            return apart.read_apart(paths, now, member=owner, how_named="give --member NAME")
        except Unreadable as error:
            if len(parts) == 1:
                return ReadFiles((ReadFile(str(paths[0]), None, error=f"{paths[0]}: {error.of_one}"),))
        read = [self._read([part]) for part in parts]
        return ReadFiles(
            tuple(file for one in read for file in one.files),
            tuple(line for one in read for line in one.unknown),
        )

    def _say(self, sentence: str) -> None:
        """Say what is wrong, once for as long as it is."""
        if sentence != self._last_words:
            self._session.say(sentence)
        self._last_words = sentence

    def _go_on(self) -> None:
        pause = _PAUSE
        try:
            while not self._ended.wait(pause):
                began = time.monotonic()
                self.look()
                pause = max(_PAUSE, _TIMES * (time.monotonic() - began))
        except Exception as error:  # told by the command, which ends with it
            self._error = error
            os.kill(os.getpid(), signal.SIGINT)
