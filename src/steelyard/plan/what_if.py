"""What a plan would say if a figure of the product file were another one. Knows no file and no screen.

Example: `asked(spec, ["budget=20000", "plan.caution=0.5"])` is {"plan.unit": 20000, "plan.caution": 0.5}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ValidationError

from steelyard.errors import UserError
from steelyard.near import near
from steelyard.plan.answer import three
from steelyard.plan.facts import PlanFacts
from steelyard.plan.switch import better
from steelyard.plan.weigh import ARMS, Weighed
from steelyard.spec import Product

OPTION = "--what-if"


@dataclass(frozen=True)
class Key:
    """A field of the product file that a plan can be asked of, and of the facts."""

    path: str
    fact: str
    kind: Callable[[Any], Any] = float


# short name -> what it stands for
KEYS: dict[str, Key] = {
    "budget": Key("plan.unit", "unit"),
    "caution": Key("plan.caution", "caution"),
    "horizon": Key("plan.horizon", "horizon", int),
    "discount": Key("plan.discount", "discount"),
    "cash": Key("plan.cash", "cash"),
    "ruin": Key("plan.ruin", "ruin"),
    "change": Key("plan.change", "change"),
    "fading": Key("plan.fading", "fading"),
    "requests": Key("plan.requests", "requests", int),
    "days": Key("plan.days", "days"),
    "label": Key("money.prices.label", "label_price"),
    "answer": Key("money.correct_answer", "answer"),
}
_BY_PATH = {key.path: key for key in KEYS.values()}


def asked(spec: Product, pairs: Iterable[str]) -> dict[str, Any]:
    """Path -> number of each `KEY=VALUE`; UserError names a key that is none, what is no number, and what the
    product file would refuse."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, apart, written = pair.partition("=")
        if not apart:
            raise UserError(OPTION, "KEY=VALUE, as budget=20000", repr(pair))
        key = _key(name.strip())
        if key.path in found:
            raise UserError(f"{OPTION} {name}", "one value", f"{key.path} twice")
        found[key.path] = _checked(spec, name.strip(), key, written.strip())
    return found


def changed(facts: PlanFacts, values: Mapping[str, Any]) -> PlanFacts:
    """The facts with these figures."""
    new = {_BY_PATH[path].fact: _BY_PATH[path].kind(value) for path, value in values.items()}
    return replace(facts, **new)


def summary(weighed: Weighed) -> dict[str, Any]:
    """The split, its profit and the better side: what is shown side by side."""
    first, second = better(weighed)
    gains = {arm: weighed.alone[arm].profit for arm in ARMS}
    return {
        "budget": weighed.question.budget,
        "spend": {
            one.place.name: float(x)
            for one, x in zip(weighed.places, weighed.amounts, strict=True)
            if x != 0
        },
        "kept": weighed.kept,
        "steps": [one.step.name for one in weighed.taken],
        "profit": three(weighed.gain),
        "better": first,
        "sure": float((gains[first] > gains[second]).mean()),
        "alone": {arm: three(gains[arm] - weighed.nothing.profit) for arm in ARMS},
        "shadow": weighed.split.solved.shadow,
    }


def _key(name: str) -> Key:
    known = [*KEYS, *_BY_PATH]
    key = KEYS.get(name) or _BY_PATH.get(name)
    if key is None:
        raise UserError(OPTION, f"one of {', '.join(known)}", repr(name), near(name, known))
    return key


def _checked(spec: Product, name: str, key: Key, written: str) -> Any:
    place = f"{OPTION} {name}"
    number = _number(place, written)
    if key.fact == "answer" and spec.money.values.given:
        raise UserError(
            place,
            "a product whose answers are worth money.correct_answer",
            "a table under money.values, which says what each kind is worth",
            "edit the table and run: steelyard plan",
        )
    *sections, field = key.path.split(".")
    section: BaseModel = spec
    for part in sections:
        section = getattr(section, part)
    known = {n: getattr(section, n) for n in type(section).model_fields}
    try:
        made = type(section).model_validate(known | {field: number})
    except ValidationError as error:
        raise UserError(place, _expected(error), written) from None
    return getattr(made, field)


def _number(place: str, written: str) -> int | Decimal:
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise UserError(place, "a number", repr(written)) from None
    if not number.is_finite() or not math.isfinite(float(number)):
        raise UserError(place, "a finite number", written)
    return int(number) if number == number.to_integral_value() else number


def _expected(error: ValidationError) -> str:
    """What the product file takes there, as its own check says it."""
    said = error.errors()[0]["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"a number that is {said}" if said[:1].islower() and " than " in said else said
