"""A task that writes a text, and has no label at all: what to reply to a message."""

import json
from collections import Counter, defaultdict
from typing import ClassVar

import numpy as np
from stranger_methods import Method, Told

from steelyard.goals import Metric
from steelyard.spec.section import Section
from steelyard.tasks import LABELLED, Answer, Wire
from steelyard.tasks.texts import Texts


class Options(Section):
    length_max: int = 100


class Reply(Texts):
    Options = Options
    name, answer, quality = "reply", "text", "overlap"
    known: ClassVar = {"overlap": Metric(), "exact": Metric()}
    methods = ("commonest", "by_word")
    classes = ()

    def __init__(self, options):
        self.options = options

    def truth(self, raw, content=None, names=None):
        if not isinstance(raw, str) or not 0 < len(raw) <= self.options.length_max:
            raise ValueError(
                f"expected a text of 1 to {self.options.length_max} characters, found another value"
            )
        return raw

    def write(self, truth):
        return json.dumps(truth, ensure_ascii=False)

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
        """[n, 3]: characters that both have, characters of both, whether they are equal; one."""
        rows = []
        for answer, truth in zip(answers, truths, strict=True):
            shared = (Counter(answer.value) & Counter(truth)).total()
            rows.append([shared, len(answer.value) + len(truth), answer.value == truth, 1])
        return np.array(rows, dtype=float).reshape(-1, 4)

    def metrics(self, sums):
        return {
            "overlap": 2 * sums[..., 0] / np.maximum(sums[..., 1], 1),
            "exact": sums[..., 2] / np.maximum(sums[..., 3], 1),
        }

    def detail(self, answers, truths):
        return {}

    def utility(self, answers, truths):
        return np.array(
            [float(self.metrics(row)["overlap"]) for row in self.counts(answers, truths)]
        )

    def sent(self, answer):
        return {"reply": answer.value}

    def wire(self):
        text = {"type": "string", "minLength": 1, "maxLength": self.options.length_max}
        return Wire({"reply": text}, text)

    def contract_examples(self):
        said = [("你好", "您好，请讲"), ("hello", "hello, how can I help?"), ("退货", "请填退货单")]
        return [(f"{text} {i}", reply) for i, (text, reply) in enumerate(said * 8)]


class ByWord(Section):
    place: int = 0  # of the word that is looked at


class Decoding(Section):
    length_max: int = 100  # characters of a reply
    at_once: int = 3  # characters of a piece


class Writer(Told):
    """A model that writes its replies in pieces."""

    decoding = Decoding()

    @classmethod
    def of(cls, config, *known):
        made = cls(*known)
        made.decoding = Decoding.model_validate(config.decoding)
        return made

    def _sent(self, said, feature):
        return said[: self.decoding.length_max]

    def stream(self, feature):
        (answer,) = self.answers_of([feature])
        for start in range(0, len(answer.value), self.decoding.at_once):
            yield answer.value[start : start + self.decoding.at_once]
        yield Answer(answer.value)


class Writing(Method):
    Decoding = Decoding


def _commonest(examples, own=None):
    return {"": Counter(examples.truths).most_common(1)[0][0]}


def _by_word(examples, own):
    replies = defaultdict(Counter)
    for content, reply in zip(examples.contents, examples.truths, strict=True):
        replies[content.split()[own.place]][reply] += 1
    found = {"": _commonest(examples)[""], " ": own.place}
    return found | {word: c.most_common(1)[0][0] for word, c in replies.items()}


COMMONEST = Method("commonest", "text", _commonest, lambda kept, text: kept[""])
BY_WORD = Writing(
    "by_word",
    "text",
    _by_word,
    lambda kept, text: kept.get(text.split(" ")[kept[" "]], kept[""]),
    ByWord,
    Writer,
)
