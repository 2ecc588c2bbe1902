"""What a person types to do what the plan says, in both languages. Knows no figures' origin.

Example: `buy_labels("product.yaml", 1300, "30.00 EUR").zh`
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Doing:
    """One sentence that can be done as it stands."""

    en: str
    zh: str


def buy_labels(file: str, total: int, money: str) -> Doing:
    return Doing(
        f"set `label.start: {total}` in {file} and run `steelyard turn {file}`; {money}",
        f"在 {file} 中设 `label.start: {total}`，再运行 `steelyard turn {file}`；花费 {money}",
    )


def try_variant(file: str, name: str, *, own: bool) -> Doing:
    """`own`: the chooser would take it where it stands alone; else only a person can."""
    if own:
        variants = "[]" if name == "torch_fp32" else f"[{name}]"
        return Doing(
            f"set `compress.variants: {variants}` in {file} and run `steelyard turn {file}`: {name} becomes the canary, and live once answers show that it is as good",
            f"在 {file} 中设 `compress.variants: {variants}`，再运行 `steelyard turn {file}`：{name} 成为金丝雀，答案证明不更差后上线",
        )
    return Doing(
        f"run `steelyard release promote {file} {name} --who NAME --why TEXT`",
        f"运行 `steelyard release promote {file} {name} --who 姓名 --why 理由`",
    )


def measure_again(file: str) -> Doing:
    return Doing(
        f"run `steelyard compress {file} --again`, which measures every variant anew, and then `steelyard turn {file}`",
        f"运行 `steelyard compress {file} --again` 重新测量每个版本，再运行 `steelyard turn {file}`",
    )


def keep(file: str, money: str) -> Doing:
    return Doing(
        f"keep the {money}; run `steelyard turn {file}` again when new data or users' outcomes (POST /v1/feedback) have come",
        f"先留着这 {money}；有了新数据或用户结果（POST /v1/feedback）后再运行 `steelyard turn {file}`",
    )


def try_market(money: str) -> Doing:
    return Doing(
        f"spend {money} on one channel, with a group of customers who do not see it",
        f"在一个渠道上花 {money}，并留出一组看不到它的客户作对照",
    )
