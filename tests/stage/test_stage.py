"""A stage says of itself all that the loop needs: its order, its key, its files, its words."""

import logging
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated

import pytest

from steelyard import stage as module
from steelyard.cli.doctor import examine
from steelyard.errors import DataError, Missing, SteelyardError, UserError
from steelyard.loop import Silent, Turn, _run, done_steps, turn
from steelyard.spec import Product, load
from steelyard.stage import (
    Context,
    Early,
    Stage,
    broken,
    in_order,
    names,
    of_key,
    stage_named,
    stages,
    values,
)
from steelyard.store import Store
from steelyard.taken import names_of
from steelyard.tasks import open_task
from steelyard.terms import LANGUAGES, TERMS, term


def named(name, *, takes=(), after=()):
    return Stage(name, lambda context, step: {}, takes=takes, after=after)


def order(*given):
    usable, wrong = in_order({stage.name: stage for stage in given})
    return [stage.name for stage in usable], wrong


def test_the_built_in_stages_come_in_the_order_of_a_turn_and_none_is_broken():
    assert names() == (
        "data",
        "label",
        "baseline",
        "train",
        "compress",
        "release",
        "replay",
        "curve",
        "market",
        "plan",
    )
    assert broken() == {}


def test_a_stage_comes_behind_what_it_takes_and_what_it_names():
    given = [named("z"), named("a", takes=("m.value",)), named("m", after=("z",)), named("b")]
    assert order(*given) == (["b", "z", "m", "a"], {})


def test_what_needs_a_stage_that_is_not_there_is_left_out_with_what_needs_it():
    given = [named("a"), named("b", takes=("gone.x",)), named("c", after=("b",))]
    usable, wrong = order(*given)
    assert usable == ["a"]
    assert wrong == {
        "b": "it comes after 'gone', which is not there",
        "c": "it comes after 'b', which is not there",
    }


def test_stages_that_come_after_each_other_are_left_out_and_the_rest_works():
    given = [
        named("a"),
        named("b", after=("c",)),
        named("c", after=("b",)),
        named("d", after=("a",)),
    ]
    usable, wrong = order(*given)
    assert usable == ["a", "d"] and set(wrong) == {"b", "c"}
    assert all("come after each other" in why for why in wrong.values())


class Point:
    """An entry point of a stranger's package."""

    def __init__(self, name, thing):
        self.name, self.value, self.thing = name, f"stranger:{name}", thing

    def load(self):
        if isinstance(self.thing, Exception):
            raise self.thing
        return self.thing


@pytest.fixture
def strangers(monkeypatch):
    """Registers stages of a stranger's package beside the built-in ones."""
    from steelyard import plugins

    whole = plugins._points

    def register(**things):
        own = {name: Point(name, thing) for name, thing in things.items()}
        monkeypatch.setattr(
            plugins, "_points", lambda group: whole(group) | (own if group == "stages" else {})
        )
        module._registered.cache_clear()

    yield register
    monkeypatch.undo()
    module._registered.cache_clear()


def test_a_stranger_that_breaks_its_protocol_is_named_and_the_rest_works(strangers, caplog):
    with caplog.at_level(logging.WARNING, logger="steelyard.stages"):
        strangers(
            raises=ImportError("no such module"),
            other="no stage",
            called=named("something else"),
            lonely=named("lonely", takes=("nobody.x",)),
            audit=named("audit", takes=("data.dataset",)),
        )
        found = names()
    assert set(found) == {*TERMS["step"], "audit"} - {"report"}
    assert broken() == {
        "raises": "stranger:raises: ImportError: no such module",
        "other": "stranger:other: expected a Stage, found str",
        "called": "stranger:called: it calls itself 'something else'",
        "lonely": "it comes after 'nobody', which is not there",
    }
    assert all(f"name={name} because=" in caplog.text for name in broken())


def test_a_stranger_takes_part_in_a_turn_with_a_key_a_row_and_a_word_of_its_own(
    product_file, strangers
):
    ran = []

    def audit(context, step):
        ran.append(context.of("data.dataset"))
        step.spend("audit", 2, "hour", context.product.spec.money.prices.cpu_hour, evidence="x")
        return {
            "checked": context.of("data.splits")["train"],
            "seed": context.product.spec.label.seed,
        }

    stage = Stage(
        "audit",
        audit,
        reads=("label.seed", "money.prices.cpu_hour"),
        called=("audit", "审计"),
        takes=("data.dataset", "data.splits"),
        summary=lambda o, *, ran: f"{len(o)} checked",
    )
    strangers(audit=stage)
    assert names().index("audit") == 1  # of those that may follow the data the first by name
    first = turn(load(product_file), until="audit")
    assert first.outputs["audit"]["seed"] == 0 and ran == [first.outputs["data"]["dataset"]]
    assert turn(load(product_file), until="audit").ran == [] and len(ran) == 1
    text = product_file.read_text(encoding="utf-8").replace("{start: 200}", "{start: 200, seed: 5}")
    product_file.write_text(text, encoding="utf-8")
    assert turn(load(product_file), until="audit").outputs["audit"]["seed"] == 5 and len(ran) == 2
    store = Store.open(load(product_file))
    assert {row["name"] for row in store.turns.steps(store.turns.newest())} >= {"data", "audit"}
    assert {row["account"]: row["nano"] for row in store.ledger.sums()}[
        "audit"
    ] == -2 * 2 * 35 * 10**7
    done = done_steps(
        load(product_file),
        store,
        open_task("text_classification", {"labels": ("negative", "positive")}),
    )
    assert done["audit"]["seed"] == 5
    store.close()
    assert [term("step", "audit", language) for language in LANGUAGES] == ["audit", "审计"]
    del TERMS["step"]["audit"]


@dataclass(frozen=True)
class Audited:
    checked: int
    by: str | None = None


@dataclass(frozen=True)
class OfLabels:
    bought: Annotated[int, "label.bought"]


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (
            ("label.bougth",),
            "it takes 'label.bougth', which label does not leave; did you mean 'label.bought'?",
        ),
        (("train.history", "train.qqq"), "it takes 'train.qqq', which train does not leave"),
    ],
)
def test_a_value_that_the_other_stage_does_not_leave_is_told_by_name(strangers, names, why):
    early = Early(names, lambda product, taken: None)
    strangers(
        wrong=named("wrong", takes=names),
        behind=named("behind", takes=("wrong.x",)),
        hasty=Stage("hasty", lambda c, s: {}, early=early),
        right=named("right", takes=("train.history", "train.point", "label")),
    )
    assert broken() == {
        "wrong": why,
        "hasty": why,
        "behind": "it comes after 'wrong', which is not there",
    }
    assert stage_named("right") is not None


def test_any_value_may_be_taken_of_a_stage_that_leaves_a_dict():
    given = [named("a"), named("b", takes=("a.anything",))]
    assert order(*given) == (["a", "b"], {})


def test_a_stranger_takes_and_leaves_a_value_of_its_own_types(product_file, strangers):
    told = []
    stage = Stage(
        "audit",
        lambda context, step: Audited(context.take(OfLabels).bought),
        takes=names_of(OfLabels),
        output=Audited,
        leaves=lambda left: told.append(left) or [],
        summary=lambda left, *, ran: f"{left.checked} checked",
    )
    strangers(audit=stage)
    first = turn(load(product_file), until="audit")
    assert first.outputs["audit"] == {"checked": 200}
    assert stage.line(first.outputs["audit"]) == "200 checked"
    assert turn(load(product_file), until="audit").ran == []
    assert set(told) == {Audited(200)}


def test_what_a_stage_does_not_declare_it_is_not_handed():
    context = Context(None, None, None, 1, taken={"data.dataset": "d"})
    assert context.of("data.dataset") == "d"
    with pytest.raises(SteelyardError, match=r"'data\.splits' is taken by a step that does not"):
        context.of("data.splits")


def test_values_of_steps_by_name_and_as_a_key_holds_them():
    outputs = {"train": {"variant": "v", "metrics": {"b": 1, "a": 2}}}
    taken = values(("train.variant", "train.none", "train"), outputs)
    assert taken == {"train.variant": "v", "train.none": None, "train": outputs["train"]}
    other = values(("train",), {"train": {"metrics": {"a": 2, "b": 1}, "variant": "v"}})
    assert of_key({"train": taken["train"]}) == of_key(other)  # whatever the order of its fields
    with pytest.raises(KeyError):
        values(("label.bought",), outputs)


def test_an_early_refusal_comes_before_anything_behind_it_is_paid(product_file, strangers):
    def refuse(product, taken):
        raise DataError("here", "another file", str(sum(taken["data.splits"]["train"].values())))

    strangers(
        late=Stage("late", lambda c, s: {}, after=("plan",), early=Early(("data.splits",), refuse))
    )
    with pytest.raises(DataError, match="expected another file, found"):
        turn(load(product_file), until="plan")
    store = Store.open(load(product_file))
    assert [row["account"] for row in store.ledger.sums()] == ["cpu.data"]
    store.close()


@pytest.mark.parametrize("stage", stages(), ids=lambda stage: stage.name)
def test_every_stage_declares_what_exists_and_has_words(stage):
    assert stage.doing and all(term("step", stage.name, language) for language in LANGUAGES)
    assert stage.name in TERMS["step"]
    assert all(name.partition(".")[0] in Product.model_fields for name in stage.sections)
    assert stage.behind <= set(names()[: names().index(stage.name)])


def test_a_step_that_a_turn_has_not_is_refused_before_anything_is_paid(product_file):
    with pytest.raises(UserError, match=r"until: expected one of .*'lable'; did you mean 'label'"):
        turn(load(product_file), until="lable")
    assert not (product_file.parent / ".steelyard").exists()


def test_a_built_in_stage_that_cannot_be_used_stops_every_turn(product_file, monkeypatch):
    from steelyard import plugins

    whole = plugins._points

    def points(group):
        found = dict(whole(group))
        if group == "stages":
            own = found["data"]
            found["data"] = EntryPoint(own.name, "nowhere:STAGE", own.group)._for(own.dist)
        return found

    monkeypatch.setattr(plugins, "_points", points)
    module._registered.cache_clear()
    try:
        with pytest.raises(Missing, match="stage data: expected a stage that works, found nowhere"):
            turn(load(product_file))
        assert {row["name"] for row in examine() if not row["found"]} >= {
            "stage data",
            "stage plan",
        }
    finally:
        monkeypatch.undo()
        module._registered.cache_clear()


def test_nobody_takes_the_place_of_a_built_in(monkeypatch):
    from steelyard import plugins

    (own,) = [p for p in entry_points(group="steelyard.stages") if p.name == "data"]
    other = EntryPoint("data", "nowhere:STAGE", own.group)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [other, own, other])
    plugins._points.cache_clear()
    try:
        assert plugins._points("stages")["data"].value == own.value
    finally:
        monkeypatch.undo()
        plugins._points.cache_clear()


def test_a_measurement_of_what_was_made_again_is_followed_too(store, product_file):
    """The files of a step were gone and were made under other ids; then it was measured again."""
    made = []

    def work(context, step):
        made.append(context.prior)
        with store.artifacts.draft() as draft:
            (draft / "model.bin").write_text("weights" if context.prior else f"weights {len(made)}")
            identity = (
                store.artifacts.publish(draft) if not context.prior else context.prior["variant"]
            )
        return {"variant": identity, "run": len(made)}

    stage = Stage("compress", work, leaves=lambda out: [("artifact", out["variant"])])
    again = [None, None, "compress", None, "compress", None]
    seen = []
    for n, asked in enumerate(again):
        run = Turn(load(product_file), store, None, Silent(), store.begin_turn("spec"))
        run.again = asked
        _run(run, stage)
        seen.append(run.outputs["compress"]["run"])
        if n == 0:
            (store.artifacts.peek(run.outputs["compress"]["variant"]) / "manifest.json").unlink()
    assert seen == [1, 2, 3, 3, 4, 4]


def test_a_stage_brings_its_own_section_and_one_that_fails_spoils_nothing(strangers):
    from tests.report.sample import facts

    from steelyard.report import render
    from steelyard.stage import Block

    def section(output, language):
        title = {"en": "Of <mine>", "zh": "我的"}[language]
        return [Block(title, "said", ["what", "n"], [["a", str(output["n"])]])]

    def broken(output, language):
        return output["gone"]

    left = Stage("mine", lambda c, s: {}, called=("my part", "我的部分"), section=section)
    strangers(mine=left, odd=Stage("odd", lambda c, s: {}, section=broken))
    shown = facts()
    shown = replace(shown, outputs=shown.outputs | {"mine": {"n": 7}, "odd": {}})
    page = render(shown, language="en")
    assert "my part" in page and "Of &lt;mine&gt;" in page and ">7</td>" in page
    assert "This section could not be made (KeyError)" in page
    chinese = render(shown, language="zh")
    assert "我的部分" in chinese and "这一节无法生成" in chinese
    without = replace(shown, outputs=facts().outputs)
    assert "Of &lt;mine&gt;" not in render(without, language="en")
