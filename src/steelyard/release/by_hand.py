"""Releases changed by a person: promote, roll back, pin, with who and why. Knows no HTTP.

A release row is only ever added; a running server follows at its next look.
Example: `change(store, "promote", None, who="li.lei", why="the users' outcomes are as good")`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard.errors import UserError
from steelyard.near import near
from steelyard.release.who import WHO
from steelyard.spec.looks import visible
from steelyard.store import Store
from steelyard.store.releases import PINNED, RETIRED, UNPINNED, standing

WHO_MAX, WHY_MAX = 64, 500
PREFIX_MIN = 4  # characters of an id that name a variant, when no other begins with them


@dataclass(frozen=True)
class Standing:
    """What answers now, and what was live before, the newest first."""

    live: dict[str, Any] | None
    canary: dict[str, Any] | None
    before: tuple[str, ...]


@dataclass(frozen=True)
class Move:
    """One row to add."""

    variant: str
    state: str
    share: float


def change(store: Store, verb: str, named: str | None, *, who: str, why: str) -> list[Move]:
    """Add the rows of `verb` in one transaction and return them; UserError or Damaged before
    anything is changed."""
    said = {"who": _text("--who", who, WHO_MAX), "reason": _text("--why", why, WHY_MAX)}
    if said["who"] == WHO:
        raise UserError("--who", "the name of a person", f"'{WHO}', who stands for turns")
    variant = find(store, named) if named is not None else None
    moves = VERBS[verb](now(store), variant)
    for move in moves:
        if move.state in ("live", PINNED):
            check_whole(store, move.variant)  # hashing takes a while: not inside the transaction

    def rows(history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        if VERBS[verb](_standing(history), variant) != moves:
            raise UserError(
                f"release {verb}",
                "the release as it was read",
                "another: it was changed meanwhile",
                "see: steelyard release status, then run the command again",
            )
        return [vars(move) | said for move in moves]

    store.releases.change(rows, now=store.clock.now())
    return moves


def now(store: Store) -> Standing:
    """Read from the ledger as it is."""
    return _standing(store.releases.history())


def check_whole(store: Store, variant: str) -> None:
    """Missing or Damaged when the variant could not answer: every hash compared, then loaded."""
    from steelyard.engine.model import open_model

    open_model(store.artifacts.open(variant))


def find(store: Store, named: str) -> str:
    """A variant by its id, the beginning of its id, or a name that only one has."""
    variants = store.variants.all()
    ids = [v["id"] for v in variants]
    if named in ids:
        return named
    matches = [v for v in variants if v["name"] == named]
    if not matches and len(named) >= PREFIX_MIN:
        matches = [v for v in variants if v["id"].startswith(named)]
    if len(matches) == 1:
        return str(matches[0]["id"])
    if matches:
        each = ", ".join(f"{v['id'][:12]} ({v['name']}, {v['created'][:16]})" for v in matches)
        raise UserError(
            "VARIANT",
            "one variant",
            f"{len(matches)} that '{named}' may mean: {each}",
            "name one by its id",
        )
    hint = near(named, [*ids, *(v["name"] for v in variants)]) or "see: steelyard show"
    raise UserError("VARIANT", "the id or the name of a variant of this product", repr(named), hint)


def _standing(rows: Sequence[dict[str, Any]]) -> Standing:
    current = {row["state"]: row for row in standing(rows)}
    live = current.get("live")
    older = [row["variant"] for row in reversed(rows) if row["state"] == "live"]
    own = live["variant"] if live else None
    return Standing(live, current.get("canary"), tuple(dict.fromkeys(v for v in older if v != own)))


def _promote(here: Standing, variant: str | None) -> list[Move]:
    _unpinned(here)
    if variant is None and here.canary is None:
        raise UserError(
            "release promote",
            "a canary in service, or the name of a VARIANT",
            "neither",
            "see: steelyard show",
        )
    return _live(here, variant or str(here.canary and here.canary["variant"]))


def _rollback(here: Standing, variant: str | None) -> list[Move]:
    """The canary goes; without one, what was live before answers again."""
    canary = here.canary["variant"] if here.canary else None
    if canary is not None and variant in (None, canary):
        return [Move(canary, RETIRED, 0.0)]
    _unpinned(here)
    if not here.before:
        raise UserError(
            "release rollback", "a canary in service, or a variant that was live before", "neither"
        )
    if variant is not None and variant not in here.before:
        raise UserError(
            "VARIANT",
            "the canary, or a variant that was live before",
            variant[:12],
            "to put another one live: steelyard release promote",
        )
    return [*_live(here, variant or here.before[0]), *_no_canary(here)]


def _pin(here: Standing, variant: str | None) -> list[Move]:
    """It answers every user until it is unpinned: no canary beside it."""
    live = here.live["variant"] if here.live else None
    chosen = variant or live
    if chosen is None:
        raise UserError("release pin", "a live release, or the name of a VARIANT", "neither")
    if here.live and chosen == live and here.live["pinned"]:
        raise UserError(
            "release pin",
            "a release that is not pinned",
            f"{chosen[:12]}, pinned by {here.live['pinned']['who']}",
        )
    if chosen != live:
        _unpinned(here)
    moves = [] if chosen == live else _live(here, chosen)
    gone = [] if here.canary and here.canary["variant"] == chosen else _no_canary(here)
    return [*moves, *gone, Move(chosen, PINNED, 1.0)]


def _unpin(here: Standing, variant: str | None) -> list[Move]:
    if here.live is None or not here.live["pinned"]:
        raise UserError(
            "release unpin", "a pinned release", "none", "see: steelyard release status"
        )
    if variant not in (None, here.live["variant"]):
        named, pin = here.live["variant"][:12], here.live["pinned"]
        raise UserError(
            "VARIANT",
            "the variant that is pinned",
            f"{variant[:12]}, while {named} is pinned by {pin['who']}: {pin['reason']}",
            f"run: steelyard release unpin product.yaml {named} --who NAME --why TEXT",
        )
    return [Move(here.live["variant"], UNPINNED, 1.0)]


def _live(here: Standing, variant: str) -> list[Move]:
    if here.live and here.live["variant"] == variant:
        raise UserError(
            "VARIANT", "a variant that is not live yet", f"{variant[:12]}, which is live"
        )
    old = [Move(here.live["variant"], RETIRED, 0.0)] if here.live else []
    return [Move(variant, "live", 1.0), *old]


def _no_canary(here: Standing) -> list[Move]:
    return [Move(here.canary["variant"], RETIRED, 0.0)] if here.canary else []


def _unpinned(here: Standing) -> None:
    if here.live and here.live["pinned"]:
        pin = here.live["pinned"]
        raise UserError(
            "release",
            "a release that is not pinned",
            f"one pinned by {pin['who']}: {pin['reason']}",
            "run: steelyard release unpin",
        )


def _text(option: str, value: str, most: int) -> str:
    kept = value.strip()
    if any(0xD800 <= ord(c) < 0xE000 for c in kept):  # bytes of a terminal that are not UTF-8
        raise UserError(option, "a text in UTF-8", "another byte", "type it in UTF-8")
    broken = any(ord(c) < 32 or ord(c) == 127 for c in kept) or len(kept.splitlines()) > 1
    if len(kept) > most or broken or not visible(kept):
        raise UserError(option, f"1 to {most} characters on one line", f"{len(kept)}")
    return kept


VERBS: dict[str, Callable[[Standing, str | None], list[Move]]] = {
    "promote": _promote,
    "rollback": _rollback,
    "pin": _pin,
    "unpin": _unpin,
}
