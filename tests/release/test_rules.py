"""Rules of a release over generated histories: who answers, who is taken back, what counts as seen."""

from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.release.common import valuation

from steelyard.errors import Damaged, Missing, UserError
from steelyard.release.by_hand import VERBS, _standing, _text, find
from steelyard.release.evidence import began, complete
from steelyard.release.evidence import read as _read
from steelyard.release.gate import Check, inferior
from steelyard.release.goals import misses
from steelyard.release.stream import record_of, sent_before
from steelyard.release.who import live_misses
from steelyard.release.whole import check_whole
from steelyard.spec.model import Goals
from steelyard.stats import Interval
from steelyard.store.releases import experiment_of
from steelyard.words import both

VARIANTS = ("a" * 8, "b" * 8, "c" * 8)
SAID = {"who": "李雷", "reason": "r"}
commands = st.lists(
    st.tuples(
        st.sampled_from(["promote", "rollback", "pin", "unpin", "canary"]),
        st.none() | st.sampled_from(VARIANTS),
    ),
    max_size=12,
)


def obeyed(rows, verb, variant):
    """The history after a command of a person, or after a turn that brings a canary; what is
    refused changes nothing."""
    here = _standing(rows)
    if verb == "canary":
        live = here.live and here.live["variant"]
        if variant in (None, live) or here.canary or (here.live and here.live["pinned"]):
            return rows
        return [*rows, {"variant": variant, "state": "canary", "share": 0.1, **SAID}]
    try:
        return [*rows, *(vars(move) | SAID for move in VERBS[verb](here, variant))]
    except UserError:
        return rows


@settings(max_examples=150)
@given(commands)
def test_whatever_people_do_one_variant_is_live_and_a_pin_holds_until_it_is_taken_off(several):
    rows: list[dict] = []
    for verb, variant in several:
        before, rows = _standing(rows), obeyed(rows, verb, variant)
        after = _standing(rows)
        states = [row["state"] for row in (after.live, after.canary) if row]
        assert states in ([], ["live"], ["canary"], ["live", "canary"])
        if after.live and after.canary:
            assert after.live["variant"] != after.canary["variant"]
        if before.live:
            assert after.live, "nobody answers any more"
        if before.live and before.live["pinned"] and verb != "unpin":
            assert after.live["variant"] == before.live["variant"] and after.live["pinned"]


@settings(max_examples=100)
@given(commands, st.sampled_from(VARIANTS))
def test_what_was_promoted_answers_and_a_rollback_brings_back_what_answered_before(
    several, variant
):
    rows: list[dict] = []
    for verb, named in several:
        rows = obeyed(rows, verb, named)
    before = _standing(rows)
    promoted = obeyed(rows, "promote", variant)
    if promoted == rows:
        return
    assert _standing(promoted).live["variant"] == variant
    if before.live and not _standing(promoted).canary:
        back = obeyed(promoted, "rollback", None)
        assert _standing(back).live["variant"] == before.live["variant"]


def test_a_pinned_variant_answers_alone():
    rows = [
        {"variant": "a", "state": "live", "share": 1.0, **SAID},
        {"variant": "b", "state": "canary", "share": 0.1, **SAID},
    ]
    for chosen in (None, "b", "c"):
        here = _standing([*rows, *(vars(m) | SAID for m in VERBS["pin"](_standing(rows), chosen))])
        assert here.canary is None and here.live["variant"] == (chosen or "a")
        assert here.live["pinned"]["who"] == "李雷"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x" * 65,
        "two\nlines",
        "two\u2028lines",
        "two\x85lines",
        "tab\tinside",
        "\x7f",
        "\u200b",
        "\u2060\ufeff",
    ],
)
def test_a_name_that_is_none_or_stands_on_two_lines_is_refused(text):
    with pytest.raises(UserError, match="1 to 64 characters on one line"):
        _text("--who", text, 64)


@pytest.mark.parametrize("text", ["\udcff", "li\ud800"])
def test_a_name_of_bytes_that_are_no_utf_8_is_refused_before_the_ledger_is(text):
    with pytest.raises(UserError, match="UTF-8"):
        _text("--who", text, 64)


@pytest.mark.parametrize(
    "text", ["李雷", " li.lei ", "x" * 64, "O'Neil \U0001f469\u200d\U0001f52c"]
)
def test_a_name_is_kept_as_it_was_written(text):
    assert _text("--who", text, 64) == text.strip()


def store_of(*variants):
    rows = [{"id": i, "name": name, "created": "2026-01-01T00:00:00"} for i, name in variants]
    return SimpleNamespace(variants=SimpleNamespace(all=lambda: rows))


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("abcd1111", "abcd1111"),
        ("abcd1", "abcd1111"),
        ("onnx", "abcd1111"),
        ("abcd2222", "abcd2222"),
        ("feed", "dddd4444"),  # a name before the beginning of an id
        ("基线", "feed3333"),
    ],
)
def test_a_variant_is_found_by_id_by_the_beginning_of_it_or_by_its_name(named, expected):
    variants = [
        ("abcd1111", "onnx"),
        ("abcd2222", "int8"),
        ("feed3333", "基线"),
        ("dddd4444", "feed"),
    ]
    assert find(store_of(*variants), named) == expected


@pytest.mark.parametrize("named", ["abcd", "abc", "", "onn", "ABCD1111"])
def test_what_names_no_variant_or_two_is_refused(named):
    with pytest.raises(UserError, match="VARIANT"):
        find(store_of(("abcd1111", "onnx"), ("abcd2222", "int8")), named)


states = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(["live", "canary", "retired", "pinned", "unpinned"]),
        st.sampled_from([0.1, 0.5]),
    ),
    max_size=10,
)


@settings(max_examples=150)
@example([("a", "live", 0.1), ("b", "canary", 0.1), ("a", "live", 0.1)])  # said once more
@example([("a", "live", 0.1), ("b", "canary", 0.1), ("b", "canary", 0.5)])
@example([("a", "live", 0.1), ("b", "canary", 0.1), ("a", "pinned", 0.1)])
@given(states)
def test_two_variants_share_users_since_the_last_change_that_users_could_see(rows):
    history = [
        {"variant": v, "state": s, "share": share, "created": f"{i:02d}"}
        for i, (v, s, share) in enumerate(rows)
    ]
    seen, since = {}, None
    for row in history:
        if row["state"] not in ("live", "canary", "retired"):
            continue
        own = {s: v for s, v in seen.items() if v[0] != row["variant"]}
        if row["state"] != "retired":
            if seen.get(row["state"]) == (row["variant"], row["share"]):
                continue
            own[row["state"]], since = (row["variant"], row["share"]), row["created"]
        seen = own
    together = {s: v for s, (v, _) in seen.items()} == {"live": "a", "canary": "b"}
    store = SimpleNamespace(releases=SimpleNamespace(history=lambda: history))
    assert began(store, live="a", canary="b") == (since if together else None)


def replayed(*requests):
    """A store whose replayed answers have these (request, variant)."""
    rows = [{"request": request, "variant": variant, "truth": "t"} for request, variant in requests]
    return SimpleNamespace(answers=SimpleNamespace(replayed=lambda experiment: rows))


BOTH = [("x:1:r1:live", "a"), ("x:1:r1:canary", "b")]


@pytest.mark.parametrize(
    ("requests", "records"),
    [
        ([], {}),
        (BOTH, {"r1": 1}),
        (BOTH[:1], {}),
        ([("x:1:r1:live", "a"), ("x:2:r1:canary", "b")], {}),  # halves of two turns are no pair
        ([("x:1:r1:live", "b"), ("x:1:r1:canary", "b")], {}),  # another variant answered
        ([*BOTH, ("x:2:r1:live", "a"), ("x:2:r1:canary", "b")], {"r1": 1}),
        (
            [
                ("x:10:r1:live", "a"),
                ("x:10:r1:canary", "b"),
                ("x:9:r1:live", "a"),
                ("x:9:r1:canary", "b"),
            ],
            {"r1": 9},
        ),
        ([("x:one:r1:live", "a"), ("", "a"), ("x:1:r1", "a"), ("x:1:r1:live:y", "a")], {}),
        ([("x:1:r1:other", "a"), *BOTH], {"r1": 1}),
    ],
)
def test_a_record_counts_once_where_both_variants_answered_it_in_one_turn(requests, records):
    seen = complete(replayed(*requests), live="a", canary="b")
    assert {record: one.turn for record, one in seen.items()} == records


def test_records_of_this_turn_were_not_sent_before_it():
    store = replayed(*BOTH, ("x:2:r2:live", "a"), ("x:2:r2:canary", "b"))
    for turn, before in ((1, set()), (2, {"r1"}), (3, {"r1", "r2"})):
        assert sent_before(store, turn=turn, live="a", canary="b", scale="") == before
    for live, canary in ((None, "b"), ("a", None)):
        assert sent_before(store, turn=3, live=live, canary=canary, scale="") == set()


def test_a_record_is_named_behind_the_turn_in_its_request():
    visit = SimpleNamespace(request_id=f"{experiment_of('a', 'b')}:12:abc")
    assert record_of(visit) == "abc"


@pytest.mark.parametrize(
    ("answer", "truth", "names", "worth"),
    [
        ("positive", "positive", {}, 1.0),
        ("positive", "negative", {}, 0.0),
        ("好评", "positive", {"好评": "positive"}, 1.0),
        ("positive", "好评", {"好评": "positive"}, 1.0),
        ("好评", "positive", {}, 0.0),  # a word the file has not earns nothing
        ("positive", "好评", {}, None),  # and as a truth it is no outcome
        (None, "positive", {}, 0.0),
    ],
)
def test_words_of_an_outcome_are_read_as_the_file_has_them_now(answer, truth, names, worth):
    assert _read(valuation(), names, answer, truth) == worth


@pytest.mark.parametrize(
    ("outcome", "quality", "code"),
    [
        ((-0.05, -0.06, 0.0), None, None),  # just what users are asked to bear
        ((-0.0501, -0.06, 0.5), None, "outcome"),  # the best guess counts, certain or not
        ((0.0, 0.0, 0.0), (-0.2, -0.3, -0.001), "macro_f1"),
        ((0.0, 0.0, 0.0), (-0.2, -0.3, 0.0), None),  # not for certain
        ((0.0, 0.0, 0.0), (-0.05, -0.06, -0.04), None),
        ((-0.2, -0.3, -0.1), (-0.2, -0.3, -0.1), "outcome"),
    ],
)
def test_a_canary_far_below_the_live_one_meets_no_user(outcome, quality, code):
    check = Check(Interval(*outcome, 100), quality and Interval(*quality, 100))
    why = inferior(check, metric="macro_f1", loss_max=0.05)
    assert (why and why.numbers["measured"]) == code
    assert why is None or all(both(why).values())


@pytest.mark.parametrize(
    ("goals", "measures", "codes"),
    [
        ({"quality": {"macro_f1": 0.5}}, {"macro_f1": 0.5}, []),
        ({"quality": {"macro_f1": 0.5}}, {"macro_f1": 0.4999}, ["goal.below"]),
        ({"quality": {"macro_f1": 0.5}}, {}, []),
        ({"p95_ms": 20.0}, {"p95_ms": 20.0}, []),
        ({"p95_ms": 20.0}, {"p95_ms": 20.01}, ["goal.above"]),
        ({"quality": {"calibration_error": 0.1}}, {"calibration_error": 0.2}, ["goal.above"]),
        (
            {"quality": {"macro_f1": 0.5}, "p95_ms": 1.0, "memory_mb": 9},
            {"macro_f1": 0.1, "p95_ms": 2.0, "memory_mb": 10.0},
            ["goal.below", "goal.above", "goal.above"],
        ),
    ],
)
def test_a_goal_is_missed_by_a_figure_on_its_wrong_side_alone(goals, measures, codes):
    measured = {name: {"value": value} for name, value in measures.items()}
    assert sorted(m.code for m in misses(measured, Goals(**goals))) == sorted(codes)


def test_an_error_of_a_task_of_ones_own_is_missed_from_above():
    measured = {"wer": {"value": 0.3, "detail": {"less": True}}}
    (miss,) = misses(measured, Goals(quality={"wer": 0.2}))
    assert (miss.code, miss.numbers["value"]) == ("goal.above", 0.3)


def test_no_live_variant_misses_nothing():
    assert not live_misses(None, None, None)


@pytest.mark.parametrize(("arm", "verb"), [("canary", "rollback"), ("live", "promote")])
@pytest.mark.parametrize("kind", [Missing, Damaged])
def test_a_variant_whose_files_are_not_whole_is_named_with_what_works(arm, verb, kind):
    def opened(variant):
        if variant == "bad":
            raise kind("artifacts/bad", "a file", "none", "run: steelyard turn")

    store = SimpleNamespace(artifacts=SimpleNamespace(open=opened))
    check_whole(store, live="good", canary="fine")
    with pytest.raises(kind) as error:
        check_whole(store, **{"live": "good", arm: "bad"})
    assert error.value.place == f"the {arm} variant: artifacts/bad"
    assert f"steelyard release {verb}" in error.value.repair
