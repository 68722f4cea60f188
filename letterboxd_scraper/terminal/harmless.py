"""Text as a terminal may get it: what is stored came from strangers, and may hold what commands terminals."""

import unicodedata

# Signs that turn the direction of writing: what is read would not be what stands there.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACEMENT = "\ufffd"


class _Harmless(dict[int, str]):
    """What stands for each character, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        category = unicodedata.category(letter)
        if category in ("Cc", "Cs", "Zl", "Zp") or letter in _TURNING:
            self[code] = _REPLACEMENT
        else:
            # The rest of the format characters is invisible: two texts would look the same that are not.
            self[code] = "" if category == "Cf" else letter
        return self[code]


_ONE_LINE = _Harmless()
_LINES = _Harmless({ord("\n"): "\n", ord("\t"): "\t"})


def harmless(text: str) -> str:
    """Return a text on one line, without control and format characters.

    >>> harmless("a film\\x1b[31m, \\u202egnitirw sdrawkcab"), harmless("ze\\u200bro")
    ('a film\ufffd[31m, \ufffdgnitirw sdrawkcab', 'zero')
    """
    return text if text.isascii() and text.isprintable() else text.translate(_ONE_LINE)


def harmless_lines(text: str) -> str:
    r"""Return a text of several lines without control and format characters.

    >>> harmless_lines("a\tb\nc\rd")
    'a\tb\nc\ufffdd'
    """
    return text.translate(_LINES)
