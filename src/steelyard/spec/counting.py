"""What the server counts of visits and conversions, and partners with keys of their own. Knows no ledger.

Example: `market.counting.channels`, `market.partners["acme"].share`
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from steelyard.spec.looks import escaped
from steelyard.spec.section import Name, Section, distinct

_CHANNEL = re.compile(r"\w([\w.\- ]{0,78}\w)?")
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
_CONTROL = re.compile(r"[\\\x00-\x20\x7f]")
DAYS_MAX = 366


def _channel(name: str) -> str:
    """It stands in an address and in tables."""
    if not _CHANNEL.fullmatch(name):
        raise ValueError(
            f"expected at most 80 letters, digits, '-', '_', '.' and spaces, a letter or digit first and last, "
            f'found "{escaped(name)}"'
        )
    return name


def _place(target: str) -> str:
    """A path of the server, or a whole address: what a browser would read as neither is refused."""
    if _PATH.fullmatch(target):
        return target
    try:
        parts = urlsplit(target)
        port = parts.port  # ValueError for one that is none
        whole = parts.scheme in ("https", "http") and parts.hostname and port != 0
        if whole and "@" not in parts.netloc and not _CONTROL.search(target):
            return target
    except ValueError:
        pass
    raise ValueError(
        "expected a path of this server such as /pricing, or an address such as https://shop.example/pricing "
        f'without user, spaces and backslashes, found "{escaped(target)}"'
    )


Channel = Annotated[str, AfterValidator(_channel)]
Place = Annotated[str, Field(max_length=2000), AfterValidator(_place)]
Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]


class Counting(Section):
    """Visits and conversions that the server itself counts."""

    channels: tuple[Channel, ...] = Field(
        (), description="channels that are counted, besides those of partners; no other one is"
    )
    landing: Place = Field(
        "/", description="where /go/CHANNEL leads: a path of this server, or a whole address"
    )
    links: dict[Name, Place] = Field(
        {}, description="where /go/CHANNEL?to=NAME leads instead: name -> path or address"
    )
    attribution_days: Days = Field(
        30,
        description="a conversion without a channel takes that of its user's last visit in these",
    )
    late_days: Days = Field(90, description="a conversion may be told so many days after it was")
    cash: bool = Field(
        False,
        description="whether a conversion that is told books its value as sales: only without an export of payments",
    )

    @field_validator("channels")
    @classmethod
    def _distinct(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        return distinct(channels, one="channel", many="channels")


class Partner(Section):
    """Somebody who sends customers or sells answers, with a key of their own."""

    channel: Channel | None = Field(None, description="the one it tells of; left out: its name")
    share: float = Field(
        0.0, ge=0, lt=1, description="part of the value of its conversions that is owed to it"
    )
    answers_a_day: int = Field(
        1000, ge=0, description="answers that its key may ask in a day; beyond: 429"
    )
    trusted: bool = Field(
        False, description="whether a share is owed for conversions that it tells itself"
    )
    key_env: str | None = Field(
        None,
        min_length=1,
        description="environment variable with its key; left out: STEELYARD_KEY_ and its name in capitals",
    )


def key_env(name: str, partner: Partner) -> str:
    """The environment variable that holds the key of a partner."""
    return partner.key_env or f"STEELYARD_KEY_{name.upper().replace('-', '_')}"
