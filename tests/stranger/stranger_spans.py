"""A task of spans with methods of its own, and one that does not say all that a task says."""

from stranger_methods import Method

from steelyard.tasks.token_classification import TokenClassification


class DigitSpans(TokenClassification):
    name = "digit_spans"
    methods = ("silent", "characters")


class Half:
    name = "half"


def _characters(examples, own):
    """Characters that more often than not stand inside of spans, by entity."""
    inside, everywhere = {}, {}
    for content, spans in zip(examples.contents, examples.truths, strict=True):
        for c in content:
            everywhere[c] = everywhere.get(c, 0) + 1
        for start, end, entity in spans:
            for c in content[start:end]:
                inside[c, entity] = inside.get((c, entity), 0) + 1
    return {c: entity for (c, entity), n in sorted(inside.items()) if 2 * n > everywhere[c]}


def _runs(kept, text):
    spans = []
    for i, c in enumerate(text):
        entity = kept.get(c)
        if entity and spans and spans[-1][1] == i and spans[-1][2] == entity:
            spans[-1][1] = i + 1
        elif entity:
            spans.append([i, i + 1, entity])
    return spans


SILENT = Method("silent", "spans", lambda examples, own: {}, lambda kept, text: [])
CHARACTERS = Method("characters", "spans", _characters, _runs)
