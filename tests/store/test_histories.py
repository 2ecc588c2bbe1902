"""Whatever history a product has, its doors show what a few lines of plain Python make of it."""

import itertools
import math
from collections import defaultdict
from contextlib import closing
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import emptied

from steelyard.spec import Money
from steelyard.store import CASH, IMPUTED, Line, ledger, nouns, subtotals, tables
from steelyard.store.database import Database
from steelyard.store.nouns.answers import Sums
from steelyard.store.rows import put, put_all
from steelyard.store.tallies import check_tallies

VARIANTS = ("v0", "v1", "v2", "变体")
NAMES = st.sampled_from(["train", "label", "数据", "x'y"])
TIMES = st.integers(0, 5).map(lambda day: f"2026-01-0{day + 1}T00:00:00.000000+00:00")
number = itertools.count()
example = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])


def fresh() -> str:
    """A product that has no row yet: examples share a ledger as products do."""
    return f"产品 '{next(number)}"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, tmp_path_factory):
    if request.param == "postgresql":
        url = emptied(request.getfixturevalue("postgres_url"))
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('histories')}/ledger.db"
    with closing(Database.open(url)) as opened:
        with opened.write() as connection:
            data = {"id": "d", "product": "all", "version": 1, "tag": "d", "created": "2026"}
            put(connection, tables.dataset, data | {"sources": [], "recipe": {}, "counts": []})
            for identity in VARIANTS:
                own = {"id": identity, "name": identity, "task": "t", "dataset": "d", "bytes": 1}
                put(connection, tables.variant, own | {"card": {}, "created": "2026"})
        yield opened


RELEASES = st.lists(
    st.tuples(
        st.sampled_from(VARIANTS),
        st.sampled_from(["live", "canary", "retired", "pinned", "unpinned"]),
        st.sampled_from([0.0, 0.1, 1.0]),
        st.sampled_from(["steelyard", "李雷", "bo"]),
    ),
    max_size=12,
)


@example
@given(moves=RELEASES, now=TIMES)
def test_what_is_in_service_is_the_newest_state_of_each_variant(database, moves, now):
    door = nouns.Releases(database, fresh())
    rows = [dict(zip(("variant", "state", "share", "who"), move, strict=True)) for move in moves]
    for row in rows:
        door.change(lambda history, row=row: [row | {"reason": f"{len(history)} before"}], now=now)
    expected = {}
    for variant in VARIANTS:
        of = [(state, who) for v, state, _, who in moves if v == variant]
        states = [i for i, (state, _) in enumerate(of) if not state.endswith("pinned")]
        if not states or of[states[-1]][0] == "retired":
            continue
        pins = of[states[-1] + 1 :]
        pinned = pins[-1][1] if pins and pins[-1][0] == "pinned" else None
        expected[variant] = (of[states[-1]][0], pinned)
    assert {
        row["variant"]: (row["state"], row["pinned"] and row["pinned"]["who"])
        for row in door.current()
    } == expected
    history = door.history()
    assert [row["reason"] for row in history] == [f"{i} before" for i in range(len(moves))]
    assert door.newest(3) == history[::-1][:3]
    assert door.newest_not_by("steelyard") == max(
        (row["id"] for row in history if row["who"] != "steelyard"), default=0
    )


@example
@given(
    events=st.lists(
        st.tuples(st.sampled_from(["begin", "end"]), st.sampled_from("ABC"), TIMES), max_size=10
    )
)
def test_a_turn_goes_on_while_its_file_is_the_same_and_nothing_ended_it(database, events):
    door = nouns.Turns(database, fresh())
    turns: list[list] = []  # number, file, ended
    for event, file, now in events:
        waiting = [turn for turn in turns if turn[2] is None]
        if event == "end":
            if turns:
                door.end(turns[-1][0], now=now)
                turns[-1][2] = turns[-1][2] or now
            continue
        begun = door.begin(file, now=now, text=f"product: {file}")
        if waiting and waiting[-1][1] == file:
            assert begun == waiting[-1][0]
            continue
        assert begun > max((turn[0] for turn in turns), default=0)
        for turn in waiting:
            turn[2] = now
        turns.append([begun, file, None])
    shown = [[row["id"], row["spec_sha256"], row["ended"]] for row in door.all()]
    assert shown == turns and door.newest() == (turns[-1][0] if turns else 0)
    for begun, file, _ in turns:
        assert door.one(begun)["file"] == f"product: {file}"
        assert nouns.Turns(database, "another").one(begun) is None


@example
@given(
    done=st.lists(st.tuples(NAMES, TIMES, st.sampled_from([0.5, 1.0, 2.0])), min_size=1, max_size=8)
)
def test_the_newest_run_of_a_step_is_that_of_the_newest_turn_whatever_the_clock_said(
    database, done
):
    product = fresh()
    turns, door = nouns.Turns(database, product), nouns.Steps(database, product)
    for name, now, cpu_s in done:
        turn = turns.begin("spec", now=now)
        row = {"key": f"{product}:{turn}", "name": name, "turn": turn, "done": now}
        with database.write() as connection:
            put(connection, tables.step, row | {"cpu_s": cpu_s, "output": {"of": name}})
        turns.end(turn, now=now)
    assert [row["name"] for row in door.all()] == [name for name, _, _ in done]
    assert door.cpu_s() == {name: cpu_s for name, _, cpu_s in done}
    assert door.all("none") == []
    assert len(door.all(done[0][0])) == sum(name == done[0][0] for name, _, _ in done)


@example
@given(
    measured=st.lists(
        st.tuples(st.sampled_from(["f1", "p95_ms"]), st.floats(-1, 1), st.sampled_from("ab")),
        max_size=10,
    )
)
def test_the_newest_measure_of_a_name_counts_apart_for_what_it_was_measured_on(database, measured):
    subject, door = fresh(), nouns.Measures(database, "whatever product")
    with database.write() as connection:
        for i, (name, value, on) in enumerate(measured):
            row = {"subject": subject, "name": name, "value": value, "n": i, "on": on}
            put(connection, tables.measure, row | {"detail": None, "created": "2026"})
    assert {name: row["value"] for name, row in door.of(subject).items()} == {
        name: value for name, value, _ in measured
    }
    for on in "ab":
        assert {name: row["n"] for name, row in door.of(subject, on=on).items()} == {
            name: i for i, (name, _, where) in enumerate(measured) if where == on
        }


LINES = st.lists(
    st.tuples(
        st.integers(0, 1),  # product
        st.integers(0, 2),  # turn of it
        st.sampled_from(["label", "cpu.train", "value.correct"]),
        st.decimals("-1000000", "1000000", places=12),
        st.integers(-(10**12), 10**12),
        st.sampled_from(["CNY", "USD"]),
        st.sampled_from([CASH, IMPUTED]),
    ),
    max_size=25,
)


@example
@given(lines=LINES, sizes=st.lists(st.integers(1, 6), min_size=1))
def test_sums_of_money_are_those_of_its_lines_however_they_were_written(database, lines, sizes):
    products = fresh(), fresh()
    turns = [
        [nouns.Turns(database, product).begin(f"s{i}", now="2026") for i in range(3)]
        for product in products
    ]
    size, waiting = itertools.cycle(sizes), list(lines)
    with pytest.MonkeyPatch.context() as patch, database.write() as connection:
        patch.setattr(subtotals, "BLOCK", 7)
        before = subtotals.check_blocks(connection)
        while waiting:
            product, turn = waiting[0][:2]
            alike = next(itertools.groupby(waiting[: next(size)], key=lambda line: line[:2]))
            part = list(alike[1])
            ledger.append(
                connection,
                [Line(a, q, "unit", Money(n, c), "线", basis=b) for _, _, a, q, n, c, b in part],
                product=products[product],
                turn=turns[product][turn],
                time="2026",
            )
            waiting = waiting[len(part) :]
        assert subtotals.check_blocks(connection) == before + len(lines)
    for p, t in itertools.product((0, 1), (None, 0, 1, 2)):
        expected = defaultdict(lambda: [0, Decimal(0), 0])
        for product, turn, account, quantity, nano, currency, basis in lines:
            if product == p and t in (None, turn):
                one = expected[account, currency, basis]
                one[0], one[1], one[2] = one[0] + 1, one[1] + quantity, one[2] + nano
        of = nouns.Book(database, products[p])
        seen = of.sums() if t is None else of.sums(turn=turns[p][t])
        assert {
            (r["account"], r["currency"], r["basis"]): [
                r["lines"],
                Decimal(r["quantity"]),
                r["nano"],
            ]
            for r in seen
        } == expected
        if t == 2:
            assert of.sums(until=turns[p][2]) == of.sums()


ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(["live", "canary"]),
        st.sampled_from(["u1", "用户", "u'3"]),
        TIMES,
        st.sampled_from([-0.5, 0.0, 1.0, 1.0625, 28.53, 1023.99, 1024.0, 1e6]) | st.floats(0, 3000),
        st.sampled_from(["user", "user", "replay"]),
        st.sampled_from([None, "told", "untold", "rating"]),
        st.integers(0, 8).map(lambda eighth: eighth / 8),
    ),
    max_size=20,
)


def answered(database, product, answers):
    """Write them, with what was said of each in the same order."""
    with database.write() as connection:
        rows, said = [], []
        for i, (arm, user, created, latency_ms, origin, kind, utility) in enumerate(answers):
            own = {"id": f"{product}:{i}", "user": user, "created": created, "arm": arm}
            own |= {"origin": origin, "latency_ms": latency_ms, "cpu_s": 0.25, "value": "好"}
            own |= {"product": product, "variant": "v0", "state": arm, "request": "", "score": 1.0}
            rows.append(own | {"detail": {}, "release": 1, "experiment": "e"})
            if kind is not None:
                outcome = {"id": f"{product}:f{i}", "answer": own["id"], "created": "2026-02"}
                outcome |= {"kind": "rating" if kind == "rating" else "outcome", "at": None}
                outcome |= {"value": f"词{i % 2}", "utility": utility if kind == "told" else None}
                said.append(outcome)
        put_all(connection, tables.answer, rows)
        put_all(connection, tables.feedback, said)


@example
@given(answers=ANSWERS, times=st.sets(TIMES, min_size=1, max_size=3), first=st.booleans())
def test_readouts_of_kept_sums_are_those_of_every_answer(database, answers, times, first):
    product = fresh()
    door, releases = nouns.Answers(database, product), nouns.Releases(database, product)

    def release():
        for created in sorted(times):
            move = {"variant": "v0", "state": "live", "share": 1.0, "who": "bo", "reason": "r"}
            releases.change(lambda history, move=move: [move], now=created)

    if first:  # a clock that was set back: answers seem older than the releases that gave them
        release()
    answered(database, product, answers)
    if not first:
        release()
    with database.read() as connection:
        check_tallies(connection)
    assert door.cpu_s("e") == pytest.approx(0.25 * sum(a[4] == "replay" for a in answers))
    for since in times:
        own = [(i, a) for i, a in enumerate(answers) if a[4] == "user" and a[2] >= since]
        pairs = door.untold("e", since=since)
        assert {pair.truth for pair in pairs} == {f"词{i % 2}" for i, a in own if a[5] == "untold"}
        worth = {pair: 0.125 if pair.truth == "词0" else None for pair in pairs}
        spreads = door.by_user("e", since=since, worth=worth)
        for arm in ("live", "canary"):
            late = sorted(a[3] for _, a in own if a[0] == arm)
            took = door.took("e", since=since, arm=arm)
            p95_ms = late[math.ceil(0.95 * len(late)) - 1] if late else 0.0
            assert (took.n, took.p95_ms) == (len(late), p95_ms)
            users = utilities_of_users(own, arm)
            assert (arm in spreads) == bool(users)
            if users:
                assert vars(spreads[arm]) == pytest.approx(vars(Sums.of(users)))


def utilities_of_users(own, arm):
    """(sum, number) of the utilities of each user of an arm; a truth of 词1 is no outcome, and 词0 is worth 0.125."""
    by_user = defaultdict(list)
    for i, (side, user, _, _, _, kind, utility) in own:
        if side == arm and kind == "told":
            by_user[user].append(utility)
        elif side == arm and kind == "untold" and i % 2 == 0:
            by_user[user].append(0.125)
    return [(sum(utilities), len(utilities)) for utilities in by_user.values()]
