"""Variants are measured as they are served: real batches, new shapes in their share, quiet rounds."""

import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.faults.ticks import STEP_S, Ticks
from tests.variants import baseline, saved_picture

from steelyard.engine import measure
from steelyard.engine.measure import BUSY, ROUNDS, ROUNDS_MAX, Rounds, _unsure, measure_variants
from steelyard.engine.probe import _visited
from steelyard.engine.traffic import BUSY_HOUR, QUEUE_MAX, Traffic, quantile
from steelyard.errors import StoreError
from steelyard.tasks import content_kind

A_MONTH = 30 * 86_400


@pytest.fixture(autouse=True)
def counted_time(monkeypatch):
    """Processes find the counted clock of these tests."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def at(load: float, service_s: float = 0.01) -> Traffic:
    """Traffic that keeps a server of `service_s` a request busy for a share `load` of the time."""
    return Traffic(round(load / service_s * A_MONTH / BUSY_HOUR))


def test_a_product_of_few_requests_answers_them_alone():
    assert np.mean([len(b) for b in Traffic(1_000_000).batches(96, 0.02, most=11)]) < 1.1


def test_a_product_of_many_requests_answers_them_in_company():
    assert np.mean([len(b) for b in at(0.9).batches(500, 0.01, most=64)]) > 2
    for most in (11, 64):
        more_than_it_can = at(100).batches(500, 0.01, most=most)
        assert {len(b) for b in more_than_it_can[:-1]} == {most}


@given(st.integers(1, 200), st.integers(1, 10**15), st.floats(0, 10), st.integers(1, 64))
def test_batches_hold_every_request_once_in_the_order_they_come(n, requests, service_s, most):
    traffic = Traffic(requests)
    batches = traffic.batches(n, service_s, most=most)
    assert [i for b in batches for i in b] == list(range(n))
    assert max(map(len, batches)) <= most
    assert batches == traffic.batches(n, service_s, most=most)


@pytest.mark.parametrize("load", [0.02, 0.1, 0.3])
def test_as_many_wait_as_the_server_is_busy_and_half_of_a_request_each(load):
    latency = at(load).latencies(np.array([0.01]), 0.01)
    waited = latency[latency > 0.01 + 1e-9]
    assert len(waited) / len(latency) == pytest.approx(load, abs=0.03)  # Poisson sees time averages
    if load < 0.2:
        assert waited.mean() == pytest.approx(0.015, rel=0.1)  # its own 10 ms and half of another's


def test_a_request_by_itself_takes_what_one_of_those_alone_took():
    latency = at(0.001).latencies(np.array([0.01, 0.03]), 1.0)
    assert np.mean(np.isclose(latency, 0.01)) == pytest.approx(0.5, abs=0.03)
    assert np.mean(np.isclose(latency, 0.03)) == pytest.approx(0.5, abs=0.03)


def test_time_is_told_as_finely_for_a_request_a_month_as_for_many():
    latency = Traffic(1, days=3660).latencies(np.array([1e-4]), 1e-4)
    assert np.ptp(latency) == 0 and latency[0] == 1e-4


def test_one_a_batch_is_the_queue_of_the_books():
    """Pollaczek and Khinchine: mean wait of M/D/1 = load x service / 2 (1 - load)."""
    latency = at(0.5).latencies(np.array([0.01]), 0.01, most=1)
    assert latency.mean() == pytest.approx(0.01 + 0.5 * 0.01 / (2 * 0.5), rel=0.03)


def test_a_server_that_is_asked_too_much_answers_late_and_not_never():
    latency = at(50).latencies(np.array([0.01]), 0.01)
    assert latency.min() >= QUEUE_MAX * 0.01 and latency.max() <= 2 * QUEUE_MAX * 0.01


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=50), st.floats(0, 1))
def test_a_weighted_quantile_of_equal_weights_is_an_order_statistic(values, q):
    found = quantile(values, [1.0] * len(values), q)
    assert found in values
    assert np.mean(np.asarray(values) <= found) >= q - 1e-9


def rounds(*rows, batches=None):
    one = Rounds(batches or [[i] for i in range(len(rows[0]))], most=64)
    one.took = [list(row) for row in rows]
    return one


def test_a_new_shape_is_paid_once_a_day_and_not_for_every_request():
    cold = [(True, 0.1, 0.1)] + [(False, 0.01, 0.01)] * 99
    warm = [(False, 0.01, 0.01)] * 100
    many, _, p95 = rounds(cold, warm, warm).figures(Traffic(3_000_000))
    assert many == pytest.approx(10.0 + 90 / 100_000) and p95 == pytest.approx(10.0)
    few, _, p95 = rounds(cold, warm, warm).figures(Traffic(300))
    assert few == pytest.approx(10.0 + 90 / 10)  # ten requests a day: the new shape is a tenth
    assert p95 == pytest.approx(100.0)


def test_what_starting_takes_is_spread_like_a_new_shape():
    one = rounds([(False, 0.01, 0.01)] * 10)
    one.started = [(0.5, 0.6)]
    assert one.figures(Traffic(30_000))[0] == pytest.approx(10.5)


def test_p95_is_of_the_quietest_round_and_cpu_the_median():
    quiet, busy = [(False, 0.01, 0.011)] * 20, [(False, 0.012, 0.055)] * 20
    cpu_ms, p50, p95 = rounds(busy, quiet, busy).figures(Traffic(30_000))
    assert cpu_ms == pytest.approx(12.0) and (p50, p95) == pytest.approx((11.0, 11.0))


def test_a_request_waits_for_what_is_before_it_and_for_the_whole_of_its_batch():
    batches = [[0], [1], [2, 3], [4, 5, 6, 7]]
    one = rounds(
        [(False, 0.01, 0.01)] * 2 + [(False, 0.012, 0.012), (False, 0.024, 0.024)], batches=batches
    )
    cpu_ms, p50, p95 = one.figures(Traffic(1000))
    assert (cpu_ms, p50, p95) == pytest.approx((7.0, 10.0, 10.0))  # few come: all alone
    _, p50, p95 = one.figures(at(0.8))
    assert 12.0 < p50 < 30.0 and p50 < p95 < 60.0
    full = rounds([(False, 0.4, 0.4)], batches=[list(range(64))])  # nobody was alone
    assert full.figures(Traffic(1000))[:2] == pytest.approx((6.25, 6.25))


def test_a_busy_machine_is_seen_and_measured_again_and_so_is_a_figure_at_its_goal():
    quiet = rounds([(False, 0.01, 0.0101)] * 5)
    busy = rounds([(False, 0.01, 0.05)] * 5)
    traffic = Traffic(1000)
    assert busy.busy() > BUSY > quiet.busy()
    assert _unsure("x", busy, traffic, 1, None) and not _unsure("x", quiet, traffic, 1, None)
    assert _unsure("x", quiet, traffic, 1, lambda name, cpu_ms, p95_ms: p95_ms > 10)
    busy.took.append([(False, 0.01, 0.0102)] * 5)  # one quiet round is enough
    assert not _unsure("x", busy, traffic, 1, None)


def test_a_variant_is_asked_in_a_process_of_its_own_by_the_clock_it_is_given(tmp_path):
    texts = baseline(tmp_path)
    took = measure_variants(
        {"x": tmp_path}, texts * 6, traffic=Traffic(10**6), threads=1, clock=Ticks()
    )["x"]
    # between two looks at the counted clock stand 20 s of CPU, and a thousandth of them of wall
    assert took.n == 24 and took.batch == 1.0 and took.rounds == ROUNDS
    assert (
        took.cpu_ms == pytest.approx(STEP_S * 2000, rel=0.01) and took.flat and took.memory_mb < 200
    )
    sure = measure_variants(
        {"x": tmp_path},
        texts,
        traffic=Traffic(10**6),
        threads=1,
        clock=Ticks(),
        borderline=lambda name, cpu_ms, p95_ms: True,
    )["x"]
    assert sure.rounds == ROUNDS_MAX


def test_pictures_travel_to_the_measuring_process_as_in_a_request(encoder, tmp_path):
    _, contents = saved_picture(encoder, tmp_path)
    values = [content_kind("image").sent(content) for content in contents[:6]]
    took = measure_variants(
        {"x": tmp_path}, values, traffic=Traffic(10**6), threads=1, clock=Ticks()
    )["x"]
    assert took.n == 6


def test_a_variant_that_cannot_answer_is_named_with_what_it_said(tmp_path):
    baseline(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(StoreError, match="tensors 'weight' and 'bias'"):
        measure_variants({"x": tmp_path}, ["a"], traffic=Traffic(1), threads=1, clock=Ticks())


def test_variants_are_loaded_and_filled_side_by_side_and_timed_one_by_one(tmp_path, monkeypatch):
    """Nobody takes the time of a loading or of a memory that fills: one after another, half of the
    cores had nothing to do."""
    texts, at_once, most, order = baseline(tmp_path), Counter(), Counter(), []
    ask = measure.Probing.ask

    def counted(self, do, **what):
        at_once[do] += 1
        most[do] = max(most[do], sum(at_once.values()))
        order.append(do)
        time.sleep(0.3 if do != "round" else 0.0)
        try:
            return ask(self, do, **what)
        finally:
            at_once[do] -= 1

    monkeypatch.setattr(measure.Probing, "ask", counted)
    monkeypatch.setattr(measure, "_places", lambda threads: 2)
    names, told = ["a", "b", "c"], []
    took = measure_variants(
        dict.fromkeys(names, tmp_path),
        texts,
        traffic=Traffic(10**6),
        threads=1,
        clock=Ticks(),
        progress=lambda what, done, total: told.append((what, done, total)),
    )
    assert list(took) == names and dict(most) == {"open": 2, "round": 1, "flat": 2}
    assert order[:3] == ["open"] * 3 and order[-3:] == ["flat"] * 3
    assert ("loading variants", 3, 3) in told and ("memory until it is flat", 3, 3) in told


@pytest.mark.parametrize(("cores", "threads", "places"), [(2, 1, 2), (8, 4, 2), (2, 4, 1)])
def test_a_core_for_each_thread_of_what_works_side_by_side(monkeypatch, cores, threads, places):
    monkeypatch.setattr(measure, "cores", lambda: cores)
    assert measure._places(threads) == places


def test_behind_an_error_no_other_variant_is_asked():
    asked = []

    def ask(name):
        asked.append(name)
        if name == "b":
            raise StoreError("b", "a variant that answers", "none")
        time.sleep(0.5 if name > "b" else 0.0)  # meanwhile the error is seen
        return {}

    with pytest.raises(StoreError, match="a variant that answers"):
        measure._side_by_side("abcdefgh", "x", ask, places=1, say=lambda *told: None)
    assert "h" not in asked


@given(st.lists(st.integers(1, 512), min_size=1, max_size=300))
def test_the_smallest_and_the_largest_input_are_among_those_that_fill_the_memory(sizes):
    seen = {sizes[i] for i in _visited(sizes)}
    assert {min(sizes), max(sizes)} <= seen and len(seen) <= 17
    assert len(seen) == len(set(sizes)) or len(seen) >= 15


def test_a_quick_variant_rests_between_its_requests_and_a_slow_one_does_not(monkeypatch):
    from steelyard.engine import probe

    walls, rests = [0.001, 0.001, 0.02, 0.001], []
    monkeypatch.setattr(probe.time, "sleep", rests.append)
    monkeypatch.setattr(probe.Probe, "_answer", lambda self, batch: (False, 0.0, walls[batch[0]]))
    took = probe.Probe.__new__(probe.Probe).round([[0], [1], [2], [3]])["took"]
    assert [wall for _, _, wall in took] == walls and rests == [probe.PAUSE_S] * 2
