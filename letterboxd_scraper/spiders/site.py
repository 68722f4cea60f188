"""What all spiders of the site share: arguments, requests that report their failures, proof of pages."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from parsel import Selector
from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper import config
from letterboxd_scraper.arguments import Arguments
from letterboxd_scraper.downloader.stops import in_words
from letterboxd_scraper.errors import WrongPage
from letterboxd_scraper.pages import proof


class SiteSpider(Spider):
    """A spider of the site. Subclasses say where to go and what to do when a page never came, in `failed`.

    Before it starts it is given its `task`, which tells what is stored: see extensions/start.py, where each
    class of arguments has its function. A subclass names the types of its arguments and of its task.
    """

    arguments: ClassVar[type[Arguments]]
    args: Arguments
    task: object

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name)
        self.args = self.read_arguments(kwargs)

    @classmethod
    def read_arguments(cls, texts: dict[str, Any]) -> Arguments:
        """Return the arguments, checked. Raises InputError."""
        # Scrapyd adds arguments of its own, such as _job.
        return cls.arguments.read({key: value for key, value in texts.items() if not key.startswith("_")})

    @cached_property
    def _config(self) -> config.Config:
        return config.from_settings(self.settings)

    def url(self, path: str) -> str:
        """Return the address of a path on the site."""
        return self._config.LETTERBOXD_BASE_URL + path

    def now(self) -> datetime:
        """Return the time in UTC, which simulations may set."""
        return self._config.now()

    def ask(
        self,
        path: str,
        callback: Callable[..., Any],
        priority: int = 0,
        shows: str | None = None,
        **about: Any,
    ) -> Request:
        """Return the request for a page; ``about`` is what the callback is to know of it.

        ``shows`` selects what a browser waits for; None: nothing on it is made by scripts.
        """
        return Request(
            self.url(path),
            callback=callback,
            errback=self.failed,
            cb_kwargs=about,
            priority=priority,
            meta={"path": path, "shows": shows},
            # A page that must be read twice is asked for twice.
            dont_filter=True,
        )

    def ask_again(self, response: Response) -> Request | None:
        """Return the request for a bad page once more, it may have been an accident; None in the end."""
        request = response.request
        if request is None or request.meta.get("retry_times", 0) >= self.settings.getint("RETRY_TIMES"):
            return None
        # The page's own address, not the one that it may have led to.
        about = request.cb_kwargs
        path, shows = request.meta["path"], request.meta["shows"]
        again = self.ask(path, request.callback, request.priority, shows, **about)  # type: ignore[arg-type]
        again.meta["retry_times"] = request.meta.get("retry_times", 0) + 1
        again.meta["page_was_bad"] = True
        return again

    def failed(self, failure: TwistedFailure) -> Iterator[Any] | AsyncIterator[Any]:
        """Take what never became a page: a refusal, an error status, a network error."""
        raise NotImplementedError

    def stop_for_bad_input(self, message: str) -> None:
        """End the crawl: what the user asked for does not exist on the site."""
        self.logger.error(message, extra={"is_refusal": True})
        raise CloseSpider("bad_input")


def prove(response: Response, body_class: str, owner: str | None = None) -> Selector:
    """Return the page, proved to be what was asked for. Raises PageError otherwise."""
    text = prove_text(response)
    proof.refuse_truncated(text)
    page = parsed(response)
    proof.check(page, body_class, owner)
    return page


def showing(body_class: str, container: str) -> str:
    """Return the selector of what a page of that type holds: what must be there before it is believed."""
    return ", ".join(f"body.{body_class} {part}" for part in container.split(", "))


def prove_text(response: Response) -> str:
    """Return the text of a response that is written as it says. Raises WrongPage otherwise."""
    if not isinstance(response, TextResponse):
        raise WrongPage("expected a page, got something that is not text")
    proof.refuse_monstrous(response.body)
    proof.refuse_other_encoding(response.body, response.encoding)
    return response.text


def parsed(response: Response) -> Selector:
    """Return a response as a tree that is freed with the last reference to it."""
    # Not response.selector: the two refer to each other, and parsed pages would lie about until Python
    # looks for such cycles.
    return Selector(body=response.body, encoding=response.encoding, type="html")  # type: ignore[attr-defined]


def answer_of(failure: TwistedFailure) -> Response | None:
    """Return the answer that is no page because of its status; None where none came."""
    return failure.value.response if isinstance(failure.value, HttpError) else None


def described(failure: TwistedFailure) -> str:
    """Say in a few words why a page never came."""
    response = answer_of(failure)
    if response is None:
        return in_words(failure.value)  # type: ignore[arg-type]
    leads = (response.headers.get("Location") or b"").decode("latin-1")
    return f"status {response.status}" + (f", which leads to {leads}" if leads else "")
