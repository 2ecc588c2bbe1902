"""Ids that hold personal data replaced by a name that shows none. Knows no content.

The name is a hash, so that a record is known again in every version; who guesses the number can
confirm it. Example: `nameless("li.lei@163.com").startswith("id-")`, and `nameless("r7") == "r7"`
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace

from steelyard.store.records import Known
from steelyard.tasks.masking import mask

# Of long numbers that count something, one in ten looks like a bank card.
KINDS = frozenset({"PHONE", "EMAIL", "ID"})
LENGTH = 24  # of the hash: 96 bits
# A digest or a UUID may hold the digits of a phone by chance.
_DIGEST = re.compile(
    r"(?=.*[a-f])(?:[0-9a-f]{16}|[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.IGNORECASE,
)
_LETTERS = str.maketrans("0123456789", "ghijklmnop")  # no digits: it never looks like a number


def nameless(identity: str) -> str:
    """The id as it is, or `id-` and the SHA-256 of it in letters where it holds one of `KINDS`."""
    if _DIGEST.fullmatch(identity) or KINDS.isdisjoint(mask(identity)[1]):
        return identity
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
    return f"id-{digest[:LENGTH].translate(_LETTERS)}"


def all_nameless(records: Iterable[Known]) -> list[Known]:
    """Records of a version that may be older than this rule, named as they are named now."""
    return [replace(known, id=_renamed(known)) for known in records]


def _renamed(known: Known) -> str:
    if known.id and known.digest.startswith(known.id):
        return known.id  # its content gave the name
    scope = f"{known.source}/"  # an id counts inside its source
    scoped = known.id.startswith(scope)
    return scope + nameless(known.id[len(scope) :]) if scoped else nameless(known.id)
