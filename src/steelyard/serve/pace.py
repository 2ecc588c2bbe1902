"""How fast one release answers, measured as it works, and how long a newcomer would wait.

Knows no queue and no HTTP. Example: `pace.batch(tokens=120, seconds=0.06); pace.wait_s(240) == 0.12`
"""

from __future__ import annotations

WEIGHT = 0.2  # of the newest measure: some ten batches are remembered


class Pace:
    """Exponentially weighted means; 0 while nothing was measured."""

    def __init__(self) -> None:
        self.token_s = 0.0  # wall seconds of the worker a token
        self.request_tokens = 0.0
        self.after_s = 0.0  # from its batch to its acknowledgement: the commit, the way back

    def batch(self, *, tokens: int, seconds: float) -> None:
        """One batch is done."""
        self.token_s = _mean(self.token_s, seconds / max(1, tokens))

    def request(self, tokens: int) -> None:
        """One request is read."""
        self.request_tokens = _mean(self.request_tokens, tokens)

    def acknowledged(self, seconds: float) -> None:
        """One request is durable, this long after its batch."""
        self.after_s = _mean(self.after_s, seconds)

    def wait_s(self, tokens: float) -> float:
        """Seconds until the worker is through with so many tokens."""
        return tokens * self.token_s


def _mean(before: float, now: float) -> float:
    return now if before == 0 else before + WEIGHT * (now - before)
