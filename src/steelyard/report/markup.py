"""Tables, figures and escaping of the page. Knows no facts.

Example: `table(["name", "n"], [["<b>", "3"]])` shows `<b>` as text
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

from steelyard.report.charts import NARROW, WIDE


def figure(draw: Callable[[int], str]) -> str:
    """The picture drawn twice, for a wide and for a narrow screen; the style shows one of them."""
    wide, narrow = draw(WIDE), draw(NARROW)
    parts = [
        f"<div class={css}>{svg}</div>" for css, svg in (("wide", wide), ("narrow", narrow)) if svg
    ]
    return f"<figure>{''.join(parts)}</figure>" if parts else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, grey: int = 0) -> str:
    """Numbers to the right. On a narrow screen each row is a card that names its columns. The last `grey` rows are
    shown so."""
    numeric = [all(_numeric(str(row[i])) for row in rows) for i in range(len(columns))]
    css = [" class=n" if n else "" for n in numeric]
    top = "".join(
        f"<th scope=col{c}>{text(name)}</th>" for c, name in zip(css, columns, strict=True)
    )
    bright = len(rows) - grey
    body = "".join(
        f"<tr{' class=grey' if at >= bright else ''}>{_cells(columns, css, row)}</tr>"
        for at, row in enumerate(rows)
    )
    return (
        f"<div class=scroll><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def note(words: str) -> str:
    return f"<p class=note>{text(words)}</p>"


def head(words: str) -> str:
    return f"<h3>{text(words)}</h3>"


def text(words: Any) -> str:
    """Anything as text: no mark-up of a user's survives."""
    return html.escape(str(words), quote=True)


def _cells(columns: Sequence[str], css: Sequence[str], row: Sequence[Any]) -> str:
    return "".join(
        f'<td{c} data-head="{text(name)}">{text(value)}</td>'
        for name, c, value in zip(columns, css, row, strict=True)
    )


def _numeric(cell: str) -> bool:
    """Digits and signs, perhaps with a currency behind them; `?` stands for a number not known."""
    number = cell.removesuffix(" " + cell[-3:]) if cell[-3:].isupper() else cell
    return bool(number) and all(c in "0123456789.,+-−× []?%e" for c in number)
