"""An application's answer as a value, to look at and to change before it is sent."""

from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(slots=True)
class Answer:
    """A whole answer: all of ours are in memory anyway."""

    status: int
    headers: MutableHeaders
    body: bytes

    @property
    def media_type(self) -> str:
        """The type of the body, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    def replace(self, body: bytes, content_type: str) -> None:
        """Put another body in the place of the one that there is."""
        self.body = body
        self.headers["content-type"] = content_type
        self.headers["content-length"] = str(len(body))

    async def send(self, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers.raw})
        await send({"type": "http.response.body", "body": self.body})


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """Return what the application answers."""
    answer = Answer(500, MutableHeaders(), b"")

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], MutableHeaders(raw=list(message["headers"]))
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")

    await app(scope, receive, take)
    return answer


def readdressed(scope: Scope, path: str, query: bytes) -> Scope:
    """Return the same request for another address of this application."""
    return {**scope, "path": path, "raw_path": None, "query_string": query}
