"""`import steelyard as sy`: the same turn, predictions and facts from Python. Knows no terminal.

Example: `p = sy.open("product.yaml"); p.turn(); p.variant("物流很快，包装完好").value`
"""

from __future__ import annotations

from contextlib import closing
from functools import cached_property
from typing import Any

from steelyard.errors import Missing
from steelyard.loop import Turn, Watcher, gate, turn
from steelyard.spec import ProductFile, load
from steelyard.store import Store
from steelyard.tasks import Answer


class Variant:
    """A released variant, called like a function."""

    def __init__(self, model: Any, identity: str) -> None:
        self._model, self.id = model, identity

    def __call__(self, value: Any) -> Answer:
        """One answer for one JSON value (a text; a picture as bytes or base64)."""
        return self.many([value])[0]

    def many(self, values: list[Any]) -> list[Answer]:
        """Answers in the order of the values; ValueError says which one cannot be read."""
        task = self._model.task
        answers: list[Answer] = self._model.answers([task.decode(v) for v in values])
        return answers


class OpenProduct:
    """A product file and everything its store knows."""

    def __init__(self, file: ProductFile) -> None:
        self.file = file

    @classmethod
    def open(cls, path: str) -> OpenProduct:
        """SpecError lists every mistake in the file with its line."""
        return cls(load(path))

    def turn(self, *, until: str | None = None, watcher: Watcher | None = None) -> Turn:
        """Run one turn, or continue the one that was interrupted, up to the step `until`; Refused
        when no variant meets the goals. `watcher` is told how far it is."""
        self.__dict__.pop("variant", None)
        return gate(turn(self.file, until=until, watcher=watcher))

    def estimate(self) -> dict[str, Any]:
        """What a turn would cost in money and minutes, and what would stop it; spends nothing."""
        from steelyard.api.estimate import estimate

        return estimate(self.file)

    @cached_property
    def variant(self) -> Variant:
        """The variant that is live; Missing before the first turn."""
        from steelyard.engine.model import open_model

        with closing(Store.open(self.file)) as store:
            live = [row["variant"] for row in store.releases.current() if row["state"] == "live"]
            if not live:
                raise Missing(
                    self.file.spec.product, "a live release", "none", "run: steelyard turn"
                )
            return Variant(open_model(store.artifacts.open(live[0])), live[0])

    def variants(self) -> list[dict[str, Any]]:
        """Every variant with its newest measures and its release state."""
        from steelyard.api.facts import variants

        return variants(self.file)

    def turns(self) -> list[dict[str, Any]]:
        """Every turn, oldest first."""
        from steelyard.api.facts import turns

        return turns(self.file)

    def replay(
        self, *, url: str, records: int | None = None, watcher: Watcher | None = None
    ) -> dict[str, Any]:
        """Send records of the stream to a running server, and read the canary out."""
        from steelyard.api.replaying import replay_against

        return replay_against(self.file, url=url, records=records, watcher=watcher)

    def sums(self) -> list[dict[str, Any]]:
        """Money by account, in nano-units; cash and imputed apart."""
        with closing(Store.open(self.file)) as store:
            return store.ledger.sums()
