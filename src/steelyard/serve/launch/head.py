"""The head of the launch page: what search engines and previews read. Knows no request.

Example: `offers(view)[0]["priceCurrency"] == "CNY"`
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from steelyard.serve.launch.words import LOCALES, PER, TAGS

if TYPE_CHECKING:
    from steelyard.serve.launch.page import View

WIDTH, HEIGHT = 1200, 630  # of the picture of a preview


def head(view: View) -> str:
    """Everything inside `<head>` but the style."""
    page = view.page
    title, summary = view.said(page.title), view.said(page.summary)
    named = [("description", summary), ("robots", "noindex" if view.answered else "index, follow")]
    meta = "".join(f'<meta name="{name}" content="{_text(said)}">' for name, said in named)
    return (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{_text(title)}</title>{meta}<link rel="icon" href="data:,">'
        f"{_links(view)}{_open_graph(view)}{_structured(view)}"
    )


def address(view: View, language: str | None = None) -> str:
    """Where the page stands: in this language where it has several, else at its bare address; empty
    where the file does not say."""
    if view.page.url is None:
        return ""
    several = language is not None and len(view.page.languages) > 1
    return f"{view.page.url}?lang={language}" if several else view.page.url


def _links(view: View) -> str:
    if view.page.url is None:
        return ""
    languages = view.page.languages
    links = [f'<link rel="canonical" href="{_text(address(view, view.language))}">']
    if len(languages) > 1:
        pairs = [(TAGS[code], address(view, code)) for code in languages]
        links += [
            f'<link rel="alternate" hreflang="{code}" href="{_text(where)}">'
            for code, where in [*pairs, ("x-default", view.page.url)]
        ]
    return "".join(links)


def _open_graph(view: View) -> str:
    """The Open Graph protocol; a picture must have a whole address, so without `url` there is none."""
    page = view.page
    said = [
        ("og:type", "website"),
        ("og:title", view.said(page.title)),
        ("og:description", view.said(page.summary)),
        ("og:locale", LOCALES[view.language]),
        *(
            ("og:locale:alternate", LOCALES[code])
            for code in page.languages
            if code != view.language
        ),
    ]
    if page.url is not None:
        said.append(("og:url", address(view, view.language)))
    card = "summary"
    if page.url is not None and view.preview:
        version = view.live.variant[:8] if view.live else "none"
        card = "summary_large_image"
        said += [
            ("og:image", f"{page.url}preview.{view.language}.png?v={version}"),
            ("og:image:type", "image/png"),
            ("og:image:width", str(WIDTH)),
            ("og:image:height", str(HEIGHT)),
            ("og:image:alt", view.said(page.title)),
        ]
    tags = "".join(f'<meta property="{name}" content="{_text(value)}">' for name, value in said)
    return f'{tags}<meta name="twitter:card" content="{card}">'


def _structured(view: View) -> str:
    """schema.org's SoftwareApplication in JSON-LD; `<` is written as a code, so nothing ends it."""
    page = view.page
    body: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "SoftwareApplication",
        "name": view.said(page.title),
        "description": view.said(page.summary),
        "applicationCategory": "BusinessApplication",
        "operatingSystem": "Web",
        "inLanguage": TAGS[view.language],
    }
    if page.url is not None:
        body["url"] = address(view, view.language)
    if view.sold:
        body["offers"] = offers(view)
    said = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&":
        said = said.replace(mark, f"\\u{ord(mark):04x}")
    return f'<script type="application/ld+json">{said}</script>'


def offers(view: View) -> list[dict[str, Any]]:
    """One for each plan; in stock once a release answers."""
    stock = "InStock" if view.live else "PreOrder"
    made = []
    for plan in view.sold:
        prices = [(format(price.normalize(), "f"), PER[per][2]) for price, per in plan.prices]
        offer: dict[str, Any] = {
            "@type": "Offer",
            "name": view.said(plan.name),
            "price": prices[0][0] if prices else "0",
            "priceCurrency": view.currency,
            "availability": f"https://schema.org/{stock}",
        }
        each = [_each(price, unit, view.currency) for price, unit in prices if unit is not None]
        if each:
            offer["priceSpecification"] = each[0] if len(each) == 1 else each
        made.append(offer)
    return made


def _each(price: str, unit: str, currency: str) -> dict[str, str]:
    """What one unit costs, by the code of UN/CEFACT recommendation 20."""
    said = {"@type": "UnitPriceSpecification", "price": price, "unitCode": unit}
    return said | {"priceCurrency": currency}


def _text(words: str) -> str:
    return html.escape(words, quote=True)
