"""A record is known again: by its text under every name, by its id in its source."""

import random
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import write_jsonl
from tests.versions import look, old_turn

from steelyard.data.names import Names, Past
from steelyard.data.operators import Row
from steelyard.errors import DataError
from steelyard.loop import turn
from steelyard.spec import load
from steelyard.store.records import Known, digest_of
from steelyard.tasks.cleaning import normalize

N = 300


def texts(n: int, *, seed: int = 0) -> list[str]:
    """Reviews of which none is near another; some are changed by cleaning."""
    rng = random.Random(seed)
    made = ["".join(chr(rng.randint(0x4E00, 0x8FFF)) for _ in range(20)) for _ in range(n)]
    made[0], made[1], made[2] = made[0] + "  两个空格", "ＡＢＣ" + made[1], made[2] + "\u200b"
    return made


def rows_of(n: int = N, *, seed: int = 0, ids: bool = True) -> list[dict]:
    rows = [
        {"text": text, "label": "positive" if i % 2 else "negative"}
        for i, text in enumerate(texts(n, seed=seed))
    ]
    return [r | {"id": f"{i}"} for i, r in enumerate(rows)] if ids else rows


@pytest.fixture
def small(product_file):
    """The tiny product with 300 records of these and 60 labels."""
    text = product_file.read_text(encoding="utf-8").replace("start: 200", "start: 60")
    product_file.write_text(text.replace("replay: 60", "replay: 10"), encoding="utf-8")
    write(product_file, rows_of())
    return product_file


@pytest.fixture(params=[True, False], ids=["own ids", "no ids"])
def product(request, small):
    """(product file, its rows) with ids of their own or without."""
    if not request.param:
        text = small.read_text(encoding="utf-8").replace(", id: id", "")
        small.write_text(text, encoding="utf-8")
    rows = rows_of(ids=request.param)
    write(small, rows)
    return small, rows


def write(product_file, rows, name="reviews.jsonl"):
    write_jsonl(product_file.parent / name, rows)


def in_front(product_file, name, *, ids=", id: id"):
    text = product_file.read_text(encoding="utf-8")
    source = f"{{path: {name}, reader: jsonl, label: label{ids}}}"
    product_file.write_text(text.replace("sources: [", f"sources: [{source}, "), encoding="utf-8")


def moved(before, after) -> list[str]:
    return [t for t, part in before.parts.items() if after.parts.get(t, part) != part]


CHANGES = {
    "a space behind each text": lambda rows: [r | {"text": r["text"] + " "} for r in rows],
    "an invisible character": lambda rows: [r | {"text": "\u200b" + r["text"]} for r in rows],
    "full-width spaces": lambda rows: [r | {"text": f"\u3000{r['text']}\t"} for r in rows],
    "another order": lambda rows: rows[::-1],
    "each text twice": lambda rows: rows + [r | {"id": f"again {r.get('id')}"} for r in rows],
    "other ids": lambda rows: [r | {"id": f"new {i}"} for i, r in enumerate(rows)],
}


@pytest.mark.parametrize("old", [False, True], ids=["own store", "store of 0.1"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_cleaning_takes_away_pays_nothing_and_moves_nothing(product, change, old):
    file, rows = product
    before = old_turn(file) if old else look(file)
    write(file, CHANGES[change](rows))
    after = look(file)
    assert len(after.parts) == N and moved(before, after) == []
    assert after.spent == 60 and after.labels == before.labels


@pytest.mark.parametrize("old", [False, True], ids=["own store", "store of 0.1"])
def test_a_file_of_another_name_holds_the_same_records(product, old):
    file, _ = product
    before = old_turn(file) if old else look(file)
    (file.parent / "reviews.jsonl").rename(file.parent / "moved.jsonl")
    text = file.read_text(encoding="utf-8").replace("reviews.jsonl", "moved.jsonl")
    file.write_text(text, encoding="utf-8")
    after = look(file)
    assert moved(before, after) == [] and after.spent == 60


def test_a_store_of_before_goes_on_without_a_step(product):
    file, _ = product
    before = old_turn(file)
    after = look(file)
    assert after.ran == [] and (after.dataset, after.tag) == (before.dataset, before.tag)


def test_a_store_of_before_keeps_its_names_when_data_are_added(product):
    file, rows = product
    before = old_turn(file)
    write(file, rows + [r | {"id": f"more {i}"} for i, r in enumerate(rows_of(40, seed=1))])
    after = look(file)
    assert {t: after.ids[t] for t in before.ids} == before.ids and moved(before, after) == []
    assert after.spent == 60 and after.output["new"] == 0 and after.labels == before.labels
    assert after.tag == before.tag  # so that nothing is trained again for it


def test_files_of_a_store_of_before_that_are_gone_are_made_again(product):
    file, _ = product
    before = old_turn(file)
    shutil.rmtree(file.parent / ".steelyard" / "datasets")
    after = look(file)
    assert after.ran == ["data", "label"] and after.spent == 60
    assert (after.dataset, after.tag) == (before.dataset, before.tag)


def test_ids_count_inside_their_source(product):
    file, _ = product
    before = look(file)
    write(file, rows_of(200, seed=2), "second.jsonl")
    in_front(file, "second.jsonl")
    after = look(file)
    assert len(after.parts) == N + 200 and moved(before, after) == []
    assert len(set(after.ids.values())) == N + 200 and after.spent == 60
    rejects = turn(load(file), until="data").outputs["data"]["rejects"]
    assert rejects["total"] == 0


def test_one_file_read_as_two_sources_keeps_both_columns(small):
    rows = [
        {"id": i, "text": a["text"], "title": b["text"], "label": a["label"]}
        for i, (a, b) in enumerate(zip(rows_of(seed=3), rows_of(seed=4), strict=True))
    ]
    write(small, rows)
    text = small.read_text(encoding="utf-8")
    again = "{path: reviews.jsonl, reader: jsonl, content: title, label: label, id: id}, "
    small.write_text(text.replace("sources: [", f"sources: [{again}"), encoding="utf-8")
    assert len(look(small).parts) == 2 * N


def test_an_empty_id_is_no_id(small):
    rows = [r | {"id": ["", " ", None][i % 3]} for i, r in enumerate(rows_of())]
    write(small, rows)
    seen = look(small)
    assert len(seen.parts) == N
    assert seen.ids == {t: digest_of(t)[:16] for t in seen.parts}


def test_other_texts_under_the_same_ids_get_labels_of_their_own(small):
    before = look(small)
    flipped = {"positive": "negative", "negative": "positive"}
    other = [r | {"label": flipped[r["label"]]} for r in rows_of(seed=5)]
    write(small, other)
    after = look(small)
    said = {normalize(r["text"]): r["label"] for r in other}
    assert before.spent == 60 and after.spent == 120
    assert after.labels == {text: said[text] for text in after.labels}


def test_ids_that_changed_places_move_no_text_into_training(small):
    before = look(small)
    rows = rows_of()
    random.Random(1).shuffle(rows)
    write(small, [r | {"id": str(i)} for i, r in enumerate(rows)])
    after = look(small)
    assert moved(before, after) == [] and after.spent == before.spent


def test_a_text_that_was_edited_stays_in_the_part_of_its_id(small):
    before = look(small)
    edited = [
        r | {"text": f"{r['text']}，已经完全改写成另外一句话了，和原来的不再相似"}
        for r in rows_of()
    ]
    write(small, edited)
    after = look(small)
    old = {before.ids[t]: p for t, p in before.parts.items()}
    assert {after.ids[t]: p for t, p in after.parts.items()} == old


def test_a_better_cleaning_renames_nothing(product, monkeypatch):
    file, rows = product
    write(file, [r | {"text": f"{r['text']}编号{i:05d}完"} for i, r in enumerate(rows)])
    before = look(file)
    from steelyard.data import normalize as operator

    monkeypatch.setattr(operator, "normalize", lambda text: normalize(text).replace("编号", "号"))
    write(file, [r | {"text": f"{r['text']}编号{i:05d}完 "} for i, r in enumerate(rows)])
    after = look(file)
    assert {t.replace("编号", "号"): p for t, p in before.parts.items()} == after.parts
    assert {t.replace("编号", "号"): i for t, i in before.ids.items()} == after.ids
    assert after.spent == before.spent


def test_a_file_that_changes_while_it_is_read_is_refused(product_file, monkeypatch):
    from steelyard.data import pipeline

    path = product_file.parent / "reviews.jsonl"
    whole = pipeline.prepare

    def prepare(*arguments, **named):
        made = whole(*arguments, **named)
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        return made

    monkeypatch.setattr(pipeline, "prepare", prepare)
    with pytest.raises(DataError, match="files that stand still while they are read"):
        turn(load(product_file), until="data")
    assert not (product_file.parent / ".steelyard" / "datasets" / "records.lance").exists()


words = st.text("ab", min_size=1, max_size=2)
some_rows = st.lists(
    st.builds(
        lambda text, own, source, label: Row(
            "0", text, label, source, own=own, raw=digest_of(text)[:16]
        ),
        words,
        st.none() | words,
        st.sampled_from(["x", "y"]),
        st.none() | st.sampled_from(["p", "n"]),
    ),
    max_size=12,
)
some_known = st.lists(
    st.builds(
        lambda i, t, s, p: Known(i, digest_of(t), digest_of(t), p, None, s),
        words,
        words,
        st.sampled_from("xy"),
        st.sampled_from(["train", "holdout"]),
    ),
    max_size=6,
    unique_by=lambda k: k.id,
)


@given(some_rows, some_known, st.integers(1, 2))
def test_every_row_gets_a_name_of_its_own_and_a_known_text_its_key(rows, known, sources):
    names = Names(Past.of("d", known), sources=sources)
    named = names.named(rows)
    assert len({r.id for r in named}) == len(rows)
    assert [(r.content, r.own) for r in named] == [(r.content, r.own) for r in rows]
    held = {k.digest: k.key for k in known}
    assert all(r.key == held.get(r.digest, r.digest) for r in named)
    assert {r.id for r in names.named(named)} == {r.id for r in named}
