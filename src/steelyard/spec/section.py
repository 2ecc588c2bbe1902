"""What sections of a product file are made of: types with their bounds, names, and settings of a kind. Knows no section.

Example: `class Split(Section): holdout: Share = 0.2`
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from steelyard.spec.currencies import PATTERN, no_code
from steelyard.spec.looks import escaped, twins, visible

Share = Annotated[float, Field(gt=0, lt=1)]
PRICE_MAX = 10**9
Price = Annotated[
    Decimal,
    Field(ge=0, le=PRICE_MAX),
    BeforeValidator(lambda v: str(v) if isinstance(v, float) else v),
]
Rate = Annotated[
    Decimal,
    Field(gt=0, le=PRICE_MAX),
    BeforeValidator(lambda v: str(v) if isinstance(v, float) else v),
]
Signed = Annotated[
    Decimal,
    Field(ge=-(10**9), le=10**9),
    BeforeValidator(lambda v: str(v) if isinstance(v, float) else v),
]
Utility = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


LABEL_LENGTH_MAX = 200


def _one_line(text: str) -> str:
    """A label is shown in tables and on the screen."""
    if any(c < "\x20" or c == "\x7f" for c in text):
        raise ValueError(f'expected a text without control characters, found "{escaped(text)}"')
    if not visible(text):
        raise ValueError(f'expected a text that can be seen, found "{escaped(text)}"')
    return text


def _currency(code: str) -> str:
    why = no_code(code)
    if why:
        raise ValueError(why)
    return code


LabelName = Annotated[
    str, Field(min_length=1, max_length=LABEL_LENGTH_MAX), AfterValidator(_one_line)
]
Currency = Annotated[str, Field(json_schema_extra={"pattern": PATTERN}), AfterValidator(_currency)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError("expected a name such as Asia/Shanghai or Europe/Berlin") from error
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Package = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Account = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*([.][a-z0-9_-]+)*$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
# What each pattern asks for, in words.
PATTERNS = {
    r"^[A-Z]{2}$": "the two letters of a country, such as CN or DE",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "the name of a package as Python imports it, without dots",
    r"^[a-z][a-z0-9_]*([.][a-z0-9_-]+)*$": "an account of the ledger such as label, cpu or ads.spend",
    r"^[a-z0-9][a-z0-9_-]{0,62}$": "at most 63 lower case letters, digits, - and _, and a letter or digit first",
}


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def distinct(names: tuple[str, ...], *, one: str, many: str) -> tuple[str, ...]:
    """The names as they are; ValueError for one that stands twice, or that looks like another."""
    if len(set(names)) != len(names):
        raise ValueError(f"every {one} must be named once")
    alike = twins(names)
    if alike is not None:
        told = " and ".join(f'"{escaped(name)}"' for name in alike)
        raise ValueError(f"expected {many} that can be told apart, found {told}; keep one")
    return names


class NoSettings(Section):
    """Of a kind that has none."""


class Kind(Section):
    """A registered kind, and settings of its own."""

    name: str
    settings: dict[str, Any] = {}

    def __str__(self) -> str:
        return self.name


def _kind(written: Any) -> Any:
    """`dedupe`, or `dedupe: {threshold: 0.9}`."""
    if isinstance(written, str):
        return {"name": written}
    if isinstance(written, Kind) or (
        isinstance(written, dict) and written.keys() <= {"name", "settings"}
    ):
        return written
    if isinstance(written, dict) and len(written) == 1:
        ((name, settings),) = written.items()
        if isinstance(name, str) and (settings is None or isinstance(settings, dict)):
            return {"name": name, "settings": settings or {}}
    form = "expected a name, or a name with settings below it as in `dedupe: {threshold: 0.9}`"
    deeper = isinstance(written, dict) and len(written) > 1
    raise ValueError(
        f"{form}, found {'several fields; indent the settings one step more' if deeper else 'another value'}"
    )


_WRITTEN = {
    "anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]
}
Named = Annotated[Kind, BeforeValidator(_kind), WithJsonSchema(_WRITTEN)]
