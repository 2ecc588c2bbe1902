"""The launch page of a product file: what visitors of the server read and may try. Knows no server.

Every text stands in each language of the page. Example: `product.market.page.title["en"]`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from steelyard.near import meant
from steelyard.spec.looks import escaped, visible
from steelyard.spec.section import Name, Section

Language = Literal["en", "zh"]
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


class PagePlan(Section):
    """What the page says of a plan whose prices stand in `money.plans`."""

    name: Said = Field(description="what the plan is called, by language")
    includes: tuple[Said, ...] = Field(
        (), description="what one gets beside its requests, a line each, by language"
    )

    @model_validator(mode="before")
    @classmethod
    def _without_prices(cls, written: Any) -> Any:
        moved = {"price", "per"} & written.keys() if isinstance(written, dict) else set()
        if moved:
            raise ValueError(f"'{min(moved)}' is no field here; {meant(_PRICES)}")
        return written


# as `per` said it -> the field of money.plans
_PER = "a_month, a_year, a_user_month, a_request or once"
_PRICES = f"money.plans, which says what each plan costs ({_PER})"


def _by_name(written: Any) -> Any:
    """A page had prices of its own before, in a list."""
    if isinstance(written, list | tuple):
        raise ValueError(
            "expected the plans of money.plans by their names, {shop: {name: {en: Shop}}}, found a list;"
            f" {meant(_PRICES)}"
        )
    return written


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
    plans: Annotated[dict[Name, PagePlan], BeforeValidator(_by_name)] = Field(
        {},
        description="plan of money.plans -> what is said of it, in the order of the page; empty: no prices are shown",
    )
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
        for name, plan in self.plans.items():
            yield f"plans.{name}.name", plan.name
            yield from (
                (f"plans.{name}.includes[{j}]", said) for j, said in enumerate(plan.includes)
            )
