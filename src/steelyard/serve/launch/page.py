"""The launch page as HTML: no script, one style, nothing from elsewhere. Knows no store and no server.

Whatever stands in the product file, in a question or in an answer is text on it, never mark-up.
Example: `render(view).startswith("<!doctype html>")`
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from steelyard.serve.launch.facts import Live
from steelyard.serve.launch.forms import NAME, Field
from steelyard.serve.launch.head import head
from steelyard.serve.launch.prices import Sold
from steelyard.serve.launch.words import NAMES, PER, TAGS, WORDS
from steelyard.spec.launch import Language, Page, Said
from steelyard.tasks.shown import Shown
from steelyard.terms import LANGUAGES, term

SHARES_MAX = 8  # names of an answer, the likeliest first


@dataclass(frozen=True)
class Answered:
    """What a visitor asked, and the answer or why there is none: a status of HTTP, the seconds after
    which it may be tried again, and what was expected, in English."""

    asked: str
    shown: Shown | None = None
    status: int = 200
    wait_s: int = 1
    expected: str = ""


@dataclass(frozen=True)
class View:
    """All that one page shows; `live` is None before the first release, `preview` is whether the
    machine can draw the picture of it in this language."""

    page: Page
    language: Language
    currency: str
    sold: tuple[Sold, ...]
    field: Field
    live: Live | None
    preview: bool = False
    answered: Answered | None = None

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    def said(self, said: Said) -> str:
        return said[self.language]


def render(view: View) -> str:
    """The whole page."""
    sections = _hero(view) + _demo(view) + _quality(view) + _prices(view) + _contact(view)
    words = view.words
    return (
        f'<!doctype html><html lang="{TAGS[view.language]}"><head>{head(view)}<style>{style()}</style></head>'
        f'<body><a class=skip href="#main">{text(words["skip"])}</a>'
        f"<header class=bar>{_languages(view)}</header><main id=main>{sections}</main>"
        f'<footer><p>{text(words["footer"])} <a href="docs">{text(words["api"])}</a></p></footer>'
        "</body></html>"
    )


@cache
def style() -> str:
    return files("steelyard.serve.launch").joinpath("style.css").read_text(encoding="utf-8").strip()


def text(words: Any) -> str:
    """Anything as text: no mark-up survives."""
    return html.escape(str(words), quote=True)


def money(price: Decimal) -> str:
    """In cents where it has some, and in as many digits as it needs."""
    whole = price == price.to_integral_value()
    digits = 0 if whole else max(2, -int(price.normalize().as_tuple().exponent))
    return f"{price:,.{digits}f}"


def priced(plan: Sold, view: View) -> list[tuple[str, str]]:
    """Each price in words, and what it is for."""
    at = LANGUAGES.index(view.language)
    return [
        (f"{money(price)} {view.currency}", PER[per][:2][at]) for price, per in plan.prices
    ] or [(view.words["free"], "")]


def included(plan: Sold, view: View) -> list[str]:
    """What one gets, a line each."""
    requests = [] if plan.requests is None else [view.words["requests"].format(n=plan.requests)]
    return [*requests, *map(view.said, plan.includes)]


def has_demo(view: View) -> bool:
    return view.live is not None and view.page.demo.per_client > 0


def _languages(view: View) -> str:
    others = [code for code in view.page.languages if code != view.language]
    if not others:
        return ""
    links = "".join(
        f'<li><a href="./?lang={code}" lang="{TAGS[code]}" hreflang="{TAGS[code]}">{text(NAMES[code])}</a></li>'
        for code in others
    )
    return f'<nav aria-label="{text(view.words["languages"])}"><ul>{links}</ul></nav>'


def _hero(view: View) -> str:
    page, words = view.page, view.words
    points = "".join(f"<li>{text(view.said(point))}</li>" for point in page.points)
    links = [("#demo", "", "try")] * has_demo(view)
    links += [("#prices", " quiet" if links else "", "to_prices")] * bool(view.sold)
    actions = "".join(
        f'<a class="button{css}" href="{where}">{text(words[name])}</a>'
        for where, css, name in links
    )
    said = "" if view.live else f"<p class=note>{text(words['unreleased'])}</p>"
    return (
        f"<section class=hero><h1>{text(view.said(page.title))}</h1>"
        f"<p class=summary>{text(view.said(page.summary))}</p>"
        + (f"<ul class=points>{points}</ul>" if points else "")
        + said
        + (f"<p class=actions>{actions}</p>" if actions else "")
        + "</section>"
    )


def _section(name: str, title: str, body: str) -> str:
    return (
        f'<section id={name} aria-labelledby="{name}-title"><h2 id="{name}-title">{text(title)}</h2>'
        f"{body}</section>"
    )


def _demo(view: View) -> str:
    if not has_demo(view):
        return ""
    words, field = view.words, view.field
    limit = f"{limit_of(view)} {words['limit_asked'].format(most=view.page.demo.per_client)}"
    encoding = " enctype=multipart/form-data" if field.kind == "file" else ""
    body = (
        f"<p class=note>{text(words['demo_says'])}</p>"
        f'<form method=post action="demo?lang={view.language}#answer"{encoding}>'
        f"<label for={NAME}>{text(words['input_' + field.kind])}</label>{_input(view)}"
        f'<p class=note id="{NAME}-limit">{text(limit)}</p>'
        f"<button type=submit>{text(words['ask'])}</button></form>"
    )
    return _section("demo", words["demo"], body + _answer(view))


def limit_of(view: View) -> str:
    """How long a question may be."""
    name = "limit_file" if view.field.kind == "file" else "limit_text"
    return view.words[name].format(most=view.field.most)


def _input(view: View) -> str:
    field, answered = view.field, view.answered
    wrong = " aria-invalid=true" if answered and answered.status in (413, 422) else ""
    about = f'id={NAME} name={NAME} required aria-describedby="{NAME}-limit"{wrong}'
    if field.kind == "file":
        return f'<input type=file accept="{text(field.accept)}" {about}>'
    # a browser takes the first line break of an area away
    asked = "\n" + text(answered.asked) if answered else ""
    return f"<textarea {about} maxlength={field.most} rows=4 dir=auto>{asked}</textarea>"


def _answer(view: View) -> str:
    answered, words = view.answered, view.words
    if answered is None:
        return ""
    if answered.shown is None:
        return _problem(view, answered)
    shown, parts = answered.shown, []
    if shown.spans is not None:
        parts.append(_marked(answered.asked, shown, words))
    if shown.said:
        parts.append(f"<p class=said>{text(shown.said)}</p>")
    if shown.shares:
        parts.append(_shares(shown.shares, words))
    return (
        f"<div class=answer id=answer role=status tabindex=-1><h3>{text(words['answer'])}</h3>"
        f"{''.join(parts)}</div>"
    )


def _problem(view: View, answered: Answered) -> str:
    words = view.words
    said = words.get(f"refused_{answered.status}", words["refused_other"])
    told = text(said.format(wait=answered.wait_s, limit=limit_of(view)))
    more = f"<p class=note lang=en>{text(answered.expected)}</p>" if answered.expected else ""
    return (
        f'<div class="answer problem" id=answer role=alert tabindex=-1><h3>{text(words["problem"])}</h3>'
        f"<p>{told}</p>{more}</div>"
    )


def _marked(asked: str, shown: Shown, words: Mapping[str, str]) -> str:
    if not shown.spans:
        return f"<p>{text(words['nothing_found'])}</p>"
    parts, at = [], 0
    for start, end, name in shown.spans:
        parts.append(text(asked[at:start]))
        parts.append(f"<mark>{text(asked[start:end])}<small>{text(name)}</small></mark>")
        at = end
    return f"<p class=marked dir=auto>{''.join(parts)}{text(asked[at:])}</p>"


def _shares(shares: Mapping[str, float], words: Mapping[str, str]) -> str:
    first = sorted(shares.items(), key=lambda pair: -pair[1])[:SHARES_MAX]
    rows = "".join(
        f'<li><span>{text(name)}</span><meter min=0 max=1 value="{share:.4f}" '
        f'aria-label="{text(words["share"])}: {text(name)}">{share:.1%}</meter>'
        f"<span class=number>{share:.1%}</span></li>"
        for name, share in first
    )
    return f"<ul class=shares>{rows}</ul>"


def _quality(view: View) -> str:
    live, words = view.live, view.words
    if live is None:
        return ""
    release = words["release"].format(variant=live.variant[:12], since=live.since)
    if not live.figures:
        told = f"<p class=note>{text(words['unmeasured'])}</p>"
        return _section("quality", words["quality"], told + f"<p class=note>{text(release)}</p>")
    rows = "".join(
        f"<tr><th scope=row>{text(term('goal', figure.name, view.language))}</th>"
        f"<td class=n>{figure.interval.value:.3f}</td>"
        f"<td class=n>{text(figure.shown(view.language, ' – '))}</td></tr>"
        for figure in live.figures
    )
    heads = "".join(
        f"<th scope=col{css}>{text(words[name])}</th>"
        for name, css in (("metric", ""), ("value", " class=n"), ("interval", " class=n"))
    )
    says = words["quality_says"].format(
        n=live.figures[0].interval.n, version=live.version, measured=live.measured
    )
    body = (
        f"<p class=note>{text(says)}</p><table><caption>{text(words['quality_table'])}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p class=note>{text(release)}</p>"
    )
    return _section("quality", words["quality"], body)


def _prices(view: View) -> str:
    if not view.sold:
        return ""
    plans = "".join(_plan(view, plan) for plan in view.sold)
    return _section("prices", view.words["prices"], f"<ul class=plans>{plans}</ul>")


def _plan(view: View, plan: Sold) -> str:
    prices = " + ".join(f"<b>{text(price)}</b> {text(per)}" for price, per in priced(plan, view))
    lines = "".join(f"<li>{text(line)}</li>" for line in included(plan, view))
    return (
        f"<li><h3>{text(view.said(plan.name))}</h3><p class=price>{prices}</p>"
        + (f"<ul class=includes>{lines}</ul>" if lines else "")
        + "</li>"
    )


def _contact(view: View) -> str:
    contact, words = view.page.contact, view.words
    if contact is None:
        return ""
    where = f"mailto:{contact}" if "@" in contact and "://" not in contact else contact
    said = contact if where != contact else words["write"]
    body = f'<p><a href="{text(where)}">{text(said)}</a></p>'
    return _section("contact", words["contact"], body)
