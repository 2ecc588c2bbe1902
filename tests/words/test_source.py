"""What the source makes of reasons and what the table of words has are the same, both ways."""

import ast
from pathlib import Path

from tests.words.cases import CASES, codes
from tests.words.test_words import HAN, holes

from steelyard.words import WORDS

SOURCE = Path(__file__).parents[2] / "src" / "steelyard"
CHINESE_IS = {
    "words.py": "the sentences of reasons",
    "words_economics.py": "the sentences of reasons",
    "report/statement_words.py": "the sentences of the statement's page",
    "report/sandbox_words.py": "the sentences of the sandbox",
    "report/plan_words.py": "the sentences of the plan on the page",
    "words_market.py": "the sentences of reasons",
    "words_plan.py": "the sentences of reasons",
    "words_metric.py": "the sentences of reasons",
    "report/market_words.py": "the sentences of the market's page",
    "figures.py": "names of figures inside them",
    "words_release.py": "the sentences of experiments",
    "words_score.py": "the sentences of past plans",
    "terms.py": "names that the ledger keeps",
    "report/words.py": "the sentences of the report",
    "cli/market_words.py": "the sentences of the market's commands",
    "cli/plan_words.py": "the sentences of the plan's commands",
    "cli/reference.py": "the settings page",
    "cli/reference_zh.py": "the settings page",
    "serve/launch/words.py": "the words of the launch page",
    "spec/currencies.py": "currencies as people write them",
    "tasks/numbers.py": "what stands beside an amount",
    "tasks/emails.py": "names of domains",
    "tasks/text_classification.py": "examples of the task",
    "letters.py": "an alphabet",
    "market/cells.py": "what stands in cells of exports",
    "market/days.py": "what stands in cells of exports",
    "market/presets.py": "headers of exports",
    "market/parting.py": "what stands in cells of exports",
    "market/reading.py": "what stands in cells of exports",
    "tasks/token_classification.py": "examples of the task, and the words of its table",
    "methods/token_spans.py": "a range of characters",
    "data/conll.py": "ranges of characters",
}


def trees():
    return {
        p.relative_to(SOURCE).as_posix(): ast.parse(p.read_text(encoding="utf-8"))
        for p in sorted(SOURCE.rglob("*.py"))
    }


def made() -> list[tuple[str, str, frozenset[str]]]:
    """(place, code, names of its numbers) of every reason that the source makes."""
    return [
        one
        for file, tree in trees().items()
        for scope in _scopes(tree)
        for one in _made(file, scope)
    ]


def _scopes(tree):
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {id(node) for scope in scopes for node in ast.walk(scope)}
    assert not [node for node in ast.walk(tree) if _is_reason(node) and id(node) not in inside]
    return scopes


def _is_reason(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Reason"


def _made(file, scope):
    chosen = {
        node.targets[0].id: node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.IfExp)
        and isinstance(node.targets[0], ast.Name)
    }
    for node in filter(_is_reason, ast.walk(scope)):
        place = f"{file}:{node.lineno}"
        given = node.args[1] if len(node.args) > 1 else ast.Dict([], [])
        assert isinstance(given, ast.Dict) and not node.keywords, (
            f"{place}: its numbers are written where it is made"
        )
        code = chosen.get(getattr(node.args[0], "id", None), node.args[0])
        for one in (code.body, code.orelse) if isinstance(code, ast.IfExp) else (code,):
            assert isinstance(one, ast.Constant), f"{place}: its code is written where it is made"
            yield place, one.value, frozenset(key.value for key in given.keys)


def test_every_code_that_the_source_makes_has_words():
    found = {code for _, code, _ in made()}
    assert len(found) > 50 and found - WORDS.keys() == set()


def test_no_words_stand_unused():
    assert WORDS.keys() - {code for _, code, _ in made()} == set()


def test_whoever_makes_a_reason_gives_the_numbers_of_its_words_and_no_others():
    wrong = [
        f"{place} {code}: gives {sorted(given)}, its words need {sorted(needed)}"
        for place, code, given in made()
        if (needed := holes("".join(WORDS[code]))) != given
    ]
    assert wrong == []


def test_every_code_is_among_the_sentences_that_were_written_down():
    found = {code for case in CASES for code in codes(list(case()))}
    rows_in_english = {code for code in WORDS if code.startswith("release.first")}
    rows_in_english |= {
        "release.becomes_canary",
        "release.other_canary",
        "release.other_share",
        "release.replaced",
    }
    inside_headlines = {code for code in WORDS if code.startswith("headline.")}
    assert WORDS.keys() - found == rows_in_english | inside_headlines


def test_chinese_is_written_in_the_tables_of_words_alone():
    """Elsewhere it is data; what is a comment or a docstring is no sentence of a turn."""
    found = {}
    for file, tree in trees().items():
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [
            n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in docs
        ]
        found[file] = [text for text in texts if isinstance(text, str) and HAN.search(text)]
    assert {file for file, texts in found.items() if texts} == set(CHINESE_IS)
