"""An experiment over turns: it stops when it is sure, goes on when not, and counts pairs once."""

from decimal import Decimal

import pyarrow as pa
import pytest
from tests.conftest import reviews
from tests.release.common import canary_of, edit, published_records, replayed, task
from tests.serving import publish, release

from steelyard.errors import Damaged, DataError, OverBudget
from steelyard.release import truths
from steelyard.release.by_hand import change
from steelyard.release.experiment import Experiment
from steelyard.release.replay import replay
from steelyard.release.stream import check_stream, record_of, sent_before, stream
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.store import tables


def answers(store):
    return len(store.database.rows(tables.answer.select()))


def test_a_replay_stops_as_soon_as_the_answer_is_sure(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert found["decision"] == "rolled back" and found["sent"] < 100
    assert found["difference"]["n"] == found["sent"] == answers(store) / 2
    assert [r["state"] for r in store.releases.current()] == ["live"]


def test_a_better_canary_is_promoted_and_replaces_what_was_live(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    turned = {"live": pair["canary"], "canary": pair["live"]}  # the flipped one is live
    for state, variant in turned.items():
        release(store, variant, state, 0.5)
    found = replayed(store, product_file, turned, turn=store.begin_turn("m"), key="a")
    assert (found["decision"], found["live"]) == ("promote", turned["canary"])
    assert "CNY per 1,000 requests" in found["reason"] and found["live_misses"] == []
    assert [(r["variant"], r["state"]) for r in store.releases.current()] == [
        (turned["canary"], "live")
    ]


def test_an_undecided_experiment_goes_on_in_the_next_turn_with_new_records(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=120)
    first_turn = store.begin_turn("m1")
    first = replayed(store, product_file, pair, turn=first_turn, key="a")
    assert first["decision"] == "keep" and (first["sent_before"], first["sent"]) == (0, 120)
    assert not sent_before(store, turn=first_turn, scale="", **pair)  # the same turn, walked again
    store.end_turn(first_turn)
    second_turn = store.begin_turn("m2")
    second = replayed(store, product_file, pair, turn=second_turn, key="b")
    assert (second["sent_before"], second["sent"]) == (120, 80)  # all that was left
    assert "every labelled record" in second["reason"] and "every" not in first["reason"]
    assert second["difference"]["n"] == 200 == answers(store) / 2
    store.end_turn(second_turn)
    third = replayed(store, product_file, pair, turn=store.begin_turn("m3"), key="c")
    assert third["sent"] == 0 and "release promote|rollback product.yaml" in third["reason"]
    assert "请补充数据" in third["reason_zh"] and "手动决定" in third["reason_zh"]


def told(store):
    """(records whose labels were paid, for how much) by account of replays."""
    (row,) = [r for r in store.ledger.sums() if r["account"] == "label.replay"]
    return int(row["quantity"]), -row["nano"] / 10**9


def test_labels_of_replayed_records_are_paid_once_for_all_experiments(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=120)
    first, second = store.begin_turn("m1"), store.begin_turn("m2")
    replayed(store, product_file, pair, turn=first, key="a")
    assert told(store) == (120, pytest.approx(36))
    replayed(store, product_file, pair, turn=second, key="b")
    assert told(store) == (200, pytest.approx(60))
    other = publish(store, seed=5, name="another")
    release(store, other, "canary", 0.5)
    third = replayed(
        store,
        product_file,
        {"live": pair["live"], "canary": other},
        turn=store.begin_turn("m3"),
        key="c",
    )
    assert third["sent"] == 120 and told(store)[0] == 200
    store.ledger.verify()


def test_records_that_a_killed_attempt_sent_are_paid_by_the_turn_that_reads_them(
    store, product_file, monkeypatch
):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=120)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(store, "commit", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
        replayed(store, product_file, pair, turn=store.begin_turn("m1"), key="a")
    assert answers(store) == 240
    second = replayed(store, product_file, pair, turn=store.begin_turn("m2"), key="b")
    assert (second["sent_before"], second["sent"]) == (120, 80) and told(store)[0] == 200


def test_an_experiment_that_is_decided_already_asks_no_budget(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    replayed(store, product_file, pair, turn=store.begin_turn("m1"), key="a")
    release(store, pair["canary"], "canary", 0.5)
    edit(product_file, ("  prices:", "  budgets: {label: {a_month: 10}}\n  prices:"))
    again = replayed(store, product_file, pair, turn=store.begin_turn("m2"), key="b")
    assert (again["decision"], again["sent"]) == ("rolled back", 0)


def test_a_replay_whose_labels_break_a_budget_sends_nothing(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=120)
    edit(product_file, ("  prices:", "  budgets: {label: {a_month: 30}}\n  prices:"))
    with pytest.raises(OverBudget, match=r"36\.00 CNY more for label\.replay"):
        replayed(store, product_file, pair, turn=store.begin_turn("m1"), key="a")
    assert answers(store) == 0


def test_records_replayed_by_hand_are_paid_too(store, product_file):
    published_records(store, stream=40)
    release(store, publish(store), "live")
    visits, most = stream(
        store,
        load(product_file),
        task=task(),
        dataset="d",
        live="x",
        canary=None,
        turn=1,
        records=30,
    )
    assert most == 30
    line = truths.line(store, visits[:30], Decimal("0.3"))
    assert (line.account, line.quantity, line.money.amount) == ("label.replay", 30, Decimal("-9"))
    store.record_once([], lambda new: [line])
    assert truths.line(store, visits[:30], Decimal("0.3")) is None


def test_a_clock_that_is_set_back_sends_no_record_again(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=60)
    first = store.begin_turn("m1")
    replayed(store, product_file, pair, turn=first, key="a")
    store.end_turn(first)

    class Yesterday(type(store.clock)):
        def now(self):
            return "2001-01-01T00:00:00.000000+00:00"

    store.clock = Yesterday()
    second = replayed(store, product_file, pair, turn=store.begin_turn("m2"), key="b")
    assert (second["sent_before"], second["difference"]["n"]) == (60, 120)


def test_a_killed_replay_looks_at_the_same_places(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    product, number = load(product_file), store.begin_turn("m")
    visits, _ = stream(store, product, task=task(), dataset="d", turn=number, **pair)
    with Server(store, product) as url:
        replay(url, visits[:95], arms=pair)  # stands for an attempt that was killed near its end
    found = replayed(store, product_file, pair, turn=number, key="a")
    assert found["sent"] < 100 and found["difference"]["n"] == found["sent"]


def test_a_record_counts_once_both_answers_and_outcomes_are_there(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.02)
    product, number = load(product_file), store.begin_turn("m")
    visits, _ = stream(store, product, task=task(), dataset="d", turn=number, **pair)
    with Server(store, product) as url:
        replay(url, visits[:10], arms=pair)
        replay(url, visits[10:20], arms={"live": pair["live"]})  # killed between the two
        found = Experiment(store, product, task(), **pair).look([])
        replay(url, visits[:20], arms=pair)  # sent again, as the next attempt does
        again = Experiment(store, product, task(), **pair).look([])
    assert found.replay.difference.n == 10 and again.replay.difference.n == 20
    assert answers(store) == 40


def test_half_a_pair_of_an_earlier_turn_is_sent_whole_and_counts_once(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=20)
    product, first = load(product_file), store.begin_turn("m1")
    visits, _ = stream(store, product, task=task(), dataset="d", turn=first, **pair)
    with Server(store, product) as url:
        replay(url, visits[:5], arms={"live": pair["live"]})
    assert not sent_before(store, turn=first + 1, scale="", **pair)
    second = store.begin_turn("m2")
    found = replayed(store, product_file, pair, turn=second, key="b")
    assert (found["sent"], found["difference"]["n"]) == (20, 20)


def test_a_replay_against_a_server_of_ones_own_shows_the_canary_and_the_next_turn_decides(
    store, product_file
):
    from steelyard.api.replaying import replay_against

    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    with Server(store, load(product_file)) as url:
        shown = replay_against(load(product_file), url=url, records=100)
        again = replay_against(load(product_file), url=url, records=100)
    assert shown["lost"] == 0 and shown["readout"]["decision"] == "rolled back"
    assert {r["state"] for r in store.releases.current()} == {
        "live",
        "canary",
    }  # nothing is changed
    assert again["readout"] == shown["readout"]  # nothing is sent twice
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    assert (found["sent"], found["decision"]) == (0, "rolled back")


def test_long_ids_that_begin_alike_are_different_requests(store, product_file):
    rows = reviews(20, seed=8)
    alike = ["the same long beginning of every id of this file " * 2 + r["id"] for r in rows]
    columns = {
        "id": alike,
        "content": [r["text"] for r in rows],
        "label": [r["label"] for r in rows],
    }
    store.datasets.publish("records", pa.table(columns | {"split": ["stream"] * 20}), tag="d")
    edit(product_file, ("replay: 60, ", ""))
    visits, most = stream(
        store, load(product_file), task=task(), dataset="d", live="l", canary="c", turn=10**9
    )
    assert len({record_of(v) for v in visits}) == 20 == most
    assert all(len(f"{v.request_id}:canary") <= 64 for v in visits)


def test_a_default_takes_what_the_stream_holds_and_a_written_number_is_meant(store, product_file):
    splits = {"stream": {"negative": 20, "positive": 23, "(unlabelled)": 900}}
    with pytest.raises(DataError, match=r"release\.replay: expected at most 43"):
        check_stream(load(product_file), splits)
    edit(product_file, ("replay: 60, ", ""))
    check_stream(load(product_file), splits)
    published_records(store, stream=43)
    visits, most = stream(
        store, load(product_file), task=task(), dataset="d", live="l", canary="c", turn=1
    )
    assert len(visits) == 43 == most
    with pytest.raises(DataError, match="--records"):
        stream(
            store,
            load(product_file),
            task=task(),
            dataset="d",
            live="l",
            canary="c",
            turn=1,
            records=44,
        )


def never(key):
    raise AssertionError("a server was started")


@pytest.mark.parametrize("arm", ["live", "canary"])
def test_a_damaged_arm_is_said_before_a_server_starts_or_a_record_is_spent(
    store, product_file, arm
):
    pair = canary_of(store, product_file, flip=False, loss_max=0.02)
    weights = store.artifacts.peek(pair[arm]) / "model.safetensors"
    weights.write_bytes(b"\0" + weights.read_bytes()[1:])
    with pytest.raises(Damaged, match=rf"the {arm} variant.*model\.safetensors") as told:
        replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a", serve=never)
    assert "steelyard release" in str(told.value) and answers(store) == 0
    assert {r["state"]: r["variant"] for r in store.releases.current()} == pair


def test_cpu_of_the_answers_is_not_charged_again_with_the_replay(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=40)

    class Clock(type(store.clock)):
        """Serving takes more than the whole process does, however busy the machine is."""

        def thread_cpu_s(self):
            return 1e6 * super().thread_cpu_s()

    store.clock = Clock()
    replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    quantity = {r["account"]: float(r["quantity"]) for r in store.ledger.sums()}
    assert quantity["cpu.serve"] > 0 and quantity["cpu.replay"] == 0


def test_what_each_arm_took_in_service_is_kept_as_its_measure(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.0001, replay=40)
    replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a")
    for variant in pair.values():
        measures = store.measures.of(variant)
        assert measures["served_p95_ms"]["value"] > 0 and measures["served_p95_ms"]["n"] == 40
        assert measures["served_cost_per_1000"]["value"] > 0


def test_a_person_who_takes_the_canary_back_during_a_replay_is_not_overruled(store, product_file):
    pair = canary_of(store, product_file, flip=True, loss_max=0.02)
    turned = {"live": pair["canary"], "canary": pair["live"]}
    for state, variant in turned.items():
        release(store, variant, state, 0.5)

    class Meddled:
        """A server beside which somebody rolls the canary back, once all is sent."""

        def __init__(self, key):
            self.server = Server(store, load(product_file), key=key)

        def __enter__(self):
            return self.server.__enter__()

        def __exit__(self, *error):
            self.server.__exit__(*error)
            change(store, "rollback", None, who="li", why="I saw enough")

    found = replayed(
        store, product_file, turned, turn=store.begin_turn("m"), key="a", serve=Meddled
    )
    assert found["decision"] == "promote" and found["applied"] is False
    assert found["live"] == turned["live"]
    assert {r["state"]: r["variant"] for r in store.releases.current()} == {"live": turned["live"]}


def test_a_pair_that_a_person_changed_before_the_replay_is_not_compared(store, product_file):
    pair = canary_of(store, product_file, flip=False, loss_max=0.02)
    change(store, "pin", None, who="li", why="the fair")
    found = replayed(store, product_file, pair, turn=store.begin_turn("m"), key="a", serve=never)
    assert found["decision"] == "none" and "by hand" in found["reason"]
