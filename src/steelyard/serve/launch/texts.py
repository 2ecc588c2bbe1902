"""What machines read of the page: robots.txt, sitemap.xml and llms.txt. Knows no HTML.

Example: `robots(page).splitlines()[0] == "User-agent: *"`
"""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from steelyard.serve.launch.head import address
from steelyard.serve.launch.page import View, included, priced
from steelyard.serve.launch.words import TAGS
from steelyard.spec.launch import Page
from steelyard.terms import term


def robots(page: Page) -> str:
    """The page may be read, the demo and the routes of customers need not be (RFC 9309)."""
    base = urlsplit(page.url or "/").path
    lines = ["User-agent: *", f"Disallow: {base}demo", f"Disallow: {base}v1/", f"Allow: {base}"]
    if page.url is not None:
        lines += ["", f"Sitemap: {page.url}sitemap.xml"]
    return "\n".join(lines) + "\n"


def sitemap(view: View) -> str:
    """The page in each of its languages (sitemaps.org, with alternates); only with `market.page.url`."""
    codes = view.page.languages
    pairs = [(TAGS[code], address(view, code)) for code in codes] if len(codes) > 1 else []
    alternates = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(tag)} href={quoteattr(where)}/>'
        for tag, where in [*pairs, *([("x-default", address(view))] if pairs else [])]
    )
    day = f"<lastmod>{view.live.since}</lastmod>" if view.live and view.live.since else ""
    urls = "".join(
        f"<url><loc>{address(view, code)}</loc>{day}{alternates}</url>" for code in codes
    )
    spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {spaces}>{urls}</urlset>\n'


def llms(view: View) -> str:
    """The page for language models (llmstxt.org): a title, a summary, and lists of facts and links."""
    page, words, base = view.page, view.words, view.page.url or ""
    lines = [f"# {view.said(page.title)}", "", f"> {view.said(page.summary)}", ""]
    lines += [f"- {view.said(point)}" for point in page.points]
    lines += ["", f"## {words['quality']}", "", *_quality(view)]
    if view.sold:
        lines += ["", f"## {words['prices']}", ""]
        for plan in view.sold:
            price = " + ".join(" ".join(filter(None, one)) for one in priced(plan, view))
            includes = "; ".join(included(plan, view))
            lines.append(
                f"- {view.said(plan.name)}: {price}" + (f" ({includes})" if includes else "")
            )
    lines += ["", f"## {words['api']}", ""]
    lines += [f"- [docs]({base}docs)", f"- [OpenAPI]({base}openapi.json)"]
    if page.contact is not None:
        lines += ["", f"## {words['contact']}", "", f"- {page.contact}"]
    return "\n".join(lines) + "\n"


def _quality(view: View) -> list[str]:
    live, words = view.live, view.words
    if live is None:
        return [words["unreleased"]]
    release = words["release"].format(variant=live.variant[:12], since=live.since)
    if not live.figures:
        return [words["unmeasured"], release]
    first = live.figures[0].interval
    says = words["quality_says"].format(n=first.n, version=live.version, measured=live.measured)
    rows = [
        f"- {term('goal', f.name, view.language)}: {f.interval.value:.3f} [{f.shown(view.language)}]"
        for f in live.figures
    ]
    return [says, "", *rows, "", release]
