"""HTML as a list of elements: what tests of pages look at. Needs no browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    inside: list[str]  # tags around it, the outermost first
    text: str = ""

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)


@dataclass
class Page(HTMLParser):
    """Every element in its order; AssertionError for one that is not closed where it should be."""

    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice: {tag} {names}"
        one = Element(tag, {k: v or "" for k, v in attrs}, [e.tag for e in self._open])
        self.elements.append(one)
        if tag not in VOID:
            self._open.append(one)

    def handle_endtag(self, tag):
        assert self._open and self._open[-1].tag == tag, f"</{tag}> closes nothing"
        self._open.pop()

    def handle_data(self, data):
        for one in self._open:
            one.text += data

    def all(self, *tags: str) -> list[Element]:
        return [e for e in self.elements if e.tag in tags]

    def one(self, tag: str) -> Element:
        (found,) = self.all(tag)
        return found

    def by_id(self, identity: str) -> Element:
        (found,) = [e for e in self.elements if e.get("id") == identity]
        return found


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert not page._open, f"never closed: {[e.tag for e in page._open]}"
    return page
