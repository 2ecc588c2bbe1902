"""Which turns of a ledger are past, and the whole days that belong to each: beside counting every day."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import PRODUCT

from steelyard.plan.score import past_turns

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = st.floats(0.0, 24.0 * 12)


class Ledger:
    """The turns of a store, and what their steps left."""

    def __init__(self, turns, outputs, file, now):
        self.turns, self.clock = self, SimpleNamespace(now=lambda: now)
        self._turns, self._outputs, self._file = turns, outputs, file

    def all(self):
        return self._turns

    def steps(self, turn):
        return [{"name": name, "output": left} for name, left in self._outputs[turn].items()]

    def one(self, turn):
        return {"file": self._file}


def said(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    path = tmp_path_factory.mktemp("past") / "product.yaml"
    path.write_text(PRODUCT.format(encoder="/nowhere"), encoding="utf-8")
    return SimpleNamespace(path=path)


@st.composite
def ledgers(draw):
    """Turns one behind the other; some were not planned, and the last may not have ended."""
    turns, outputs, now = [], {}, BEGIN
    for i in range(draw(st.integers(0, 5))):
        now += timedelta(hours=draw(HOURS))
        started, now = now, now + timedelta(hours=draw(HOURS))
        turns.append({"id": i + 1, "started": said(started), "ended": said(now)})
        plan = draw(st.sampled_from([{"split": {}}, {"options": []}, None]))
        outputs[i + 1] = {"label": {"bought": i}} | (
            {} if plan is None else {"plan": {"plan": plan}}
        )
    if turns and draw(st.booleans()):
        turns[-1]["ended"] = None
    return turns, outputs, said(now + timedelta(hours=draw(HOURS)))


@given(ledgers())
def test_a_day_belongs_to_the_newest_turn_that_ended_before_it_where_none_began_in_it(
    product, ledger
):
    turns, outputs, now = ledger
    file = product.path.read_text(encoding="utf-8")
    found = past_turns(Ledger(turns, outputs, file, now), product)
    assert [one.turn for one in found] == [
        turn["id"]
        for turn in turns
        if "split" in (outputs[turn["id"]].get("plan") or {"plan": {}})["plan"]
    ]
    days = [(BEGIN + timedelta(days=n)).date().isoformat() for n in range(200)]
    for one in found:
        turn = turns[one.turn - 1]
        later = turns[one.turn]["started"] if one.turn < len(turns) else now
        over = (turn["ended"] or turn["started"])[:10]
        whole = [day for day in days if over < day < later[:10]]
        assert max(0, one.whole_days) == len(whole)
        if whole:  # what was expected stood in the file of then
            assert (one.first, one.last) == (whole[0], whole[-1])
            assert (one.requests, one.days) == (100_000, 30.0)
        else:
            assert one.requests is None
        assert one.outputs == outputs[one.turn]


@given(ledgers(), st.integers(1, 5))
def test_until_a_past_turn_things_stand_as_they_did_when_it_ended(product, ledger, until):
    turns, outputs, now = ledger
    file = product.path.read_text(encoding="utf-8")
    found = past_turns(Ledger(turns, outputs, file, now), product, until=until)
    known = [turn for turn in turns if turn["id"] <= until]
    end = (known[-1]["ended"] or known[-1]["started"]) if known else now
    assert found == past_turns(Ledger(known, outputs, file, end), product)
    if found and found[-1].turn == until:
        assert found[-1].whole_days < 1  # nothing behind it is known yet
