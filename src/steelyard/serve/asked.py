"""A request as the server works on it, and what makes two of them the same one. Knows no ledger.

Example: `Asked(["很好"], "u1", None).origin == "user"`
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from steelyard.serve.streams import Listener
from steelyard.serve.told import scoped

ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class Asked:
    """A parsed request: decoded later, by the task."""

    values: list[Any]
    user: str | None
    request_id: str | None
    arm: str | None = None  # a replayed record names the release that answers it
    listener: Listener | None = None  # who hears the answer while it is written
    # a visitor of the launch page, answered by the live release and counted apart
    demo: bool = False
    partner: str = ""  # whose key asked; the product's own: none

    @property
    def origin(self) -> str:
        """Whose answer it is: outcomes of `user` alone earn, and are read in experiments."""
        return "demo" if self.demo else "replay" if self.arm else "user"

    @property
    def who(self) -> str | None:
        """Its user, among those of whose key asked."""
        return self.user and scoped(self.user, self.partner or None)


def body_of(product: str, asked: Asked) -> str:
    """What makes a request the same one: product, user, request id, what is asked
    and the arm it names."""
    values = [hashlib.sha256(v).hexdigest() if isinstance(v, bytes) else v for v in asked.values]
    named = [product, asked.user or ANONYMOUS, asked.request_id, values]
    # only where it is asked for: the ids of requests of earlier versions must stay what they are
    more = {name: said for name in ("arm", "partner") if (said := getattr(asked, name))}
    return json.dumps([*named, more] if more else named)


def ids_of(key: str, n: int) -> list[str]:
    """Ids of the n answers of one request."""
    return [key] + [hashlib.sha256(f"{key}\t{i}".encode()).hexdigest()[:24] for i in range(1, n)]
