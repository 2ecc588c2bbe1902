"""The plan of now, what it would be with other figures, what it rests on, and how past ones did. Opens no terminal.

It runs no step and writes nothing. Example: `plan(load("product.yaml"))["split"]["parts"]`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steelyard.as_json import to_json
from steelyard.errors import Missing
from steelyard.spec import ProductFile, as_it_was
from steelyard.store import Store, has_ledger

if TYPE_CHECKING:
    from steelyard.plan.facts import PlanFacts

Outputs = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Standing:
    """The newest turn that was planned, and what its steps left; the books of the market are those of today."""

    store: Store
    file: ProductFile
    turn: int
    outputs: Outputs

    def facts(self) -> PlanFacts:
        from steelyard.market.beliefs import run
        from steelyard.plan.now import facts_now

        market = to_json(run(self.store, self.file, keeps=False))
        return facts_now(self.store, self.file, self.outputs | {"market": market})


def planned_turn(store: Store) -> tuple[int, Outputs] | None:
    """The newest turn that has a plan; None before the first."""
    for turn in reversed(store.turns.all()):
        outputs = {row["name"]: row["output"] for row in store.turns.steps(turn["id"])}
        if "plan" in outputs:
            return int(turn["id"]), outputs
    return None


def is_planned(file: ProductFile) -> bool:
    """Whether any turn was."""
    if not has_ledger(file):
        return False
    with closing(Store.open(file, create=False)) as store:
        return planned_turn(store) is not None


@contextmanager
def standing(file: ProductFile) -> Iterator[Standing]:
    """Missing where nothing was planned yet."""
    if has_ledger(file):
        with closing(Store.open(file, create=False)) as store:
            found = planned_turn(store)
            if found is not None:
                yield Standing(store, file, *found)
                return
    raise Missing(
        "plan", "a turn that was planned", "none yet", f"run: steelyard turn {file.path.name}"
    )


def plan(file: ProductFile) -> dict[str, Any]:
    """`turn`, the sections of the product file that `changed` since, `refused` where no variant meets the goals, and the
    plan as a turn keeps it: `recommendation`, `do`, `because`, `split`."""
    from steelyard.loop import NO_VARIANT
    from steelyard.plan.advice import advice
    from steelyard.plan.answer import told
    from steelyard.plan.outlook import Outlook
    from steelyard.plan.weigh import weigh

    with standing(file) as now:
        weighed = weigh(Outlook.of(now.facts()))
        chosen = now.outputs.get("compress", {"chosen": ""})["chosen"]
        return {
            "turn": now.turn,
            "changed": changed_sections(now.store, file, now.turn),
            "refused": NO_VARIANT if chosen is None else None,
            **advice(weighed),
            "split": told(weighed, drawn=False),
        }


def what_if(file: ProductFile, pairs: Sequence[str]) -> dict[str, Any]:
    """`asked`, and the split `before` and `after`; UserError names what cannot be asked."""
    from steelyard.plan.outlook import Outlook
    from steelyard.plan.weigh import weigh
    from steelyard.plan.what_if import asked, changed, summary

    values = asked(file.spec, pairs)
    with standing(file) as now:
        facts = now.facts()
    before, after = (summary(weigh(Outlook.of(f))) for f in (facts, changed(facts, values)))
    return {
        "turn": now.turn,
        "currency": facts.currency,
        "simulated": file.spec.market.simulated,
        "asked": {name: float(value) for name, value in values.items()},
        "before": before,
        "after": after,
    }


def explain(file: ProductFile, lever: str) -> dict[str, Any]:
    """One place, step or look; UserError for what is none, with why it could not be offered where that is known."""
    from steelyard.plan.explain import explain as explained
    from steelyard.plan.outlook import Outlook
    from steelyard.plan.weigh import weigh

    with standing(file) as now:
        facts = now.facts()
        told = explained(weigh(Outlook.of(facts)), lever)
    head = {"turn": now.turn, "currency": facts.currency, "months": facts.horizon}
    return told | head | {"simulated": file.spec.market.simulated}


def tornado(file: ProductFile) -> dict[str, Any]:
    """`rows` of beliefs, the one that moves the `profit` of the plan most first: `low` and `high` are each an end of the
    belief (`at`) and the profit there; what is `assumed` has no interval of its own."""
    from steelyard.plan.outlook import Outlook
    from steelyard.plan.tornado import tornado as moved
    from steelyard.plan.weigh import weigh

    with standing(file) as now:
        facts = now.facts()
    head = {"turn": now.turn, "currency": facts.currency, "months": facts.horizon}
    return moved(weigh(Outlook.of(facts))) | head | {"simulated": file.spec.market.simulated}


def score(file: ProductFile) -> dict[str, Any]:
    """`rows` of `turn`, `what`, `said` [value, low, high], `seen`, `held` and `text`, oldest first; `calibration` of their intervals
    of 80 %; and where there are none, `none` says what will be scored and when."""
    from steelyard.market.beliefs import run
    from steelyard.plan.score import calibration_of, none_scored
    from steelyard.scoring import brought_by, rows
    from steelyard.words import spoken

    with standing(file) as now:
        outputs = now.outputs | {"market": to_json(run(now.store, file, keeps=False))}
        brought = list(brought_by(now.store, file))
        made = rows(now.store, file, outputs, brought)
    none = {} if made else spoken("none", none_scored())
    return {
        "currency": file.spec.money.currency,
        "simulated": file.spec.market.simulated,
        "rows": made,
        "calibration": calibration_of(made),
        **none,
    }


def changed_sections(
    store: Store, file: ProductFile, turn: int, *, of_plan: bool = False
) -> list[str]:
    """Sections of the product file that are not what they were in a turn; only those that the plan reads if it is `of_plan`."""
    from steelyard.spec import sections
    from steelyard.stage import stage_named

    text = (store.turns.one(turn) or {}).get("file")
    if not text:
        return []
    then = as_it_was(text, file.path).spec
    stage = stage_named("plan") if of_plan else None
    names = stage.sections if stage is not None else tuple(type(file.spec).model_fields)
    before, after = sections(then, *names), sections(file.spec, *names)
    return [name for name in names if before[name] != after[name] and name != "ledger"]
