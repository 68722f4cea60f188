"""Examples for the OpenAPI document: made of its schemas, so that they are never out of date."""

from typing import Any

# What a field, or a parameter, of this name may hold.
_VALUES: dict[str, Any] = {
    "address": "/cohorts/friends/lists/top.json",
    "code": "GB",
    "cohort": "friends",
    "country": "GB",
    "decade": "1970s",
    "director": "Ridley Scott",
    "directors": ["Ridley Scott"],
    "expected": 4.3,
    "film": "alien",
    "genre": "Horror",
    "genres": ["Horror", "Science Fiction"],
    "high": 4.5,
    "histogram": {"3.5": 2, "4.0": 7, "4.5": 9, "5.0": 6},
    "id": 348,
    "imdb_id": "tt0078748",
    "label": "friends",
    "language": "en",
    "letterboxd": 4.3,
    "link": "https://letterboxd.com/film/alien/",
    "low": 4.1,
    "limit": 50,
    "mean": 4.4,
    "media_type": "movie",
    "member": "3",
    "members": 36,
    "name": "member 3",
    "next": "/api/v1/cohorts/friends/members?limit=50&offset=50",
    "offset": 0,
    "parameters": {"min_votes": 2.0},
    "poster_url": "https://a.ltrbxd.com/resized/film-poster/alien.jpg",
    "prev": None,
    "profile": None,
    "rank": 1,
    "rated_by": "3",
    "release_year": "1979",
    "score": 4.31,
    "slug": "alien",
    "strategy": "circle",
    "title": "Alien",
    "total": 5636,
    "unseen_by": "3",
    "watchers": 24,
    "year": 1979,
}
_OF_KIND: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}
_OF_FORMAT = {"date-time": "2026-11-23T12:00:00Z", "date": "1979-05-25"}


def add_examples(document: dict[str, Any]) -> None:
    """Add an example to every parameter of the document, and to every good answer in JSON."""
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        for parameter in methods["get"].get("parameters", ()):
            parameter["example"] = example(parameter["schema"], schemas, parameter["name"])
        for content in methods["get"]["responses"]["200"].get("content", {}).values():
            if content.get("schema", {}).keys() & {"$ref", "items"}:
                content["example"] = example(content["schema"], schemas)


def example(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """Return a value that the schema allows; of what is called ``name``, a telling one."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if name in _VALUES and _fits(_VALUES[name], schema):
        return _VALUES[name]
    for plain in ("const", "default"):
        if schema.get(plain) is not None:
            return schema[plain]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas, name)
    return _of_type(schema, schemas, name)


def _of_type(schema: dict[str, Any], schemas: dict[str, Any], name: str) -> Any:
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {key: example(one, schemas, key) for key, one in schema["properties"].items()}
        case "object":
            return {}
        case "array":
            return [example(schema["items"], schemas, name)]
        case kind:
            return _OF_FORMAT.get(schema.get("format", ""), _OF_KIND[str(kind)])


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    """Say whether a schema, or one of those that it allows, is of this value's kind."""
    allowed = (schema, *schema.get("anyOf", ()))
    if isinstance(value, list):
        return any(_fits(value[0], one["items"]) for one in allowed if one.get("type") == "array")
    kinds = {one.get("type") for one in allowed}
    words = {
        str: "string",
        int: "integer",
        float: "number",
        dict: "object",
        list: "array",
        type(None): "null",
    }
    return words[type(value)] in kinds
