"""dictionary: spans that were seen in training, found again. The baseline that needs no encoder.

Knows no arrays of weights. Example: `DICTIONARY.fit(job).answers(["马云在杭州"])[0].value`
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from steelyard.engine.model import BATCH_TOKENS, Config, Model, Reading, task_in, write_config
from steelyard.errors import Damaged
from steelyard.files import write
from steelyard.methods.base import FitJob
from steelyard.tasks import Answer, Array, Content, Task
from steelyard.tasks.places import characters, cut_at

FILE = "dictionary.json"
LENGTH_MAX = 100  # of an entry; a longer span is no name that comes again
CHARACTERS_MAX = 8_000  # of a text that are looked at
CHARACTERS_A_TOKEN = 64  # it costs little beside an encoder
RIGHT_MIN = 0.5  # of the times it occurs in training, a text is the entity that it is kept for


Lengths = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Dictionary:
    """`entries`: what is found -> its entity and how often it was right. Longest first from the left;
    a word of letters only where a word stands."""

    task: Task
    entries: Mapping[str, tuple[str, float]]
    cpu_s: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)

    threads = 1

    @cached_property
    def _lengths(self) -> Lengths:
        return _lengths_of(self.entries)

    def features(self, contents: Sequence[Content]) -> list[Array]:
        """For each content int32 [n, 3]: its characters, and where each stood in what was sent."""
        return [characters(cut_at(content, CHARACTERS_MAX)) for content in contents]

    def size(self, feature: Array) -> int:
        return max(1, len(feature) // CHARACTERS_A_TOKEN)

    def answers_of(
        self,
        features: Sequence[Array],
        *,
        batch_tokens: int = BATCH_TOKENS,
        progress: Callable[[int], None] | None = None,
    ) -> list[Answer]:
        answers = []
        for feature in features:
            answers.append(self._answer(feature))
            if progress is not None:
                progress(1)
        return answers

    def answers(self, contents: Sequence[Content]) -> list[Answer]:
        return self.answers_of(self.features(contents))

    def _answer(self, feature: Array) -> Answer:
        text = "".join(map(chr, feature[:, 0]))
        spans, scores = [], []
        for start, end in _longest(text, self.entries, self._lengths):
            entity, share = self.entries[text[start:end]]
            spans.append([int(feature[start, 1]), int(feature[end - 1, 2]), entity])
            scores.append(share)
        return Answer(spans, min(scores, default=None), scores)

    def save(self, draft: Path) -> None:
        write(draft / FILE, json.dumps(dict(self.entries), ensure_ascii=False))
        write_config(draft, self.task, method="dictionary", precision="exact")


class DictionaryMethod:
    name, variant = "dictionary", "dictionary"
    modules: tuple[str, ...] = ()
    needs_backbone = False
    steady = True

    def suits(self, task: Task) -> bool:
        return task.answer == "spans" and task.content == "text"

    def fit(self, job: FitJob) -> Dictionary:
        before, examples = job.clock.cpu_s(), job.examples
        entities: dict[str, Counter[str]] = defaultdict(Counter)
        for content, spans in zip(examples.contents, examples.truths, strict=True):
            for start, end, entity in spans:
                if end - start <= LENGTH_MAX:
                    entities[content[start:end]][entity] += 1
        occurs = _occurrences(examples.contents, entities.keys())
        entries = {}
        for text, counts in sorted(entities.items()):
            entity, n = counts.most_common(1)[0]
            if n >= RIGHT_MIN * max(occurs[text], counts.total()):
                entries[text] = (entity, n / max(occurs[text], counts.total()))
        return Dictionary(job.task, entries, job.clock.cpu_s() - before)

    def open(self, folder: Path, config: Config, *, threads: int) -> Model:
        path = folder / FILE
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            entries = {str(t): (str(entity), float(share)) for t, (entity, share) in body.items()}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise Damaged(str(path), "a dictionary", type(error).__name__) from error
        return Dictionary(task_in(config), entries)

    def open_reading(self, folder: Path, config: Config) -> Reading:
        return Dictionary(task_in(config), {})


def _lengths_of(texts: Iterable[str]) -> Lengths:
    """First character -> lengths of the texts that begin with it, the longest first."""
    by_first: dict[str, set[int]] = defaultdict(set)
    for text in texts:
        by_first[text[:1]].add(len(text))
    return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in by_first.items()}


def _longest(text: str, entries: Mapping[str, Any], lengths: Lengths) -> Iterator[tuple[int, int]]:
    """Entries in a text from the left, the longest at each place, none inside another."""
    at = 0
    while at < len(text):
        ends = (at + n for n in lengths.get(text[at], ()) if at + n <= len(text))
        end = next((e for e in ends if text[at:e] in entries and _stands(text, at, e)), None)
        if end is None:
            at += 1
        else:
            yield at, end
            at = end


def _occurrences(contents: Sequence[str], texts: Any) -> Counter[str]:
    """How often each of the texts stands in the contents."""
    wanted = set(texts)
    lengths = _lengths_of(wanted)
    occurs: Counter[str] = Counter()
    for content in contents:
        for at, first in enumerate(content):
            for end in (at + n for n in lengths.get(first, ()) if at + n <= len(content)):
                if content[at:end] in wanted and _stands(content, at, end):
                    occurs[content[at:end]] += 1
    return occurs


def _stands(text: str, start: int, end: int) -> bool:
    """Whether no word of letters or digits goes on across a border."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    return _spaced(text[at - 1]) and _spaced(text[at])


def _spaced(c: str) -> bool:
    """A letter or digit of a script whose words stand apart."""
    return c.isascii() and c.isalnum()


DICTIONARY = DictionaryMethod()
