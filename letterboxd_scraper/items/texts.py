"""Texts that a database can store, and of what length."""


def storable(text: str) -> str:
    """Return a text without zero bytes and halves of surrogate pairs, which no database stores.

    >>> storable("a\\x00b\\ud800c")
    'abc'
    """
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def in_short(text: str, most: int = 500) -> str:
    """Return what may be said or kept of a text of which strangers wrote a part.

    >>> in_short("abcdef", 4), in_short("abcd", 4)
    ('abc…', 'abcd')
    """
    return text if len(text) <= most else text[: most - 1] + "…"
