"""What each record is called, and which record of an earlier version it is. Knows no operator.

A record without an id of its own is named by its cleaned content; an id counts inside its source.
A text that is known keeps its part and its key under every name; a known id with another text
keeps its part, and has a key of its own. Example: `Names(past, sources=1).named(rows)[0].id`
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from steelyard.data.operators import Row
from steelyard.data.split import PARTS
from steelyard.store.records import Known

SHORT = 16  # of a digest, for a name
_ORDER = (*PARTS, "")


@dataclass
class Past:
    """The version before this one: its records by name and by content, and those of older ones that
    are back. A record without a part was put there by another split."""

    dataset: str | None = None
    split_kept: bool = True  # False: the split was changed, so that parts are drawn anew
    raw_names: bool = False  # of before 0.2, whose files are gone: named by uncleaned content
    by_id: dict[str, Known] = field(default_factory=dict)
    by_content: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: str, records: Iterable[Known], *, split_kept: bool = True) -> Past:
        past = cls(dataset, split_kept)
        past.add(records)
        return past

    def add(self, records: Iterable[Known]) -> None:
        """Records of the next older version: what is known already stays as it is."""
        # of equal texts in several parts the one that was measured on counts
        for known in sorted(records, key=lambda r: (_ORDER.index(r.part), r.id)):
            self.by_id.setdefault(known.id, known)
            self.by_content.setdefault(known.digest, known)

    def cleaned_again(self, rows: list[Row]) -> None:
        """`rows` are records of it, cleaned as it is done today: they are known by that, too."""
        for row in rows:
            self.by_content.setdefault(row.digest, self.by_id[row.id])


class Names:
    """Names rows; may be asked again for those that are left, and gives back what is free."""

    def __init__(self, past: Past, *, sources: int) -> None:
        self.past, self.scoped = past, sources > 1

    def named(self, rows: list[Row]) -> list[Row]:
        """Rows in their order with id, key, and the new name of their cluster."""
        taken: set[str] = set()
        names: dict[int, str] = {}
        # A labelled one of equal texts goes first: it is the one that will be kept.
        order = sorted(range(len(rows)), key=lambda i: (rows[i].own is None, rows[i].label is None))
        for i in order:
            names[i] = _free(self._wanted(rows[i], taken), taken)
        changed = {row.id: names[i] for i, row in enumerate(rows)}
        return [
            replace(
                row,
                id=names[i],
                key=self._key(row),
                cluster=changed.get(row.cluster, row.cluster),
            )
            for i, row in enumerate(rows)
        ]

    def parts(self, rows: list[Row]) -> dict[str, str]:
        """Part of each row that is known from before, by its name."""
        parts = {}
        for row in rows:
            known = self.same_text(row) or self.same_id(row)
            if known is not None and known.part and self.past.split_kept:
                parts[row.id] = known.part
        return parts

    def unknown(self, rows: list[Row]) -> tuple[set[str], set[str]]:
        """(digests, names) of the rows whose text the version before does not hold."""
        new = [row for row in rows if self.same_text(row) is None]
        names = {
            name for row in new for name in ((row.own, _scoped(row)) if row.own else (row.raw,))
        }
        return {row.digest for row in new}, {name for name in names if name}

    def same_text(self, row: Row) -> Known | None:
        """The earlier record that held this text."""
        digest = row.digest
        named = self.same_id(row)
        if named is not None and named.digest == digest:
            return named  # of equal texts the one of this name
        earlier = self.past.by_content.get(digest)
        if earlier is None and row.own is None:
            earlier = self.past.by_id.get(row.raw)  # named by its content before it was cleaned
        return earlier

    def same_id(self, row: Row) -> Known | None:
        """The earlier record of this id in this source, whatever its text."""
        if row.own is None:
            return None
        scoped = self.past.by_id.get(_scoped(row))
        if scoped is not None:
            return scoped
        bare = self.past.by_id.get(row.own)
        same = bare is not None and (bare.source == row.source or bare.digest == row.digest)
        return bare if same else None

    def _key(self, row: Row) -> str:
        known = self.same_text(row)
        return known.key if known is not None else row.digest

    def _wanted(self, row: Row, taken: set[str]) -> list[str]:
        """Names for a row, the best first."""
        if row.own is not None:
            known = self.same_id(row)
            scoped = _scoped(row)
            kept = [] if known is None else [known.id]
            return [*kept, scoped if self.scoped else row.own, scoped]
        known = self.same_text(row)
        kept = [] if known is None else [known.id]
        return [*kept, row.raw if self.past.raw_names else row.digest[:SHORT]]


def _scoped(row: Row) -> str:
    return f"{row.source}/{row.own}"


def _free(wanted: list[str], taken: set[str]) -> str:
    """The first that is not taken, or the last with a number."""
    name = next((w for w in wanted if w not in taken), "")
    times = 0
    while not name or name in taken:
        times += 1
        name = f"{wanted[-1]}-{times}"
    taken.add(name)
    return name
