"""Texts that a database can store."""


def storable(text: str) -> str:
    """Return a text without zero bytes and halves of surrogate pairs, which no database stores.

    >>> storable("a\\x00b\\ud800c")
    'abc'
    """
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
