"""Numbers in sentences that people read."""


def counted(number: int, thing: str, plural: str = "") -> str:
    """Return a number and what it counts, in the singular for one; ``plural`` where an s does not make it.

    >>> counted(1, "film"), counted(0, "film"), counted(5636, "film")
    ('1 film', '0 films', '5,636 films')
    >>> counted(1, "open failure"), counted(2, "diary", "diaries"), counted(3, "old run")
    ('1 open failure', '2 diaries', '3 old runs')
    """
    return f"{number:,} {thing if number == 1 else plural or f'{thing}s'}"
