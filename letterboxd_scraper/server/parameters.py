"""Parameters that there are not are refused: a slip of the pen would otherwise go unnoticed."""

from typing import Any

from fastapi import Request

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.names import similar


class UnknownParameter(InputError):
    """``parameter`` is what was asked for."""

    def __init__(self, parameter: str, names: list[str]) -> None:
        alike = similar(parameter, names)
        there = f"there {'is' if len(names) == 1 else 'are'} {', '.join(names)}" if names else "it takes none"
        advice = f"did you mean {alike[0]}?" if alike else there
        super().__init__(f"no parameter {parameter!r}: {advice}")
        self.parameter = parameter


class KnownParameters:
    """Refuses all parameters of an address but those that the OpenAPI document names."""

    def __init__(self) -> None:
        self._of_path: dict[str, list[str]] = {}

    def learn(self, document: dict[str, Any]) -> None:
        """Take the parameters of all addresses from the document."""
        for path, methods in document["paths"].items():
            parameters = methods["get"].get("parameters", ())
            self._of_path[path] = [one["name"] for one in parameters if one["in"] == "query"]

    def __call__(self, request: Request) -> None:
        """Raise UnknownParameter for one that there is not."""
        names = self._of_path.get(request.scope["route"].path, [])
        for parameter in request.query_params:
            if parameter not in names:
                raise UnknownParameter(parameter, names)
