"""The sentences that a turn says of its decisions, word for word in both languages.

They were written down before reasons became codes; `python -m tests.words.test_golden` writes the
file anew where a sentence is meant to change.
"""

import json
from pathlib import Path

import pytest
from tests.words.cases import CASES, pairs

FILE = Path(__file__).with_name("sentences.json")


def sentences(case) -> list[list[str]]:
    return [pair for found in case() for pair in pairs(found)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_sentence_reads_as_it_was_written_down(case):
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert sentences(case) == kept[case.__name__]


if __name__ == "__main__":
    made = {case.__name__: sentences(case) for case in CASES}
    FILE.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
