"""The curve's trainings: side by side or one after another, killed or not, the same numbers."""

import os
import shutil
import signal
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import HARMS, reviews
from tests.faults.ticks import Ticks

from steelyard.engine.fit import Examples
from steelyard.engine.processes import clock_name, command, environment
from steelyard.errors import Damaged, StoreError
from steelyard.spec.model import Train
from steelyard.tasks import content_kind
from steelyard.train.beside import side_by_side
from steelyard.train.worker import Job, result_of, run, write_examples, write_job

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join([str(ROOT / "src"), str(ROOT)])  # of the sources that are tested
SETTINGS = Train(
    epochs=2,
    learning_rate=3e-3,
    length_max=32,
    frozen_embeddings=False,
    precision="fp32",
    checkpoint_steps=2,
)


@pytest.fixture(autouse=True)
def counted_time(monkeypatch):
    """Processes find the counted clock of these tests."""
    monkeypatch.setenv("PYTHONPATH", PATHS)


def jobs_in(folder, encoder, *labels):
    folder.mkdir()
    rows = reviews(120)
    examples = Examples([r["text"] for r in rows[:80]], [r["label"] for r in rows[:80]])
    file = write_examples(
        folder, examples, [r["text"] for r in rows[80:]], kind=content_kind("text")
    )
    made = []
    for n in labels:
        (folder / str(n)).mkdir()
        made.append(
            Job(
                folder=str(folder / str(n)),
                examples=str(file),
                labels=n,
                batch=8,
                method="fine_tune",
                task="text_classification",
                options={"labels": ["negative", "positive"]},
                settings=SETTINGS.model_dump(mode="json"),
                own={},
                encoder=str(encoder),
                source="test",
            )
        )
    return made


@pytest.fixture(scope="module")
def alone(encoder, tmp_path_factory):
    """Two trainings one after another."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = PATHS
    try:
        jobs = jobs_in(tmp_path_factory.mktemp("curve") / "alone", encoder, 30, 60)
        return side_by_side(jobs, clock=Ticks(), places=1)
    finally:
        os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


def same(found, expected):
    return all(
        f.answers == e.answers and f.cpu_s == e.cpu_s for f, e in zip(found, expected, strict=True)
    )


def test_trainings_side_by_side_give_what_they_give_one_after_another(alone, encoder, tmp_path):
    said = []
    jobs = jobs_in(tmp_path / "beside", encoder, 30, 60)
    found = side_by_side(
        jobs, clock=Ticks(), places=2, report=lambda what, step, steps: said.append((what, step))
    )
    assert same(found, alone)
    assert {"curve 30", "curve 60"} == {what for what, _ in said}
    again = side_by_side(jobs, clock=Ticks(), report=lambda *_: pytest.fail("trained again"))
    assert same(again, alone)


def test_a_killed_training_of_the_curve_goes_on_to_the_same_numbers(alone, encoder, tmp_path):
    (job,) = jobs_in(tmp_path / "killed", encoder, 60)
    process = subprocess.Popen(
        command("steelyard.train.worker", write_job(job), clock_name(Ticks())),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(9):
        assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(list(Path(job.folder).glob("checkpoint.*.safetensors"))) == 1
    assert result_of(Path(job.folder)) is None
    assert same(side_by_side([job], clock=Ticks()), alone[1:])


def test_a_training_ends_when_the_process_that_started_it_does(encoder, tmp_path):
    (job,) = jobs_in(tmp_path / "orphan", encoder, 60)
    job = replace(job, settings=job.settings | {"epochs": 1000})
    process = subprocess.Popen(
        command("steelyard.train.worker", write_job(job), clock_name(Ticks())),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline()
    process.stdin.close()  # as when the parent was killed
    late = threading.Timer(120, process.kill)
    late.start()
    process.stdout.read()
    assert process.wait() == 1
    late.cancel()
    assert result_of(Path(job.folder)) is None


def test_a_training_that_fails_is_named_with_its_last_words(encoder, tmp_path):
    (job,) = jobs_in(tmp_path / "bad", encoder, 60)
    with pytest.raises(StoreError, match=r"curve 60: .*an encoder"):
        side_by_side([replace(job, encoder=str(tmp_path))], clock=Ticks())


@pytest.fixture(scope="module")
def finished(encoder, tmp_path_factory):
    """The folder of a curve's training that is done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", PATHS)
        (job,) = jobs_in(tmp_path_factory.mktemp("curve") / "done", encoder, 60)
        side_by_side([job], clock=Ticks())
    return job


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_result_is_none_and_told_once(finished, tmp_path, caplog, harm):
    (path,) = Path(finished.folder).glob("result.*")
    HARMS[harm](Path(shutil.copy(path, tmp_path)))
    assert result_of(tmp_path) is None and result_of(tmp_path) is None
    assert [r.message.split(" ")[0] for r in caplog.records] == ["scratch.dropped"]


@pytest.mark.parametrize(
    ("damaged", "harm"),
    [(["result"], "cut"), (["result", "kept"], "flipped"), (["result", "finished"], "flipped")],
)
def test_what_is_damaged_of_a_finished_training_is_made_again(
    alone, finished, tmp_path, damaged, harm
):
    job = replace(finished, folder=str(tmp_path / "60"))
    shutil.copytree(finished.folder, job.folder)
    for name in damaged:
        (path,) = Path(job.folder).glob(f"{name}.*")
        HARMS[harm](path)
    assert same(side_by_side([job], clock=Ticks()), alone[1:])


@pytest.mark.parametrize("harm", HARMS)
def test_examples_that_were_damaged_are_not_learned_from(encoder, tmp_path, harm):
    (job,) = jobs_in(tmp_path / "damaged", encoder, 60)
    HARMS[harm](Path(job.examples))
    with pytest.raises(Damaged, match="expected the examples as they were written"):
        run(job, Ticks())
