"""Conversions around a change of a partner's share are those that the product's own key told, beside everybody else's."""

from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta

import pytest
from tests.counted import KEY, OWN, PARTNERS, convert, key_of, product_in
from tests.market.companies import At

from steelyard.as_json import to_json
from steelyard.market import STAGE
from steelyard.market.beliefs import run
from steelyard.market.shares import SHORTEST, _Counted
from steelyard.plan.market import Market
from steelyard.serve import Server
from steelyard.spec import load
from steelyard.spec.declared import only
from steelyard.store import Store
from steelyard.taken import value_of

FIRST = date(2026, 3, 2)


def test_a_share_that_changed_has_its_conversions_before_and_after_beside_those_of_others(tmp_path):
    file = product_in(tmp_path)
    today = datetime.now(UTC).date()
    begins, changed = today - timedelta(days=50), today - timedelta(days=20)
    with closing(Store.open(file)) as store, Server(store, file, key=KEY, partners=PARTNERS) as url:
        for i in range(46):
            day = begins + timedelta(days=i)
            at = datetime.combine(day, time(12), UTC).isoformat()
            for k in range(1 if day < changed else 2):
                convert(url, OWN, id=f"a{i}-{k}", channel="acme", value=30, at=at)
            convert(url, OWN, id=f"w{i}", channel="wechat", value=30, at=at)
        convert(url, key_of("acme"), id="own", value=50)  # what it says of itself
    with closing(Store.open(file, clock=At(begins))) as store:
        store.end_turn(store.begin_turn(file.sha256, text=file.text))
    later = replace_share(file, 0.3)
    with closing(Store.open(later, clock=At(changed))) as store:
        store.end_turn(store.begin_turn(later.sha256, text=later.text))
    with closing(Store.open(later, clock=At(today))) as store:
        declared = only(later, *STAGE.sections)  # as a turn runs it
        left = to_json(run(store, declared))["market"]  # as the plan takes it
    acme, beta = value_of(Market, left).partners
    assert (acme.name, acme.share, beta.change) == ("acme", 0.3, None)
    assert acme.change.day == changed.isoformat() and acme.change.share == (0.2, 0.3)
    n = acme.change.days
    assert SHORTEST <= n == 19
    seen = min(n, 15)  # the last four days have none
    assert acme.change.own == (n, 2 * seen) and acme.change.others == (n, seen)
    assert acme.value == pytest.approx(30.0)


def replace_share(file, share):
    text = file.path.read_text(encoding="utf-8")
    file.path.write_text(text.replace("acme: {share: 0.2", f"acme: {{share: {share}"), "utf-8")
    return load(file.path)


def counted(days, a_day=3):
    return _Counted({("acme", FIRST + timedelta(days=i)): (a_day, 0) for i in range(days)})


def test_of_several_changes_the_newest_that_has_days_on_both_sides_counts():
    day = [FIRST + timedelta(days=n) for n in (0, 20, 40, 45)]
    shares = [(day[0], 0.1), (day[1], 0.1), (day[2], 0.2), (day[3], 0.1)]
    found = counted(60)
    # the last one had the share before it for five days alone; that before it has but five behind
    assert found.change("acme", shares, FIRST + timedelta(days=60)) is None
    kept = found.change("acme", shares[:3], FIRST + timedelta(days=60))
    assert (kept.days, kept.share, kept.own) == (19, (0.1, 0.2), (57, 57))
    back = [(day[0], 0.1), (day[1], 0.2), (day[2], 0.1)]
    assert found.change("acme", back, FIRST + timedelta(days=60)).share == (0.2, 0.1)
    assert found.change("acme", [(day[0], 0.1)], FIRST + timedelta(days=60)) is None
    assert found.change("none", shares[:3], FIRST + timedelta(days=60)) is None


def test_days_before_anything_was_counted_are_none_of_before():
    found = _Counted({("acme", FIRST + timedelta(days=i)): (1, 0) for i in range(30, 90)})
    shares = [(FIRST, 0.1), (FIRST + timedelta(days=40), 0.2)]
    assert found.change("acme", shares, FIRST + timedelta(days=90)) is None
    assert counted(90).change("acme", shares, FIRST + timedelta(days=90)).days == 40
