"""What `steelyard market` prints in sentences, in English and in Chinese. Knows no command and no figure.

A count before a noun names it in both its numbers: `{n:row|rows}`.
Example: `told("undo.done", rows=2, lines=5)` is "2 rows taken back; 5 lines in the ledger"
"""

from __future__ import annotations

from typing import Any

from steelyard.cli.show import language
from steelyard.terms import LANGUAGES

# what is said -> (English, Chinese)
SENTENCES: dict[str, tuple[str, str]] = {
    # market undo
    "undo.nothing": (
        "nothing of it is in the books: it was taken back, or other files corrected all of it",
        "账本里没有它的内容：已经撤回，或全部被其他文件更正",
    ),
    "undo.title": (
        "{file}: {rows:row|rows} from {first} to {last}: {kinds}",
        "{file}：{first} 至 {last}，{rows:} 行：{kinds}",
    ),
    "undo.kind": ("{rows:,} of {kind}", "{kind} {rows:,} 行"),
    "undo.corrected": (
        "{n:row of it stays|rows of it stay}, since another file corrected what was said",
        "有 {n:} 行保留：其他文件已更正其内容",
    ),
    "undo.replaced": (
        "{n:row|rows} had taken the place of another file's: import that file again, and it is back",
        "有 {n:} 行曾取代其他文件的内容：重新导入那个文件即可恢复",
    ),
    "undo.refunds": (
        "{n:refund of another file stays|refunds of other files stay}, without the payment",
        "有 {n:} 笔其他文件的退款保留，但没有对应的付款",
    ),
    "undo.customers": (
        "{n:row of another file names a customer|rows of other files name customers} of it: they stay, without segment and channel",
        "有 {n:} 行其他文件的内容提到其中的客户：它们保留，但不再有客户群和渠道",
    ),
    "undo.ask": (
        "nothing was taken back yet: say --yes, and it is",
        "没有撤回任何内容：加上 --yes 才会撤回",
    ),
    "undo.done": (
        "{rows:row|rows} taken back; {lines:line|lines} in the ledger",
        "撤回了 {rows:} 行；账本新增 {lines:} 条",
    ),
}


class _Count(int):
    """A whole number that knows how a noun goes with it."""

    def __format__(self, spec: str) -> str:
        one, apart, more = spec.partition("|")
        if not apart:
            return format(int(self), spec or ",")
        return f"{int(self):,} {one if self == 1 else more}"


def told(name: str, **values: Any) -> str:
    """A sentence in the language that is asked for."""
    counted = {key: _Count(v) if type(v) is int else v for key, v in values.items()}
    return SENTENCES[name][LANGUAGES.index(language())].format(**counted)
