"""A task on rows of fields, whose answers are numbers, and methods for it."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import fmean
from typing import ClassVar

import numpy as np

from steelyard.engine.model import BATCH_TOKENS, task_in, write_config
from steelyard.goals import Metric
from steelyard.spec.section import NoSettings, Section
from steelyard.tasks import LABELLED, Answer, Wire
from steelyard.tasks.base import each


class Options(Section):
    tolerance: float = 10.0  # an answer this far off is worth nothing


class Rent:
    """What a flat is let for."""

    Options = Options
    name, content, answer, quality = "rent", "field_row", "number", "within"
    known: ClassVar = {"within": Metric(), "mean_error": Metric(less=True, high=float("inf"))}
    operators, words, places, cleans = ("dedupe",), "classes", False, ()
    methods = ("mean", "by_field")
    classes = ()

    def __init__(self, options):
        self.options = options

    def parse(self, raw):
        if not isinstance(raw, dict) or not raw:
            raise ValueError(f"expected fields by name, found {type(raw).__name__}")
        return raw

    decode = parse

    def decode_all(self, values):
        return list(each(self.decode, values))

    def truth(self, raw, content=None, names=None):
        """A cell of a file is a text."""
        try:
            return float(raw)
        except (TypeError, ValueError):
            raise ValueError(f"expected a number, found {type(raw).__name__}") from None

    def write(self, truth):
        return json.dumps(truth)

    def read(self, written):
        return json.loads(written)

    def moved(self, truth, content):
        return truth

    def renamed(self, value, names):
        return value

    def classes_of(self, truth):
        return ()

    def counted_as(self, truth):
        return LABELLED

    def counts(self, answers, truths):
        off = np.array([abs(a.value - t) for a, t in zip(answers, truths, strict=True)])
        return np.stack([off <= self.options.tolerance, off, np.ones(len(off))], axis=-1)

    def metrics(self, sums):
        n = np.maximum(sums[..., 2], 1)
        return {"within": sums[..., 0] / n, "mean_error": sums[..., 1] / n}

    def detail(self, answers, truths):
        return {}

    def utility(self, answers, truths):
        off = self.counts(answers, truths)[:, 1]
        return np.clip(1 - off / self.options.tolerance, 0, 1)

    def sent(self, answer):
        return {"rent": answer.value}

    def wire(self):
        return Wire({"rent": {"type": "number"}}, {"type": "number"})

    def contract_examples(self):
        return [({"kind": kind, "size": i}, 100.0) for i, kind in enumerate(["flat", "房"] * 12)]


@dataclass
class Means:
    """The mean of what was seen, by the value of a field."""

    method: str
    task: object
    kept: dict
    cpu_s: float = 0.0
    told: dict = field(default_factory=dict)
    card: dict = field(default_factory=dict)
    threads = 1

    def features(self, contents):
        values = [str(row.get(self.kept["field"], "")) for row in contents]
        return [np.array(list(map(ord, value)), dtype=np.int64) for value in values]

    def size(self, feature):
        return len(feature)

    def answers_of(self, features, *, batch_tokens=BATCH_TOKENS, progress=None):
        means = self.kept["means"]
        return [Answer(means.get("".join(map(chr, f)), means[""])) for f in features]

    def answers(self, contents):
        return self.answers_of(self.features(contents))

    def save(self, draft):
        (draft / "kept.json").write_text(json.dumps(self.kept), encoding="utf-8")
        write_config(draft, self.task, method=self.method)


class Method:
    modules, needs_backbone, Settings = (), False, NoSettings

    def __init__(self, name, by):
        self.name, self.variant, self.by = name, name, by

    def suits(self, task):
        return (task.answer, task.content) == ("number", "field_row")

    def fit(self, job):
        before, seen = job.clock.cpu_s(), defaultdict(list)
        for row, truth in zip(job.examples.contents, job.examples.truths, strict=True):
            seen[str(row.get(self.by, ""))].append(truth)
        means = {value: fmean(truths) for value, truths in seen.items()}
        kept = {"field": self.by, "means": means | {"": fmean(job.examples.truths)}}
        return Means(self.name, job.task, kept, job.clock.cpu_s() - before)

    def open(self, folder, config, *, threads):
        kept = json.loads((folder / "kept.json").read_text(encoding="utf-8"))
        return Means(self.name, task_in(config), kept)

    def open_reading(self, folder, config):
        return self.open(folder, config, threads=1)


MEAN, BY_FIELD = Method("mean", "nothing of a row"), Method("by_field", "kind")
