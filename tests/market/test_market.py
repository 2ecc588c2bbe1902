"""The canary goes up, comes back or stays, and a repeated replay pays nothing twice."""

import threading

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import reviews
from tests.serving import publish, release

from steelyard.errors import StoreError, UserError
from steelyard.market import release as release_step
from steelyard.market.readout import Arm, decide, difference, readout
from steelyard.market.replay import Visit, replay
from steelyard.market.run import Experiment, sent_before, stream
from steelyard.market.run import run as market_run
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.stats import Interval, Sample
from steelyard.store import tables
from steelyard.tasks import open_task


def arm(outcome=0.8, cost=0.01):
    return Arm("v", "v", 500, outcome, cost, 5.0)


def decided(value, low, high, *, live_cost=0.01, canary_cost=0.01, worth=0.005):
    found = Interval(value, low, high, 1000)
    return decide(found, arm(cost=live_cost), arm(cost=canary_cost), loss_max=0.02, value=worth)


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        ({"value": 0.05, "low": 0.01, "high": 0.09}, "promote"),
        ({"value": -0.10, "low": -0.15, "high": -0.05}, "rolled back"),
        ({"value": 0.01, "low": -0.04, "high": 0.06}, "keep"),
        ({"value": 0.0, "low": -0.01, "high": 0.01, "live_cost": 0.02}, "promote"),
        ({"value": 0.0, "low": -0.01, "high": 0.01, "canary_cost": 0.02}, "keep"),
        ({"value": 0.01, "low": 0.005, "high": 0.015, "canary_cost": 0.2}, "keep"),
    ],
)
def test_the_decision_follows_the_interval_and_the_money(facts, decision):
    found = decided(**facts)
    assert found.decision == decision and "1,000" in found.reason and found.reason_zh


@given(st.floats(-0.5, 0.5), st.floats(0, 0.5))
def test_nothing_is_promoted_while_a_real_loss_is_still_possible(value, half):
    found = decided(value, value - half, value + half)
    assert found.decision != "promote" or value - half > -0.02


def test_an_arm_without_answers_gives_the_widest_interval_there_is():
    seen = difference(Sample.of([1.0]), Sample.of([]), confidence=0.95)
    assert (seen.low, seen.high) == (-1.0, 1.0)


def visits(n, *, seed=0, experiment="e"):
    return [
        Visit(f"{experiment}:{r['id']}", f"u{r['id']}", r["text"], r["label"])
        for r in reviews(n, seed=seed)
    ]


def test_every_record_is_answered_and_acknowledged(store, product_file):
    release(store, publish(store), "live")
    with Server(store, load(product_file)) as url:
        report = replay(url, visits(120))
    assert (report.sent, report.answered, report.acknowledged, report.lost) == (120, 120, 120, 0)
    assert len(store.database.rows(tables.feedback.select())) == 120


def test_a_replay_sent_again_pays_nothing_again(store, product_file):
    release(store, publish(store), "live")
    product = load(product_file)
    with Server(store, product) as url:
        replay(url, visits(40)[:25])  # stands for an attempt that was killed
        once = {r["account"]: r for r in store.sums()}
        replay(url, visits(40))
        replay(url, visits(40))
    total = {r["account"]: r["nano"] for r in store.sums()}
    assert len(store.database.rows(tables.answer.select())) == 40
    assert len(store.database.rows(tables.feedback.select())) == 40
    task = open_task("text_classification", labels=("negative", "positive"))
    right = sum(
        task.outcome(a["label"], f["value"])
        for a in store.database.rows(tables.answer.select())
        for f in store.database.rows(tables.feedback.select())
        if f["answer"] == a["id"]
    )
    assert total["value.correct"] == right * 10_000_000 >= once["value.correct"]["nano"]


def test_a_record_outlives_a_restart_of_the_server(store, product_file):
    release(store, publish(store), "live")
    product = load(product_file)
    first = Server(store, product)
    url = first.__enter__()
    port = int(url.rsplit(":", 1)[1])
    report = []
    sender = threading.Thread(target=lambda: report.append(replay(url, visits(200), concurrency=2)))
    sender.start()
    first.__exit__(None, None, None)
    with Server(store, product, port=port):
        sender.join(60)
    assert report[0].lost == 0 and report[0].acknowledged == 200


def test_a_server_that_stays_away_is_said_and_not_waited_for_for_ever():
    with pytest.raises(StoreError, match="start it again"):
        replay("http://127.0.0.1:9", visits(2), give_up_s=0.3)
    with pytest.raises(UserError, match="http://host:port"):
        replay("ftp://x", visits(1))


def experiment(store, product_file, *, flip):
    """60 users on each arm, answered by two variants of known quality."""
    live, canary = publish(store), publish(store, seed=3, name="new", flip=flip)
    release(store, live, "live")
    release(store, canary, "canary", 0.5)
    product = load(product_file)
    with Server(store, product) as url:
        replay(url, visits(400, seed=8))
    task = open_task("text_classification", labels=("negative", "positive"))
    return readout(
        store, product, task=task, variants={"live": live, "canary": canary}, prefix="e:"
    )


def test_a_canary_that_answers_wrongly_is_rolled_back(store, product_file):
    text = product_file.read_text().replace("outcome_loss_max: 0.5", "outcome_loss_max: 0.02")
    product_file.write_text(text)
    found = experiment(store, product_file, flip=True)
    assert found.decision.decision == "rolled back" and found.difference.high < -0.5
    assert (
        found.path[-1]["n"] == 400
        and found.path[0]["high"] - found.path[0]["low"]
        > found.path[-1]["high"] - found.path[-1]["low"]
    )


def test_a_canary_as_good_as_the_live_one_is_not_rolled_back(store, product_file):
    found = experiment(store, product_file, flip=False)
    assert found.decision.decision != "rolled back" and found.arms["canary"].cost_per_1000 > 0


def published_stream(store, n=200):
    """`n` labelled records that were never trained on, as the data stage leaves them."""
    rows = reviews(n, seed=8)
    table = pa.table(
        {
            "id": [r["id"] for r in rows],
            "content": [r["text"] for r in rows],
            "label": [r["label"] for r in rows],
            "split": ["stream"] * n,
        }
    )
    store.datasets.publish("records", table, tag="d")


def replayed(store, product_file, pair, *, turn, key):
    """One replay step of a turn, as the loop runs it."""
    product = load(product_file)

    def work(step):
        return market_run(
            store, product, step, dataset="d", **pair,
            task=open_task("text_classification", labels=("negative", "positive")),
            serve=lambda key: Server(store, product, key=key),
        )  # fmt: skip

    output, _ = store.step(turn, "replay", f"{key:0>16}", work, cpu_price=0)
    return output


def canary_of(store, product_file, *, flip, loss_max, replay=100, look_every=20):
    live, canary = publish(store), publish(store, seed=3, name="new", flip=flip)
    release(store, live, "live")
    release(store, canary, "canary", 0.5)
    published_stream(store)
    text = product_file.read_text(encoding="utf-8").replace("outcome_loss_max: 0.5", f"outcome_loss_max: {loss_max}")  # fmt: skip
    text = text.replace("replay: 60,", f"replay: {replay}, look_every: {look_every},")
    product_file.write_text(text, encoding="utf-8")
    return {"live": live, "canary": canary}


def test_a_replay_stops_as_soon_as_the_answer_is_sure(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert found["decision"] == "rolled back" and found["sent"] < 100
    assert [r["state"] for r in store.releases()] == ["live"]


def test_an_undecided_experiment_goes_on_in_the_next_turn_with_new_records(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=120)
    first_turn = store.begin_turn("m1")
    first = replayed(store, product_file, pair, turn=first_turn, key="a")
    assert first["decision"] == "keep" and (first["sent_before"], first["sent"]) == (0, 120)
    assert not sent_before(store, turn=first_turn, **pair)  # the same turn, walked again
    store.end_turn(first_turn)
    second_turn = store.begin_turn("m2")
    second = replayed(store, product_file, pair, turn=second_turn, key="b")
    assert (second["sent_before"], second["sent"]) == (120, 80)  # all that was left
    assert "every labelled record" in second["reason"] and "every" not in first["reason"]
    assert second["difference"]["n"] == 200 == len(store.database.rows(tables.answer.select()))
    store.end_turn(second_turn)
    third = replayed(store, product_file, pair, turn=store.begin_turn("m3"), key="c")
    assert third["sent"] == 0 and "every labelled record" in third["reason"]
    assert "请补充数据" in third["reason_zh"]


def test_a_killed_replay_looks_at_the_same_places(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    product, number = load(product_file), store.begin_turn("m")
    task = open_task("text_classification", labels=("negative", "positive"))
    visits = stream(store, product, dataset="d", prefix=Experiment(store, product, task, **pair).prefix)  # fmt: skip
    with Server(store, product) as url:
        replay(url, visits[:95])  # stands for an attempt that was killed near its end
    found = replayed(store, product_file, pair, turn=number, key="a")
    assert found["sent"] < 100 and found["difference"]["n"] == found["sent"]


def test_a_replay_against_a_server_of_ones_own_shows_the_canary_and_the_next_turn_decides(
    store, product_file
):
    from steelyard.cli.replaying import replay_against

    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    with Server(store, load(product_file)) as url:
        shown = replay_against(product_file, url=url, records=100)
        again = replay_against(product_file, url=url, records=100)
    assert shown["lost"] == 0 and shown["readout"]["decision"] == "rolled back"
    assert {r["state"] for r in store.releases()} == {"live", "canary"}  # nothing is changed
    assert again["readout"] == shown["readout"]  # nothing is sent twice
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert (found["sent"], found["decision"]) == (0, "rolled back")


def test_a_record_the_server_refuses_is_counted_and_the_rest_is_sent(store, product_file):
    release(store, publish(store), "live")
    rows = visits(20)
    rows[3] = Visit("e:big", "u", "长" * 400_000, "positive")
    rows[7] = Visit("e:empty", "u", "\u200b", "positive")
    with Server(store, load(product_file)) as url:
        report = replay(url, rows)
    assert (report.sent, report.refused, report.acknowledged, report.lost) == (20, 2, 18, 0)


def test_long_ids_that_begin_alike_are_different_requests(store, product_file):
    rows = reviews(20, seed=8)
    alike = ["the same long beginning of every id of this file " * 2 + r["id"] for r in rows]
    columns = {"id": alike, "content": [r["text"] for r in rows], "label": [r["label"] for r in rows]}  # fmt: skip
    store.datasets.publish("records", pa.table(columns | {"split": ["stream"] * 20}), tag="d")
    visits = stream(store, load(product_file), dataset="d", prefix="p", records=20)
    assert len({v.request_id for v in visits}) == 20
    assert all(len(v.request_id) <= 64 for v in visits)


def released(store, product_file, chosen, baseline):
    product = load(product_file)
    output, _ = store.step(
        store.begin_turn("r"), "release", f"{chosen}{len(store.database.rows(tables.step.select()))}",
        lambda step: release_step.run(store, product, step, chosen=chosen, baseline=baseline), cpu_price=0,
    )  # fmt: skip
    return output


def test_the_baseline_goes_live_first_and_the_chosen_one_becomes_canary(store, product_file):
    baseline, chosen = publish(store), publish(store, seed=4, name="new")
    assert released(store, product_file, chosen, baseline) == {"live": baseline, "canary": chosen}
    assert {(r["variant"], r["state"]) for r in store.releases()} == {
        (baseline, "live"),
        (chosen, "canary"),
    }


def test_a_canary_that_is_undecided_stays_without_another_row(store, product_file):
    baseline, chosen = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, chosen, baseline)
    rows = len(store.database.rows(tables.release.select()))
    assert released(store, product_file, chosen, baseline) == {"live": baseline, "canary": chosen}
    assert len(store.database.rows(tables.release.select())) == rows


def test_a_canary_that_was_rolled_back_is_not_tried_again(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    assert replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")["decision"] == "rolled back"  # fmt: skip
    for _ in range(2):  # the next turn, and the one after it
        output = released(store, product_file, pair["canary"], pair["live"])
        assert output["canary"] is None and "rolled back before" in output["why"]
        assert [(r["variant"], r["state"]) for r in store.releases()] == [(pair["live"], "live")]


@pytest.mark.parametrize("chosen", [None, "live"])
def test_a_canary_that_is_not_chosen_any_more_is_retired(store, product_file, chosen):
    live, canary = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, canary, live)
    output = released(store, product_file, live if chosen else None, live)
    assert output["canary"] is None
    assert [(r["variant"], r["state"]) for r in store.releases()] == [(live, "live")]


def test_a_changed_share_of_the_canary_is_taken_up(store, product_file):
    live, canary = publish(store), publish(store, seed=4, name="new")
    released(store, product_file, canary, live)
    text = product_file.read_text(encoding="utf-8")
    product_file.write_text(text.replace("canary_share: 0.5", "canary_share: 0.1"))
    released(store, product_file, canary, live)
    assert {r["state"]: r["share"] for r in store.releases()} == {"live": 1.0, "canary": 0.1}


def test_cpu_of_the_answers_is_not_charged_again_with_the_replay(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=40)

    class Clock(type(store.clock)):
        """Serving takes a hundred times what the whole process does."""

        def thread_cpu_s(self):
            return 100 * super().thread_cpu_s()

    store.clock = Clock()
    replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    quantity = {r["account"]: float(r["quantity"]) for r in store.sums()}
    assert quantity["cpu.serve"] > 0 and quantity["cpu.replay"] == 0


def test_without_a_variant_that_meets_the_goals_there_is_no_canary(store, product_file):
    baseline = publish(store)
    output = released(store, product_file, None, baseline)
    assert output["canary"] is None and "no variant meets the goals" in output["why"]


def test_a_variant_that_is_live_is_not_tested_against_itself(store, product_file):
    live = publish(store)
    release(store, live, "live")
    output = released(store, product_file, live, live)
    assert output["canary"] is None and "live already" in output["why"]
