"""Texts that a database takes."""


def storable(text: str) -> str:
    """Return a text without what no database stores: zero bytes and halves of surrogate pairs.

    >>> storable("a\\x00b\\ud800c")
    'abc'
    """
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
