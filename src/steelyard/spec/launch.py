"""The launch page of a product file: what visitors of the server read and may try. Knows no server.

Every text stands in each language of the page. Example: `product.market.page.title["en"]`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from steelyard.spec.looks import escaped, visible
from steelyard.spec.section import Price, Section

Language = Literal["en", "zh"]
Per = Literal["once", "month", "year", "user_month", "request", "1000_requests"]
TEXT_LENGTH_MAX = 600


def _seen(text: str) -> str:
    if any(c < "\x20" or c == "\x7f" for c in text) or not visible(text):
        raise ValueError(f'expected a line of text that can be seen, found "{escaped(text)}"')
    if len(text) > TEXT_LENGTH_MAX:
        raise ValueError(f"expected at most {TEXT_LENGTH_MAX} characters, found {len(text)}")
    return text


Line = Annotated[str, AfterValidator(_seen)]
Said = dict[Language, Line]  # language -> the text in it
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")
_MAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")


def _url(url: str) -> str:
    if not _ADDRESS.fullmatch(url):
        raise ValueError(f'expected an address as in https://example.com/, found "{escaped(url)}"')
    return url if url.endswith("/") else url + "/"


def _contact(address: str) -> str:
    if not _MAIL.fullmatch(address) and not _ADDRESS.fullmatch(address):
        form = "an e-mail address, or one as in https://example.com/contact"
        raise ValueError(f'expected {form}, found "{escaped(address)}"')
    return address


Url = Annotated[str, AfterValidator(_url)]
Contact = Annotated[str, AfterValidator(_contact)]


class PricePlan(Section):
    """What is sold, and for how much of `money.currency`."""

    name: Said = Field(description="what the plan is called, by language")
    price: Price = Field(description="in money.currency; 0 is free")
    per: Per = Field("month", description="what the price is for")
    includes: tuple[Said, ...] = Field((), description="what one gets, a line each, by language")


class Demo(Section):
    """How much visitors may ask of the live release, unpaid and without a key."""

    per_client: int = Field(
        10, ge=0, le=10_000, description="questions of one address in a minute; 0 shows no demo"
    )
    overall: int = Field(60, ge=1, le=1_000_000, description="questions of all of them in a minute")
    length_max: int = Field(
        1000, ge=1, le=100_000, description="characters of a text that is asked"
    )
    bytes_max: int = Field(
        500_000, ge=100, le=50_000_000, description="of a picture or another file that is asked"
    )


class Page(Section):
    """What stands on the page at `/`; without it there is none."""

    title: Said = Field(
        min_length=1, description="name of the product, by language: {en: ..., zh: ...}"
    )
    summary: Said = Field(description="what it does and for whom, in a sentence, by language")
    points: tuple[Said, ...] = Field((), description="what speaks for it, a line each, by language")
    plans: tuple[PricePlan, ...] = Field((), description="what is sold; empty: no prices are shown")
    contact: Contact | None = Field(None, description="an e-mail address, or an https:// address")
    url: Url | None = Field(
        None,
        description="where the page is found, as in https://example.com/; left out: no canonical link, sitemap and picture in previews",
    )
    demo: Demo = Demo()

    @model_validator(mode="after")
    def _in_every_language(self) -> Page:
        for where, said in self._texts():
            if said.keys() != self.title.keys():
                told = " and ".join(sorted(self.title))
                found = " and ".join(sorted(said)) or "none"
                raise ValueError(
                    f"expected {where} in the languages of the title ({told}), found {found}; add the missing text, or take it from the title"
                )
        return self

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those that the page has, in the order of the file."""
        return tuple(self.title)

    def _texts(self) -> Iterator[tuple[str, Said]]:
        yield "summary", self.summary
        yield from ((f"points[{i}]", point) for i, point in enumerate(self.points))
        for i, plan in enumerate(self.plans):
            yield f"plans[{i}].name", plan.name
            yield from ((f"plans[{i}].includes[{j}]", said) for j, said in enumerate(plan.includes))
