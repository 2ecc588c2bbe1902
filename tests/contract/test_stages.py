"""One contract over every registered stage: what it leaves is a frozen value that JSON keeps whole."""

import json
import typing
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from tests.conftest import PRODUCT, reviews, write_jsonl

from steelyard.as_json import names, of_json, to_json
from steelyard.compress.left import Compressible
from steelyard.interval import Interval
from steelyard.loop import turn
from steelyard.plan.left import PlanOf
from steelyard.reason import Reason
from steelyard.release.left import Comparable, Releasable
from steelyard.spec import load
from steelyard.stage import stage_named, stages
from steelyard.taken import names_of
from steelyard.train.left import CurveOf, TrainedAgainst, TrainedOn

INTERVAL = "value low high n"
VARIANT = "variant name method quality metrics detail kinds"
POINT = "labels quality low high utility n kinds"
# Names that a turn leaves in the ledger: later steps, reports and older versions read them.
KEYS = {
    "data": "dataset counts splits rejects languages largest_cluster",
    "data.counts": "operator in out detail",
    "data.rejects": "total reasons examples labels",
    "label": "labels dataset bought new measured corrected pool price by_label",
    "baseline": VARIANT,
    "train": f"{VARIANT} against_baseline point history precision tried seconds",
    "train.against_baseline": INTERVAL,
    "train.point": POINT,
    "train.tried": "method variant quality",
    "compress": "chosen table utility unchosen unchosen_zh unchosen_code unchosen_numbers",
    "compress.table": "variant name quality low high cpu_ms p95_ms memory_mb cost_per_1000 metrics few gap errors"
    " meets chosen why why_zh why_code why_numbers p50_ms evaluated_on timed_on busy wall_per_cpu flat",
    "release": "live canary live_misses holdout_check",
    "release.holdout_check": "outcome quality",
    "replay": "experiment live live_misses applied sent sent_before answered lost refused retried"
    " scheme unit arms difference path net option users decision reason reason_zh reason_code reason_numbers",
    "replay.difference": INTERVAL,
    "replay.path": INTERVAL,
    "curve": "curve",
    "curve.curve": POINT,
    "market": "",  # nothing is booked
    "plan": "plan curve forecast served",
    "plan.curve": POINT,
    "plan.forecast": "labels quality low high",
    "plan.served": "variant name n predicted_cost_per_1000 served_cost_per_1000 cost_ratio"
    " predicted_p95_ms served_p95_ms p95_ratio",
}
TAKEN = {
    "baseline": TrainedOn,
    "train": TrainedAgainst,
    "curve": CurveOf,
    "compress": Compressible,
    "release": Releasable,
    "replay": Comparable,
    "plan": PlanOf,
}
# What versions before 0.4 left, as far as it is other than today.
OF_ALL = {"value": 1.0, "low": 1.0, "high": 1.0, "n": 2}
OLD = {
    "data": {"dataset": "d", "splits": {"train": {"a": 1}}, "rejects": {"total": 0}},
    "label": {"labels": "l", "bought": 2, "new": 2, "pool": 3, "price": "0.30", "by_label": {}},
    "train": {"variant": "t", "metrics": {"macro_f1": OF_ALL}, "against_baseline": OF_ALL},
    "compress": {
        "chosen": None,
        "table": [{"variant": "b", "name": "baseline", "why": "slow", "why_zh": "慢"}],
        "accuracy": {"baseline": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}},
    },
    "release": {"live": "b", "canary": None, "why": "pinned by li", "newer": 1},
    "replay": {"experiment": None, "decision": "none", "reason": "no canary", "live": "b"},
    "curve": {"curve": [{"labels": 9, "quality": 0.5, "low": 0.4, "high": 0.6, "accuracy": 0.5}]},
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, encoder):
    """What every step of a whole turn left, as the ledger gives it back."""
    folder = tmp_path_factory.mktemp("stages")
    write_jsonl(folder / "reviews.jsonl", reviews(600))
    (folder / "product.yaml").write_text(PRODUCT.format(encoder=encoder), encoding="utf-8")
    return json.loads(json.dumps(turn(load(folder / "product.yaml")).outputs))


def keys_in(value: Any) -> set[str]:
    rows = value if isinstance(value, list) else [value]
    return {name for row in rows for name in row}


def test_every_step_leaves_the_names_that_it_always_left(outputs):
    left = {}
    for place in KEYS:
        step, _, field = place.partition(".")
        left[place] = keys_in(outputs[step][field] if field else outputs[step])
    assert left == {place: set(named.split()) for place, named in KEYS.items()}


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.name)
def test_what_a_step_left_is_read_and_written_again_as_it_was(stage, outputs):
    left = stage.read(outputs[stage.name])
    assert isinstance(left, stage.output)
    assert json.loads(json.dumps(to_json(left))) == outputs[stage.name]
    assert of_json(stage.output, to_json(left)) == left


def inside(hint: Any) -> set[type]:
    """Every dataclass in a type, and those in its fields."""
    if is_dataclass(hint) and hint is not Reason:
        return {hint}.union(*(inside(each) for each in get_type_hints(hint).values()))
    return set().union(*(inside(each) for each in get_args(hint)), set())


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.name)
def test_what_a_stage_leaves_is_frozen_whole(stage):
    kinds = inside(stage.output)
    assert stage.output in kinds
    assert [kind for kind in kinds if not kind.__dataclass_params__.frozen] == []


def fits(taken: Any, left: Any) -> bool:
    """Whether a value of the type `left` is read whole as the type `taken`."""
    if taken is Any or taken == left:
        return True
    options = [hint for hint in get_args(left) if hint is not type(None)]
    if get_origin(left) in (typing.Union, type(int | None)):
        left = options[0]
    if get_origin(taken) in (typing.Union, type(int | None)):
        taken = next(hint for hint in get_args(taken) if hint is not type(None))
    if is_dataclass(taken) and is_dataclass(left):
        mine, theirs = get_type_hints(taken), get_type_hints(left)
        return all(f.name in theirs and fits(mine[f.name], theirs[f.name]) for f in fields(taken))
    pairs = [(t, lft) for t, lft in zip(get_args(taken), get_args(left), strict=False) if t != ...]
    return taken == left or (bool(pairs) and all(fits(*pair) for pair in pairs))


def left_by(output):
    """Name in JSON -> type, of fields and of those that are written beside them."""
    hints = get_type_hints(output)
    beside = [
        inner
        for one in fields(output)
        if one.metadata.get("beside")
        for inner in get_args(hints[one.name])
        if is_dataclass(inner)
    ]
    return hints | {name: of for inner in beside for name, of in get_type_hints(inner).items()}


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_stage_takes_of_another_has_the_type_that_the_other_leaves(name):
    view, hints = TAKEN[name], get_type_hints(TAKEN[name], include_extras=True)
    assert stage_named(name).takes == names_of(view)
    for field in fields(view):
        assert get_origin(hints[field.name]) is Annotated
        taken, where = get_args(hints[field.name])
        step, _, value = where.partition(".")
        output = stage_named(step).output
        whole = output if value == "*" else left_by(output)[value]
        assert fits(taken, whole), f"{view.__name__}.{field.name}"


def test_a_type_that_the_other_stage_does_not_leave_does_not_fit():
    assert not fits(int, str) and not fits(list[int], list[str]) and fits(str, str | None)
    assert not fits(Interval, Reason) and not fits(tuple[Interval, ...], tuple[int, ...])


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.name)
def test_every_value_that_is_taken_is_left_by_somebody(stage):
    for name in stage.takes:
        step, _, value = name.partition(".")
        assert value in names(stage_named(step).output)


@pytest.mark.parametrize("name", OLD)
def test_what_an_older_version_left_is_read_and_told(name):
    stage = stage_named(name)
    files = {"data": 1, "label": 1, "train": 1, "compress": 1}
    assert len(stage.files(OLD[name])) == files.get(name, 0) and stage.line(OLD[name])


def test_fields_that_an_older_version_had_not_are_none_or_their_default():
    read = {name: stage_named(name).read(OLD[name]) for name in OLD}
    assert read["label"].dataset is None and read["label"].corrected == 0
    assert read["train"].quality == "macro_f1" and read["train"].point is None
    assert read["compress"].utility is None and read["compress"].accuracy["baseline"].low == 0.4
    assert read["compress"].table[0].p50_ms is None
    assert read["curve"].curve[0].mean == 0.5 and read["curve"].curve[0].kinds is None
    assert read["replay"].shown is None and read["replay"].counts is None
    assert stage_named("release").line(OLD["release"]) == "pinned by li"
