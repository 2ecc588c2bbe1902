"""How much worse or better a variant answers than its parent, on the same records. Knows no choice.

Example: `gap_of(valuation, before, after, truths).quality`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from steelyard.compress.candidate import INTERVAL, Gap
from steelyard.compress.left import Compressible
from steelyard.compress.quality import Quality
from steelyard.engine.evaluate import quality_gain
from steelyard.engine.fit import Examples
from steelyard.engine.kept import kept
from steelyard.engine.model import open_model
from steelyard.engine.processes import cores
from steelyard.spec import ProductFile
from steelyard.store import Store
from steelyard.tasks import Answer, Task, Truth
from steelyard.tasks.valuation import Valuation, valuation_of


def gap_of(
    valuation: Valuation,
    before: Sequence[Answer],
    after: Sequence[Answer],
    truths: Sequence[Truth],
) -> Gap:
    """Of the parent's answers and the variant's to n records. One more answer may differ than did, so that
    nothing that differs in no answer is taken for sure: a record more or less is 1 / n."""
    n = len(truths)
    quality = quality_gain(valuation.task, before, after, truths)
    worth = valuation.shares(after, truths) - valuation.shares(before, truths)
    spread = (quality.high - quality.low) / INTERVAL
    return Gap(
        quality.value,
        float((spread**2 + n**-2) ** 0.5),
        float(worth.mean()),
        float((worth.var() / n + n**-2) ** 0.5),
        float(abs(worth).mean() + 1 / n),
        n,
    )


def gaps_of(
    store: Store,
    product: ProductFile,
    task: Task,
    of: Compressible,
    held: Examples,
    qualities: Mapping[str, Quality],
) -> dict[str, Gap | None]:
    """Of each variant that answers otherwise than its parent."""
    apart = {name: q.answers for name, q in qualities.items() if q.answers is not None}
    if not apart:
        return {}
    before = kept(store, of.parent.variant, dataset=of.dataset, n=len(held))
    if before is None:  # not kept, or damaged
        model = open_model(store.artifacts.open(of.parent.variant), threads=cores())
        before = list(model.answers(held.contents))
    valuation = valuation_of(task, product.spec.money)
    return {name: gap_of(valuation, before, after, held.truths) for name, after in apart.items()}
