"""What a setting, or an argument of a spider, may be: in words, of what Pydantic has refused."""

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_KINDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}


def why_refused(error: ValidationError, fields: dict[str, FieldInfo]) -> str:
    """Return what is wrong with the first value that was refused, as the end of a sentence about it."""
    first = error.errors()[0]
    if first["type"] == "value_error":
        return first["msg"].removeprefix("Value error, ")
    field = fields.get(str(first["loc"][0])) if first["loc"] else None
    words = _in_words(field) if field else ""
    return f"must be {words}" if words else first["msg"][:1].lower() + first["msg"][1:]


def _in_words(field: FieldInfo) -> str:
    """Return what a field takes; "" for what is no number, no word and no yes or no.

    >>> from pydantic import Field
    >>> _in_words(FieldInfo.from_annotated_attribute(float, Field(gt=0, le=900.0)))
    'a number, more than 0, at most 900'
    >>> _in_words(FieldInfo.from_annotation(Literal["auto", "all"] | None))
    'auto or all'
    """
    of_union = [one for one in get_args(field.annotation) if one is not NoneType]
    is_word = get_origin(field.annotation) is Literal
    annotation = of_union[0] if of_union and not is_word else field.annotation
    if get_origin(annotation) is Literal:
        return " or ".join(map(str, get_args(annotation)))
    limits = [(name, getattr(rule, name, None)) for rule in field.metadata for name in _BOUNDS]
    bounds = ", ".join(f"{_BOUNDS[name]} {limit:g}" for name, limit in limits if limit is not None)
    kind = _KINDS.get(annotation, "")
    return f"{kind}, {bounds}" if kind and bounds else kind
