"""Parts of a cohort or of its films, for several nodes: each member, each film is in exactly one."""

import hashlib
import re
from dataclasses import dataclass
from typing import Self

MOST = 64


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``number`` of ``count``; written as "2/3"."""

    number: int
    count: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the shard that is written so. Raises ValueError."""
        written = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text.strip(), re.ASCII)
        shard = cls(int(written[1]), int(written[2])) if written else None
        if shard is None or not 1 <= shard.number <= shard.count <= MOST:
            raise ValueError(f"give i/n with 1 ≤ i ≤ n ≤ {MOST}, such as 1/3")
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, name: str | int) -> bool:
        """Say whether a member, by their name, or a film, by its slug, is in this part, on every machine.

        >>> [str(shard) for shard in (Shard(1, 3), Shard(2, 3), Shard(3, 3)) if shard.holds("dave")]
        ['2/3']
        """
        digest = hashlib.sha256(str(name).encode()).digest()
        return int.from_bytes(digest[:8]) % self.count == self.number - 1
