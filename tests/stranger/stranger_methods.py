"""What the methods of this package share: a model that is a function of a text, kept as JSON."""

import json
from dataclasses import dataclass, field

from steelyard.engine.model import BATCH_TOKENS, task_in, write_config
from steelyard.spec.section import NoSettings
from steelyard.tasks import Answer
from steelyard.tasks.places import characters


@dataclass
class Told:
    """A model: `answer(kept, text)` of each text."""

    method: str
    task: object
    kept: dict
    answer: object
    cpu_s: float = 0.0
    told: dict = field(default_factory=dict)
    card: dict = field(default_factory=dict)
    threads = 1

    @classmethod
    def of(cls, config, *known):
        return cls(*known)

    def features(self, contents):
        return [characters(text) for text in contents]

    def size(self, feature):
        return len(feature)

    def answers_of(self, features, *, batch_tokens=BATCH_TOKENS, progress=None):
        said = [self.answer(self.kept, "".join(map(chr, f[:, 0]))) for f in features]
        return [Answer(self._sent(*pair)) for pair in zip(said, features, strict=True)]

    def _sent(self, said, feature):
        """Spans in the characters that were sent."""
        if isinstance(said, str):
            return said
        return [[int(feature[s, 1]), int(feature[e - 1, 2]), label] for s, e, label in said]

    def answers(self, contents):
        return self.answers_of(self.features(contents))

    def save(self, draft):
        (draft / "kept.json").write_text(json.dumps(self.kept), encoding="utf-8")
        write_config(draft, self.task, method=self.method)


class Method:
    """`learn(examples, settings) -> kept`, as JSON."""

    modules, needs_backbone = (), False

    def __init__(self, name, answers, learn, answer, settings=NoSettings, model=Told):
        self.name, self.variant, self.Settings = name, name, settings
        self._answers, self._learn, self._answer, self._model = answers, learn, answer, model

    def suits(self, task):
        return task.answer == self._answers and task.content == "text"

    def fit(self, job):
        before = job.clock.cpu_s()
        kept = self._learn(job.examples, job.own)
        return self._model(self.name, job.task, kept, self._answer, job.clock.cpu_s() - before)

    def open(self, folder, config, *, threads):
        kept = json.loads((folder / "kept.json").read_text(encoding="utf-8"))
        return self._model.of(config, self.name, task_in(config), kept, self._answer)

    def open_reading(self, folder, config):
        return self.open(folder, config, threads=1)
