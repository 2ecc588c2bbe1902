"""The plan of the newest turn taken for what the next turn does. Opens no terminal.

The approval is a fact of the ledger; the product file is written last. Where that fails, the same command writes it.
Example: `approve(proposed(load("product.yaml"), who="li.lei"))["labels"]`
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from steelyard.api.planning import changed_sections, plan, planned_turn, standing
from steelyard.errors import InBoth, StoreError, UserError
from steelyard.files import write
from steelyard.market.approved import Approved, approvals, today
from steelyard.market.approved import approve as keep
from steelyard.plan.moved import Doing, moved
from steelyard.plan.now import planned
from steelyard.reason import Reason
from steelyard.spec import ProductFile
from steelyard.spec.edited import start_of, with_start
from steelyard.store import Store
from steelyard.words import both, kept, sentence

COMMAND = "plan approve"
WHO_MAX = 64


@dataclass(frozen=True)
class Proposal:
    """What would be written: the fact, and the product file before and after; the same where nothing of it changes."""

    file: ProductFile
    fact: Approved
    do: Mapping[str, str]  # language -> what a person does
    before: str
    after: str
    known: bool  # the fact is there, and the file still has to be written

    @property
    def diff(self) -> list[str]:
        old, new = self.before.splitlines(), self.after.splitlines()
        name = self.file.path.name
        return list(difflib.unified_diff(old, new, name, name, n=1, lineterm=""))

    def to_json(self) -> dict[str, Any]:
        one = self.fact
        return {
            "turn": one.turn,
            "who": one.who,
            "labels": one.labels,
            "channels": {name: round(money, 2) for name, money in one.channels.items()},
            "steps": list(one.steps),
            "days": one.days,
            "currency": one.currency,
            "simulated": self.file.spec.market.simulated,
            "do": self.do["en"],
            "do_zh": self.do["zh"],
            "diff": self.diff,
        }


def proposed(file: ProductFile, *, who: str, anyway: bool = False) -> Proposal:
    """Everything checked, nothing written. Missing before the first plan; UserError for a plan that was approved, for
    one of another product file, for one that does nothing, and, unless `anyway`, where the plan of now is another one."""
    name = _who(who)
    with standing(file) as now:
        then = planned(now.outputs)
        if then is None:
            raise UserError(
                COMMAND, "a plan that divides money", "one of an older version", _again(file)
            )
        _refuse_older(now.store, file, now.turn)
        doing = Doing.of(then)
        if doing.nothing:
            raise _refused(Reason("refuse.nothing", {"turn": now.turn, "do": kept(then, "do")}))
        day = today(now.store, file)
        earlier = next((one for one in approvals(now.store) if one.turn == now.turn), None)
    before = file.path.read_bytes().decode("utf-8")
    after = before if doing.labels is None else _with_labels(before, doing.labels)
    if earlier is not None and before == after:
        raise _twice(earlier, file)
    if earlier is None and not anyway:
        _refuse_moved(then, plan(file), file)
    fact = earlier or Approved(
        now.turn,
        name,
        day,
        doing.labels,
        doing.channels,
        doing.steps,
        doing.customers,
        float(file.spec.plan.days),
        file.spec.money.currency,
        sales=doing.sales,
    )
    do = {language: sentence(then, "do", language) for language in ("en", "zh")}
    return Proposal(file, fact, do, before, after, earlier is not None)


def _twice(earlier: Approved, file: ProductFile) -> UserError:
    name = file.path.name
    if earlier.labels is None:
        then = Reason("refuse.plans_anew", {"file": name})
    else:
        then = Reason("refuse.labels_come", {"file": name})
    return _refused(
        Reason(
            "refuse.twice",
            {"turn": earlier.turn, "who": earlier.who, "day": earlier.day, "then": then},
        )
    )


def _refused(why: Reason) -> InBoth:
    said = both(why)
    return InBoth(COMMAND, said["en"], said["zh"])


def approve(proposal: Proposal) -> dict[str, Any]:
    """Write the fact, and then the product file; UserError where one of the two is no longer what was proposed on."""
    file = proposal.file
    _refuse_unwritable(proposal)
    with closing(Store.open(file, create=False)) as store, store.alone():
        found = planned_turn(store)
        if found is None or found[0] != proposal.fact.turn:
            raise UserError(
                COMMAND,
                f"the plan of turn {proposal.fact.turn}",
                "a newer turn",
                "look at it: steelyard plan",
            )
        if file.path.read_bytes().decode("utf-8") != proposal.before:
            raise UserError(str(file.path), "the file as it was shown", "another", "run it again")
        if not proposal.known:
            if any(one.turn == proposal.fact.turn for one in approvals(store)):
                raise _refused(Reason("refuse.meanwhile"))
            keep(store, proposal.fact)
        _write(proposal)
    return proposal.to_json()


def _write(proposal: Proposal) -> None:
    if proposal.after == proposal.before:
        return
    path = proposal.file.path
    try:
        write(path, proposal.after, mode=stat.S_IMODE(path.stat().st_mode))
    except (OSError, StoreError) as error:
        raise UserError(
            str(path),
            "a product file that can be written",
            f"{error}: the approval is in the ledger, the file is as it was",
            "run the same command again, which writes the file alone",
        ) from error


def _refuse_unwritable(proposal: Proposal) -> None:
    """Before anything is written down."""
    path = proposal.file.path
    if proposal.after != proposal.before and not os.access(path.parent, os.W_OK):
        raise UserError(
            str(path.parent),
            "a folder that can be written",
            "one that cannot: nothing was approved",
            f"set label.start: {proposal.fact.labels} where you may, or correct its mode",
        )


def _who(who: str) -> str:
    said = who.strip()
    if not said or len(said) > WHO_MAX or not said.isprintable():
        found = f"{len(said)} characters" if len(said) > WHO_MAX else repr(who)
        raise UserError("--who", f"a name of 1 to {WHO_MAX} printable characters", found)
    return said


def _with_labels(text: str, total: int) -> str:
    has = start_of(text)
    if has.isdigit() and int(has) > total:
        raise UserError(
            "label.start",
            f"at most the {total} labels of the plan",
            has,
            "the file asks for more than the plan does: lower it, or run: steelyard turn",
        )
    return text if has == str(total) else with_start(text, total)


def _refuse_older(store: Store, file: ProductFile, turn: int) -> None:
    changed = changed_sections(store, file, turn, of_plan=True)
    if changed:
        raise _refused(
            Reason(
                "refuse.older",
                {"turn": turn, "sections": ", ".join(changed), "file": file.path.name},
            )
        )


def _refuse_moved(then: Mapping[str, Any], now: Mapping[str, Any], file: ProductFile) -> None:
    changes = moved(then, now)
    if changes:
        raise _refused(Reason("refuse.moved", {"changes": tuple(changes), "file": file.path.name}))


def _again(file: ProductFile) -> str:
    return f"run: steelyard turn {file.path.name}"
