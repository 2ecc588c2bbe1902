"""Sliders for the money in each place and for what is believed, worked out in the browser. Knows no store.

What people wrote stands in the mark-up as text; the script is given numbers alone.
Example: `what_if(split, "zh")` is empty where the plan kept no draws
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from steelyard.report.markup import note, text
from steelyard.report.plan_named import named, plain, signed
from steelyard.report.plan_words import WORDS

Facts = Mapping[str, Any]
FOR_SCRIPT = ("amounts", "paid", "once", "customers", "declared", "serving")
ANY = "any"  # the plan's own amount, which may be no multiple of a step, has to stand at first


def what_if(split: Facts, language: str) -> str:
    """A block that is closed until it is asked for."""
    kept, words = split.get("sliders"), WORDS[language]
    if not kept or not kept["places"]:
        return ""
    own, added = kept["own"]["value"], kept["added"]["value"]
    said = words["what_if_note"].format(
        draws=len(kept["base"]["customers"]),
        added=signed(added),
        own=signed(own),
        apart=plain(abs(added - own)),
        currency=split["currency"],
    )
    script = files("steelyard.report").joinpath("sliders.js").read_text(encoding="utf-8")
    return (
        f"<details class=what-if><summary>{text(words['what_if'])}</summary>{note(said)}"
        f"<noscript>{note(words['no_script'])}</noscript>"
        f"<form hidden autocomplete=off>{_result(split, words)}<div class=pair>"
        f"{_money(split, language)}{_beliefs(split, language)}</div>"
        f"<button type=reset>{text(words['reset'])}</button></form>"
        f'<script type="application/json">{_data(kept)}</script></details>'
        f"<script>{script}</script>"
    )


def _data(kept: Facts) -> str:
    """Numbers as JSON that cannot end its element."""
    places = [{key: one[key] for key in FOR_SCRIPT if key in one} for one in kept["places"]]
    said = json.dumps(
        {"base": kept["base"], "steps": kept["steps"], "places": places}, separators=(",", ":")
    )
    return said.replace("<", "\\u003c")


def _result(split: Facts, words: Mapping[str, str]) -> str:
    result = words["result"].format(currency=split["currency"])
    placed = words["placed"].format(budget=plain(split["budget"]), currency=split["currency"])
    return (
        f"<ul class=figures><li><span>{text(result)}</span>"
        "<strong><output name=result></output></strong></li>"
        f"<li><span>{text(placed)}</span><strong><output name=placed></output></strong></li></ul>"
    )


def _money(split: Facts, language: str) -> str:
    names = _names(split, language)
    sliders = "".join(
        _slider(names[one["name"]], "money", at, least, top, value=one["spend"], step=ANY)
        for at, one in enumerate(split["sliders"]["places"])
        for least, top in ((one["amounts"][0], one["amounts"][-1]),)
    )
    legend = WORDS[language]["moved_money"].format(currency=split["currency"])
    return f"<fieldset><legend>{text(legend)}</legend>{sliders}</fieldset>"


def _beliefs(split: Facts, language: str) -> str:
    """Only of what a figure here depends on. A customer's worth moves by halves and doubles."""
    words, kept, names = WORDS[language], split["sliders"], _names(split, language)
    parts = [kept["base"], *kept["places"]]
    made = ""
    if any(_moves(part.get("customers", ())) for part in parts):
        made += _slider(words["of_worth"], "worth", None, -2, 2, value=0, step=0.05)
    if any(_moves(part.get("declared", ())) for part in parts):
        made += _slider(words["of_answer"], "answer", None, 0, 4, value=1, step=0.05)
    for at, one in enumerate(kept["places"]):
        name = words["of_place"].format(name=names[one["name"]])
        made += _slider(name, "gain", at, 0, 2, value=1, step=0.05)
    return f"<fieldset><legend>{text(words['moved_beliefs'])}</legend>{made}</fieldset>"


def _moves(drawn: Any) -> bool:
    """Whether any number of it, or of a row of it, is not nothing."""
    return any(_moves(one) if isinstance(one, list) else bool(one) for one in drawn)


def _names(split: Facts, language: str) -> dict[str, str]:
    return {one["name"]: named(one, language) for one in split["parts"]}


def _slider(
    name: str,
    kind: str,
    place: int | None,
    low: float,
    high: float,
    *,
    value: float,
    step: float | str,
) -> str:
    at = "" if place is None else f" data-place={place}"
    return (
        f"<label><span>{text(name)}</span><input type=range data-kind={kind}{at}"
        f' min="{text(low)}" max="{text(high)}" step="{step}" value="{text(value)}"><output></output></label>'
    )
