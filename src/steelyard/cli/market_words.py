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
    # market import
    "import.title": (
        "{name}: {rows:row|rows} of {kind}, {first} to {last} ({how})",
        "{name}：{kind} {rows:} 行，{first} 至 {last}（{how}）",
    ),
    "import.in": ("{form} in {encoding}", "{form}，编码 {encoding}"),
    "import.parted": ("cells parted by {mark}", "以 {mark} 分隔的单元格"),
    "import.tabs": ("cells parted by tabs", "以制表符分隔的单元格"),
    "import.sheet": ("XLSX, sheet {name}", "XLSX，工作表 {name}"),
    "import.columns": ("columns of {name}", "列按 {name}"),
    "import.unpaid": (
        "{n:row of another status|rows of another status} left out",
        "略去其他状态的 {n:} 行",
    ),
    "import.totals": ("{n:row of totals|rows of totals} left out", "略去合计 {n:} 行"),
    "import.totals_of": (
        "{n:row of totals|rows of totals} left out: {amounts}",
        "略去合计 {n:} 行：{amounts}",
    ),
    "remark.clicks": (
        "{n:row|rows} with more clicks than impressions, the first is row {row}: right where people click later than they look",
        "有 {n:} 行的点击多于展示，首行为第 {row} 行：若用户隔日才点击，则属正常",
    ),
    "remark.conversions": (
        "{n:row|rows} with more conversions than visits, the first is row {row}: right where a visit may convert more than once",
        "有 {n:} 行的转化多于访问，首行为第 {row} 行：若一次访问可多次转化，则属正常",
    ),
    "remark.fees": (
        "{n:sale|sales} with a fee larger than the amount, the first is row {row}: look whether the columns are the right ones",
        "有 {n:} 笔销售的手续费大于金额，首行为第 {row} 行：请确认列是否对应正确",
    ),
    "remark.totals": (
        "the total in row {row} says {amount}, the rows that were read add up to {rows}: some may be missing",
        "第 {row} 行的合计为 {amount}，而读取的各行之和为 {rows}：可能缺少一些行",
    ),
    "remark.covers": (
        "the invoice in row {row} covers {what} from {first} to {last}, and so does the one in row {other} of the file {file}: what was metered then is paid for once",
        "第 {row} 行的账单覆盖 {first} 至 {last} 的 {what}，文件 {file} 第 {other} 行的账单也覆盖同一时段：当时计量的费用只抵一次",
    ),
    "import.dry": ("nothing was booked: --dry-run", "没有入账：--dry-run"),
    "import.booked": (
        "{new:,} booked, {known:,} booked before; {lines:line|lines} in the ledger",
        "入账 {new:} 行，以前已入账 {known:} 行；账本新增 {lines:} 条",
    ),
    "import.corrected": (
        "{new:,} booked, {known:,} booked before, {corrected:,} corrected; {lines:line|lines} in the ledger",
        "入账 {new:} 行，以前已入账 {known:} 行，更正 {corrected:} 行；账本新增 {lines:} 条",
    ),
    # statement
    "statement.budget": (
        "budget {name}{mark}: {spent} of {limit} in {month}",
        "预算 {name}{mark}：{month} 已用 {spent}，上限 {limit}",
    ),
    "statement.period": (
        "{first} to {last}, {currency}. {left}",
        "{first} 至 {last}，{currency}。{left}",
    ),
    "statement.no_cash": (
        "Say money.cash in the product file, and the balance and the runway are told",
        "请在产品文件中写明 money.cash，即可得知余额与可维持的时间",
    ),
    "statement.too_short": (
        "Cash: {cash}; how long it lasts is told after three whole months in the books",
        "现金：{cash}；账本满三个整月后可得知能维持多久",
    ),
    "statement.not_burnt": (
        "Cash: {cash}; by the books nothing was burnt from {first} to {last}",
        "现金：{cash}；按账本，{first} 至 {last} 没有净支出",
    ),
    "statement.runway": (
        "Cash: {cash}, {months} months at {burnt} a month ({first} to {last})",
        "现金：{cash}，按每月 {burnt} 可维持 {months} 个月（{first} 至 {last}）",
    ),
    # market test and read
    "test.detects": (
        "Detects a lift of {lift} or more with 80 % power at 5 %, in {weeks:week|weeks}. If the channel brings just "
        "that, {lost} of {outcome} are lost; {saved} of spend are saved.",
        "在 {weeks:} 周内，能以 80 % 的把握（5 % 水平）检出 {lift} 以上的提升。如果渠道恰好带来这么多，会失去 {lost} 的{outcome}，省下 {saved} 的花费。",
    ),
    "test.dry": ("nothing was written down: --dry-run", "没有记录：--dry-run"),
    "test.written": (
        "written down as {id}. When it is over: steelyard market read {channel}",
        "已记录为 {id}。结束后运行：steelyard market read {channel}",
    ),
    "test.calendar": (
        "written down as {id}; calendar: {calendar}. When it is over: steelyard market read {channel}",
        "已记录为 {id}；日程：{calendar}。结束后运行：steelyard market read {channel}",
    ),
    "test.title": (
        "{channel}: {form}, {first} to {last}, {state}",
        "{channel}：{form}，{first} 至 {last}，{state}",
    ),
    "test.lift": (
        "lift {lift}, p {p} of no lift, over {draws:draw|draws}; brought {brought} ({evidence})",
        "提升 {lift}，无提升的 p 值 {p}，{draws:} 次抽签；带来 {brought}（{evidence}）",
    ),
    # market fit and show
    "mix.title": ("{title}: {outcome}, {first} to {last}", "{title}：{outcome}，{first} 至 {last}"),
    "mix.known": (
        "R-hat {rhat}, {draws:independent draw|independent draws}",
        "R-hat {rhat}，独立样本 {draws:} 个",
    ),
    "mix.week": (
        "{known}; mean error of forecasts that had not seen their weeks {error}, of repeating the last season {naive}",
        "{known}；对未见过的各周的预测平均误差 {error}，照搬上一季的平均误差 {naive}",
    ),
    "mix.day": (
        "{known}; mean error of forecasts that had not seen their days {error}, of repeating the last season {naive}",
        "{known}；对未见过的各日的预测平均误差 {error}，照搬上一季的平均误差 {naive}",
    ),
    "mix.none": ("{known}; {why}", "{known}；{why}"),
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
        "nothing was taken back yet: say --yes, and it is; rows that another file has too go with it: import that file again",
        "没有撤回任何内容：加上 --yes 才会撤回；其他文件也有的行会一并撤回，请再导入那些文件",
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


def told(sentence: str, /, **values: Any) -> str:
    """A sentence in the language that is asked for."""
    counted = {key: _Count(v) if type(v) is int else v for key, v in values.items()}
    return SENTENCES[sentence][LANGUAGES.index(language())].format(**counted)
