"""One contract over every registered runtime, on what methods save and compressors make; a stranger's is among them."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import reviews
from tests.contract.common import with_strangers
from tests.variants import compressed, linear, saved_text

from steelyard.clock import Clock
from steelyard.engine.fit import Examples
from steelyard.engine.model import open_model, read_config
from steelyard.engine.predictor import preprocessor_in
from steelyard.engine.run_torch import load_module
from steelyard.errors import Damaged, UserError
from steelyard.methods import FitJob, method_named
from steelyard.plugins import get
from steelyard.spec.model import Train
from steelyard.tasks import open_task

# Of the spread of a module's outputs, within which a variant of it stays: eight bits are coarse.
WITHIN = {"fp32": 1e-3, "bf16": 0.05, "int8": 0.25}
TASK = {"labels": ("negative", "positive")}
COMPRESSORS = with_strangers("compressors")
NAMES = ["fine_tune", "letter_sums", "linear", *COMPRESSORS]


@dataclass(frozen=True)
class Made:
    """An artifact, and what the model that it was made from computes of `contents`, [n, K]."""

    folder: Path
    contents: list
    expected: np.ndarray

    @property
    def config(self):
        return read_config(self.folder)

    def load(self, folder=None, *, threads=1):
        return get("runtimes", self.config.runtime).load(
            folder or self.folder, self.config, threads=threads
        )

    def inputs(self, contents=None):
        preprocessor = preprocessor_in(self.folder, self.config)
        return preprocessor.collate(preprocessor.features(contents or self.contents))

    def weights(self, beside):
        """Names of its files but its configuration and those of its preprocessor."""
        preprocessor_in(self.folder, self.config).save(beside)
        others = {"config.json", *(path.name for path in beside.iterdir())}
        return sorted(path.name for path in self.folder.iterdir() if path.name not in others)


def of_module(folder, contents):
    """What the module computes, one content at a time."""
    import torch

    config = read_config(folder)
    module, preprocessor = load_module(folder, config), preprocessor_in(folder, config)
    rows = []
    for feature in preprocessor.features(contents):
        inputs = {n: torch.as_tensor(a) for n, a in preprocessor.collate([feature]).items()}
        with torch.inference_mode():
            rows.append(module(**inputs)[0].numpy())
    return np.stack(rows)


def saved_letters(encoder, folder):
    """(task, contents) of the method of a stranger's, saved in `folder`."""
    task, rows = open_task("text_classification", TASK), reviews(60)
    examples = Examples([r["text"] for r in rows], [r["label"] for r in rows])
    method = method_named("letter_sums")
    settings = Train(epochs=3, batch=12, learning_rate=1e-2, precision="fp32")
    scratch = folder.parent / "letters"
    scratch.mkdir()
    job = FitJob(
        task, settings, examples, folder=scratch, clock=Clock(), own=method.Settings(buckets=256)
    )
    method.fit(job).save(folder)
    return task, examples.contents


def linear_made(folder):
    rows = reviews(60)
    contents = [r["text"] for r in rows]
    fitted = linear(open_task("text_classification", TASK), contents, [r["label"] for r in rows])
    fitted.save(folder)
    x = fitted.preprocessor.collate(fitted.preprocessor.features(contents))["x"].toarray()
    return Made(folder, contents, x.astype(np.float64) @ fitted.weight.T + fitted.bias)


@pytest.fixture(scope="module")
def kept():
    """Artifacts that a test of this file made already."""
    return {}


@pytest.fixture
def every(stranger, encoder, tmp_path_factory, kept):
    """Name of a method or a compressor -> what it made."""
    if kept:
        return kept
    root = tmp_path_factory.mktemp("every")
    found = {}
    for name, save in (("fine_tune", saved_text), ("letter_sums", saved_letters)):
        (root / name).mkdir()
        _, contents = save(encoder, root / name)
        found[name] = Made(root / name, contents, of_module(root / name, contents))
    for name in COMPRESSORS:
        for parent in (found["fine_tune"], found["letter_sums"]):
            draft = root / f"{name} of {parent.folder.name}"
            try:
                compressed(parent.folder, name, draft, parent.contents)
            except UserError:  # it says which modules it is not for
                continue
            found[name] = Made(draft, parent.contents, parent.expected)
            break
    (root / "linear").mkdir()
    found["linear"] = linear_made(root / "linear")
    kept.update(found)
    return kept


@pytest.fixture(params=NAMES)
def made(request, every):
    return every[request.param]


def test_something_is_made_for_every_registered_runtime(every):
    assert set(every) == set(NAMES)
    assert {made.config.runtime for made in every.values()} == set(with_strangers("runtimes"))


def test_its_outputs_are_those_of_the_model_that_it_was_made_from(made):
    found = made.load().run(made.inputs())
    assert found.dtype == np.float32 and found.shape == made.expected.shape
    assert np.isfinite(found).all()
    spread = float(np.ptp(made.expected))
    assert np.abs(found - made.expected).max() <= WITHIN[made.config.precision] * spread
    assert (found.argmax(1) == made.expected.argmax(1)).mean() >= 0.8


def test_what_else_is_in_a_batch_and_its_order_move_no_output_by_more_than_that(made):
    runtime, spread = made.load(), float(np.ptp(made.expected))
    few = made.contents[:7]
    together = runtime.run(made.inputs(few))
    assert np.array_equal(runtime.run(made.inputs(few)), together)
    within = WITHIN[made.config.precision] * spread
    turned = runtime.run(made.inputs(few[::-1]))[::-1]
    alone = np.concatenate([runtime.run(made.inputs([content])) for content in few])
    assert np.abs(turned - together).max() <= within and np.abs(alone - together).max() <= within


def test_it_leaves_its_inputs_as_they_were_and_an_output_is_its_callers(made):
    runtime, inputs, other = made.load(), made.inputs(), made.inputs()
    first = runtime.run(inputs)
    was = first.copy()
    runtime.run(made.inputs(made.contents[::-1]))
    assert np.array_equal(first, was)
    for name, array in inputs.items():
        dense, same = (a.toarray() if hasattr(a, "toarray") else a for a in (array, other[name]))
        assert np.array_equal(dense, same)


@pytest.mark.parametrize("threads", [1, 2])
def test_it_says_how_many_threads_compute_and_they_compute_the_same(threads, made):
    runtime = made.load(threads=threads)
    assert runtime.threads in {1, threads}
    spread = float(np.ptp(made.expected))
    gap = np.abs(runtime.run(made.inputs()) - made.load().run(made.inputs())).max()
    assert gap <= 1e-3 * spread


SERVED = """
import os, sys
from pathlib import Path
from steelyard.engine.model import open_model
folder = Path(sys.argv[1]).resolve()
model = open_model(folder)
before = model.answers(["很好，满意"])
held = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")]
assert not [name for name in held if name.startswith(str(folder))], held
assert str(folder) not in Path("/proc/self/maps").read_text(), "a file is mapped"
for path in folder.iterdir():
    os.truncate(path, 0)
assert model.answers(["很好，满意"]) == before
assert model.answers(["很好，满意，这个东西真的值得买，下次再买"])
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="/proc is of Linux")
def test_its_files_are_closed_and_one_that_is_cut_while_it_is_served_stops_no_answer(
    made, tmp_path
):
    folder = tmp_path / "variant"
    shutil.copytree(made.folder, folder)
    done = subprocess.run(
        [sys.executable, "-c", SERVED, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def copied(made, tmp_path):
    """(copy of its folder, names of its weights)"""
    beside = tmp_path / "beside"
    beside.mkdir()
    names = made.weights(beside)
    assert names
    shutil.copytree(made.folder, tmp_path / "copy")
    return tmp_path / "copy", names


@pytest.mark.parametrize("harm", ["gone", "empty", "half", "other"])
def test_weights_that_are_not_whole_are_refused_by_their_name(harm, made, tmp_path):
    folder, names = copied(made, tmp_path)
    for path in (folder / name for name in names):
        body = path.read_bytes()
        if harm == "gone":
            path.unlink()
        else:
            kept = {"empty": b"", "half": body[: len(body) // 2], "other": b"{}" * 40}[harm]
            path.write_bytes(kept)
    with pytest.raises(Damaged) as refused:
        made.load(folder)
    assert any(Path(name).stem in str(refused.value) for name in names)


def test_the_file_of_another_runtime_is_refused(made, every, tmp_path):
    folder, names = copied(made, tmp_path)
    own = (made.config.runtime, made.config.method)
    others = {(m.config.runtime, m.config.method): m for m in every.values()}
    assert len(others) > 3
    for key, other in others.items():
        if key == own or key[0] == own[0] == "torch":
            continue
        (tmp_path / f"{key} beside").mkdir()
        theirs = [other.folder / name for name in other.weights(tmp_path / f"{key} beside")]
        largest = max(theirs, key=lambda path: path.stat().st_size)
        for name in names:
            shutil.copyfile(largest, folder / name)
        with pytest.raises(Damaged):
            made.load(folder)


def test_an_artifact_that_names_a_runtime_nobody_brings_is_told_which_there_are(made, tmp_path):
    folder, _ = copied(made, tmp_path)
    config = folder / "config.json"
    named = f'"runtime": "{made.config.runtime}"'
    text = config.read_text(encoding="utf-8")
    assert named in text
    config.write_text(text.replace(named, '"runtime": "onnxruntme"'), encoding="utf-8")
    with pytest.raises(UserError, match="did you mean 'onnxruntime'"):
        open_model(folder)
