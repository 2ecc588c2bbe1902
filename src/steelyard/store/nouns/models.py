"""Versions of the data, variants of the model, and what was measured of them. Knows no stage.

Example: `store.measures.of("a1b2")["macro_f1"]["value"]`
"""

from __future__ import annotations

import sqlalchemy as sa

from steelyard.store import tables
from steelyard.store.nouns.noun import Noun, Row


class Versions(Noun):
    """Published datasets as the ledger has them; their files are `store.datasets`."""

    def all(self, *, until: str | None = None) -> list[Row]:
        """Newest first; those there were at the time `until` where it is given."""
        d = tables.dataset
        query = sa.select(d).where(d.c.product == self.product)
        if until is not None:
            query = query.where(d.c.created <= until)
        return self.rows(query.order_by(d.c.created.desc(), d.c.version.desc()))

    def known(self, identity: str) -> bool:
        """Whether there is a row of it."""
        d = tables.dataset
        return bool(self.rows(sa.select(d.c.id).where(d.c.id == identity)))


class Variants(Noun):
    """Every variant of the product's datasets."""

    def all(self) -> list[Row]:
        """Oldest first."""
        v, d = tables.variant, tables.dataset
        query = sa.select(v).join(d, d.c.id == v.c.dataset).where(d.c.product == self.product)
        return self.rows(query.order_by(v.c.created, v.c.id))

    def names(self) -> dict[str, str]:
        """Id -> name."""
        return {row["id"]: row["name"] for row in self.all()}


class Measures(Noun):
    """Numbers with their interval, their n and what they were measured on."""

    def of(self, subject: str, *, on: str | None = None) -> dict[str, Row]:
        """Newest measure of each name; those measured `on` this where it is given."""
        m = tables.measure
        query = sa.select(m).where(m.c.subject == subject)
        if on is not None:
            query = query.where(m.c.on == on)
        return {row["name"]: row for row in self.rows(query.order_by(m.c.id))}
