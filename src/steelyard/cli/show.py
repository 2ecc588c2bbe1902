"""Facts for the eye or, with --json, for a program, on any console. Knows no command.

Example: `table("Variants", ["name", "macro_f1"], rows)`
"""

from __future__ import annotations

import codecs
import json
import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from steelyard.errors import UserError
from steelyard.terms import LANGUAGES, term

LANGUAGE = ("STEELYARD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set


def out(value: Any) -> None:
    """JSON on standard output: UTF-8 with Chinese readable, or escaped where the console writes
    another encoding. Numbers that JSON does not know are null."""
    json.dump(
        _finite(value),
        sys.stdout,
        ensure_ascii=not _is_utf8(sys.stdout),
        indent=1,
        default=str,
        allow_nan=False,
    )
    sys.stdout.write("\n")


def never_fail() -> None:
    """From here on a character that the console cannot write is escaped and stops nothing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a test may have put another stream there
            reconfigure(errors="backslashreplace")


def language() -> str:
    """`zh` where the environment asks for Chinese, else `en`."""
    asked = next(filter(None, map(os.environ.get, LANGUAGE)), "")
    return "zh" if asked.lower().startswith("zh") else "en"


def language_of(asked: str | None) -> str:
    """That of a page: the one that was asked for, else that of the environment; UserError for another."""
    chosen = asked or language()
    if chosen not in LANGUAGES:
        raise UserError("--language", f"one of {', '.join(LANGUAGES)}", repr(chosen))
    return chosen


def said(kind: str, name: str) -> str:
    """Our word for a name that the ledger keeps, in the language that is asked for."""
    return term(kind, name, language())


def heads(*names: str) -> list[str]:
    """Heads of a table."""
    return [said("head", name) for name in names]


def market_title(title: str, *, simulated: bool) -> str:
    """A title over figures of the market, which says where that is a simulated one."""
    return f"{title} ({said('title', 'simulated')})" if simulated else title


def _is_utf8(stream: TextIO) -> bool:
    try:
        return codecs.lookup(stream.encoding or "ascii").name == "utf-8"
    except LookupError:
        return False


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, note: str = ""
) -> None:
    """A rich table; numbers to the right."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    made = Table(
        title=title or None, title_justify="left", caption=note or None, caption_justify="left"
    )
    for i, column in enumerate(columns):
        numeric = any(_is_number(row[i]) for row in rows)
        made.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(escape(cell(v)) for v in row))  # steelyard[train] is no markup
    Console().print(made)


def _is_number(value: Any) -> bool:
    """Also one that is written already, as money is."""
    return isinstance(value, (int, float)) or (
        isinstance(value, str) and re.fullmatch(r"-?\d[\d,]*\.\d+( [A-Z]{3})?", value) is not None
    )


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
