"""The plain queries over answers and outcomes that sums by day stand for; tests and the bench compare with them.

Example: `plain_right(connection, "tiny", "2026-01-01", "2026-03-31")`
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

_BY = """SELECT a.{names}, count(*) AS n FROM answer a WHERE a.product = :product
AND substr(a.created, 1, 10) >= :since AND substr(a.created, 1, 10) <= :until"""
_VARIANTS = sa.text(_BY.format(names="variant") + " GROUP BY a.variant")
_PAYERS = sa.text(
    _BY.format(names='"user", a.variant')
    + " AND a.origin = 'user' AND a.\"user\" IN (SELECT customer FROM event WHERE product = :product AND kind IN ('sales', 'conversion')) GROUP BY a.\"user\", a.variant"
)
_RIGHT = sa.text(
    """SELECT variant, count(*) AS users, sum(n) AS n, sum(t) AS t, sum(n * n) AS nn, sum(n * t) AS nt,
sum(t * t) AS tt FROM (SELECT a.variant, a."user", 1.0 * count(*) AS n, sum(f.utility) AS t
FROM feedback f JOIN answer a ON a.id = f.answer WHERE a.product = :product AND a.origin = 'user'
AND substr(a.created, 1, 10) >= :since AND substr(a.created, 1, 10) <= :until
AND f.kind = 'outcome' AND f.utility IS NOT NULL GROUP BY a.variant, a."user") each GROUP BY variant"""
)


def plain_variants(connection: sa.Connection, product: str, since: str, until: str = "9999"):
    return {r.variant: r.n for r in _rows(connection, _VARIANTS, product, since, until)}


def plain_payers(connection: sa.Connection, product: str, since: str, until: str = "9999"):
    return {(r.user, r.variant): r.n for r in _rows(connection, _PAYERS, product, since, until)}


def plain_right(connection: sa.Connection, product: str, since: str, until: str = "9999"):
    """Variant -> the sums of `store.nouns.use.Right` by name."""
    found = _rows(connection, _RIGHT, product, since, until)
    return {
        r.variant: {
            k: float(v) if k != "users" else v for k, v in r._mapping.items() if k != "variant"
        }
        for r in found
    }


def _rows(connection: sa.Connection, query: Any, product: str, since: str, until: str) -> list[Any]:
    said = {"product": product, "since": since, "until": until}
    return list(connection.execute(query, said))
