"""Tags of tokens become spans of characters, and the other way round."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import reviews

from steelyard.engine.arrays import softmax
from steelyard.engine.heads import SKIPPED, SpanHead, head_of
from steelyard.errors import UserError
from steelyard.methods.token_spans import TokenSpans
from steelyard.tasks import open_task
from steelyard.tasks.cleaning import clean
from steelyard.tasks.places import Placed

TASK = open_task("token_classification", {"entities": ("name", "address")})
HEAD = SpanHead(TASK)


def feature(n):
    """A token a character, between two that are of none."""
    return np.array([[0, 0, 0], *([5, i, i + 1] for i in range(n)), [2, 0, 0]], dtype=np.int32)


def sure(tags):
    """Logits that say these tags."""
    logits = np.zeros((len(tags), HEAD.width))
    logits[np.arange(len(tags)), np.maximum(tags, 0)] = 20
    return logits


spans = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(TASK.entities)), max_size=5
)


@given(spans)
def test_spans_to_tags_to_spans_is_the_same(parts):
    at, truth = 0, []
    for gap, length, entity in parts:
        truth.append([at + gap, at + gap + length, entity])
        at += gap + length
    row = feature(max(1, at))
    (tags,) = HEAD.targets([truth], [row])
    assert tags[0] == tags[-1] == SKIPPED
    (answer,) = HEAD.answers([sure(tags)], [row])
    assert answer.value == truth and len(answer.detail) == len(truth)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 4))
def test_the_path_is_the_likeliest_of_all_that_are_allowed(seed, n):
    logs = np.log(softmax(np.random.default_rng(seed).normal(0, 2, (n, HEAD.width))))

    def allowed(tags):
        before = (0, *tags)
        return all(t % 2 or t == 0 or b in (t, t - 1) for b, t in zip(before, tags, strict=False))

    paths = [p for p in itertools.product(range(HEAD.width), repeat=n) if allowed(p)]
    best = max(paths, key=lambda p: logs[np.arange(n), p].sum())
    assert tuple(HEAD._likeliest(logs)) == best


def test_the_loss_is_one_number_an_example_and_padding_costs_nothing():
    import torch

    rows = [feature(3), feature(6)]
    targets = HEAD.targets([[[0, 2, "name"]], []], rows)
    outputs = torch.randn(2, 8, HEAD.width)
    whole = HEAD.loss(outputs, torch.as_tensor(HEAD.together(targets, 8)))
    alone = HEAD.loss(outputs[:1, :5], torch.as_tensor(HEAD.together(targets[:1], 5)))
    assert whole.shape == (2,) and torch.allclose(whole[:1], alone)


def test_a_task_without_a_head_is_told_so():
    class Odd:
        name, answer = "odd", "song"

    with pytest.raises(UserError, match=r"train\.methods"):
        head_of(Odd())


TEXT = st.lists(
    st.sampled_from(
        [
            "马云",
            "在",
            "杭州",
            "Jack",
            " ",
            "  ",
            "\u200b",
            "１３",
            "，",
            "e\u0301",
            "😀",
            "13812345678",
            "a@b.cn",
            "\n",
        ]
    ),
    min_size=1,
    max_size=15,
).map("".join)


@pytest.fixture(scope="module")
def tokens(encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    return TokenSpans.of(encoder / "tokenizer.json", folder, length_max=64, pad=1)


@settings(max_examples=150)
@given(text=TEXT)
def test_every_token_says_where_its_characters_stood_in_the_text_that_was_sent(tokens, text):
    cleaned = clean(Placed(text))
    if not cleaned:
        return
    (row,) = tokens.features([cleaned])
    used = row[row[:, 1] < row[:, 2]]
    assert (np.diff(used[:, 1]) >= 0).all() and (used[:, 2] <= len(text)).all()
    # a Han character is a token of its own, at its own place
    han = [i for i, c in enumerate(text) if "\u3400" <= c <= "\u9fff"]
    assert {(i, i + 1) for i in han} <= {(int(a), int(b)) for _, a, b in used}
    assert not any(text[a].isspace() for _, a, _ in used)


def test_tokens_of_spans_are_saved_and_loaded(tokens, tmp_path):
    settings_ = tokens.save(tmp_path)
    again = TokenSpans.load(tmp_path, settings_)
    texts = [r["text"] for r in reviews(20)]
    for a, b in zip(tokens.features(texts), again.features(texts), strict=True):
        assert np.array_equal(a, b)
    arrays = again.collate(again.features(texts[:3]))
    assert arrays["input_ids"].shape == arrays["attention_mask"].shape


def test_tokens_that_share_a_place_give_spans_that_stand_apart():
    """As those of a mask do: all of them stand where the number stood."""
    row = np.array([[5, 2, 13], [5, 2, 13], [5, 2, 13], [5, 13, 14], [5, 14, 15]], dtype=np.int32)
    (answer,) = HEAD.answers([sure(np.array([1, 1, 3, 4, 1]))], [row])
    assert answer.value == [[2, 13, "name"], [14, 15, "name"]]
    assert TASK.truth(answer.value) == answer.value and len(answer.detail) == 2
