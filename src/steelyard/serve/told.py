"""What a request says of a visit or a conversion, as the fact that is kept. Knows no HTTP and no thread.

Example: `Teller(product, salt=b"s").visit("wechat", campaign="may", now=clock.now()).event["channel"]`
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from steelyard.errors import RequestError, UserError
from steelyard.serve.schema import ConversionRequest, VisitRequest
from steelyard.spec import NANO, ProductFile
from steelyard.spec.rates import Rates
from steelyard.store import CONVERSION, VISIT, hashed
from steelyard.tasks.masking import mask

NANO_MAX = 2**63 - 1  # of a row's money

AHEAD = timedelta(minutes=5)  # clocks of two machines
VALUE = re.compile(r"([0-9]{1,9})(\.[0-9]{1,9})?")
HERE, NO_ROW = "server", 0  # in place of the file of an export, and of its row


@dataclass(frozen=True)
class Told:
    """One visit or conversion: `event` is its row, but for what the ledger decides (id, revision, and the
    channel of a user's last visit)."""

    event: dict[str, Any]
    revision: int = 0
    revoked: bool = False

    @property
    def key(self) -> str:
        return str(self.event["key"])


class Teller:
    """Reads requests as the product file has it. `partner` is whose key told it: its ids and its users
    are its own, so that it neither meets nor claims those of others."""

    def __init__(self, product: ProductFile, *, salt: bytes) -> None:
        market = product.spec.market
        assert market.counted is not None
        self._name, self._salt, self._counting = product.spec.product, salt, market.counted
        self._channels, self._channel_of = market.counted_channels, market.channel_of
        self._zone, self._rates = ZoneInfo(market.time_zone), Rates(product.spec.money)

    def visit(
        self,
        channel: str,
        *,
        campaign: str | None = None,
        user: str | None = None,
        now: str,
        identity: str | None = None,
        partner: str | None = None,
    ) -> Told:
        """A visit of a channel that is known; without an id every one is another."""
        said = {"channel": channel, "campaign": _masked(campaign), "user": self.user(user, partner)}
        key = self._key(VISIT, identity or secrets.token_hex(16), partner)
        return Told(self._event(VISIT, key, said, datetime.fromisoformat(now), partner))

    def visited(self, asked: VisitRequest, *, now: str, partner: str | None) -> Told:
        """RequestError 403 for the channel of another partner, 422 for one that is not counted."""
        channel = self._channel(asked.channel, partner)
        if channel is None:
            raise RequestError(
                422, "channel", self._known(), "nothing", "say by which channel they came"
            )
        return self.visit(
            channel,
            campaign=asked.campaign,
            user=asked.user,
            now=now,
            identity=asked.id,
            partner=partner,
        )

    def converted(self, asked: ConversionRequest, *, now: str, partner: str | None) -> Told:
        """RequestError 403 and 422 name the field that cannot be kept, and what was expected."""
        key = self._key(CONVERSION, asked.id, partner)
        if asked.revoked:
            _alone(asked)
            return Told({"key": key}, revoked=True)
        channel, value = self._channel(asked.channel, partner), _value(asked.value)
        at = self._at(asked.at, now)
        if value is None and asked.currency is not None:
            raise RequestError(
                422, "currency", "a value with it", "none", "send the value, or leave it out"
            )
        said = {
            "channel": channel,
            "user": self.user(asked.user, partner),
            "value": None if value is None else format(value, "f"),
            "currency": asked.currency,
            "plan": _masked(asked.plan),
            "at": None if asked.at is None else at.isoformat(timespec="microseconds"),
        }
        event = self._event(CONVERSION, key, said, at, partner)
        money = {} if value is None else self._money(value, asked.currency, event["day"])
        event["body"] |= money.pop("foreign", {})
        if self._counting.cash and partner is None and value is not None:
            event["body"]["cash"] = True
        return Told(event | money, revision=asked.revision)

    def user(self, user: str | None, partner: str | None) -> str | None:
        """The same salted hash as that of a request's user."""
        return None if user is None else hashed(self._salt, scoped(user, partner))

    def _key(self, kind: str, identity: str, partner: str | None) -> str:
        named = [self._name, kind, partner or "", identity]
        return hashed(self._salt, json.dumps(named))

    def _event(
        self, kind: str, key: str, said: dict[str, Any], at: datetime, partner: str | None
    ) -> dict[str, Any]:
        return {
            "product": self._name,
            "kind": kind,
            "key": key,
            "day": at.astimezone(self._zone).date().isoformat(),
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "channel": said["channel"],
            "customer": said["user"],
            "nano": None,
            "currency": None,
            "body": {"said": {name: one for name, one in said.items() if one is not None}}
            | ({"partner": partner} if partner else {}),
            "file": HERE,
            "row": NO_ROW,
        }

    def _channel(self, named: str | None, partner: str | None) -> str | None:
        if partner is not None:
            own = self._channel_of[partner]
            if named not in (None, own):
                raise RequestError(
                    403, "channel", "the channel of this key", "another one", "leave it out"
                )
            return own
        if named is not None and named not in self._channels:
            raise RequestError(
                422, "channel", self._known(), "another one", "add it to market.counting.channels"
            )
        return named

    def _known(self) -> str:
        return f"one of {', '.join(sorted(self._channels))}" if self._channels else "none"

    def _at(self, said: str | None, now: str) -> datetime:
        """When it was. The bounds are told with the server's own time: either clock may be wrong."""
        here = datetime.fromisoformat(now)
        if said is None:
            return here
        try:
            at = datetime.fromisoformat(said)
            utc = at.astimezone(UTC) if at.tzinfo is not None else None
        except (ValueError, OverflowError):
            raise _time("a time in ISO 8601 with its offset", "another text") from None
        if utc is None:
            raise _time("a time in ISO 8601 with its offset", "a time without its offset")
        first, last = here - timedelta(days=self._counting.late_days), here + AHEAD
        if not first <= utc <= last:
            expected = (
                f"a time from {_minute(first)} to {_minute(last)} (it is {_minute(here)} here)"
            )
            found = (
                f"one {_span(here - utc)} before"
                if utc < here
                else f"one {_span(utc - here)} ahead"
            )
            raise RequestError(422, "at", expected, found, "check the clock and the offset")
        return utc

    def _money(self, value: Decimal, currency: str | None, day: str) -> dict[str, Any]:
        """Money of the books; another currency at the rate of its day, which is kept with it."""
        own = self._rates.money.currency
        try:
            exchanged = self._rates.of(value, currency or own, datetime.fromisoformat(day).date())
        except UserError as error:
            known = ", ".join([own, *sorted(self._rates.money.rates)])
            raise RequestError(
                422,
                "currency",
                f"one of {known}, with a rate on {day}",
                "one without",
                "add it to money.rates in the product file, and start the server again",
            ) from error
        if exchanged.money.nano > NANO_MAX:
            most = f"at most {NANO_MAX // NANO:,} {own}"
            raise RequestError(422, "value", most, f"{exchanged.money}", "correct it")
        told = {"nano": exchanged.money.nano, "currency": own}
        if exchanged.rate is not None:
            told["foreign"] = {"rate": format(exchanged.rate, "f")}
        return told


def scoped(user: str, partner: str | None) -> str:
    """A partner's users are no others: it could claim the customers of somebody else by their names."""
    return user if partner is None else f"{partner}\t{user}"


def _alone(asked: ConversionRequest) -> None:
    more = sorted(asked.model_fields_set - {"id", "revoked"})
    if more:
        raise RequestError(
            422, more[0], "only 'id' beside 'revoked'", "more", "leave it out: the id says the rest"
        )


def _value(sent: Any) -> Decimal | None:
    if sent is None:
        return None
    text = sent if isinstance(sent, str) else repr(sent)
    if isinstance(sent, bool | list | dict) or not (found := VALUE.fullmatch(_plain(text))):
        said = "one below zero" if text.startswith("-") else "another value"
        repair = (
            "a refund is 'revoked', or a 'revision' with what is left" if text[:1] == "-" else ""
        )
        raise RequestError(
            422,
            "value",
            "money from 0 to 999999999 with at most nine decimals, as 9.90",
            said,
            repair or "send a number, or one in quotes",
        )
    return Decimal(found[0]).normalize() + 0


def _plain(text: str) -> str:
    """A float of whole units is written as 10.0."""
    return text.removesuffix(".0")


def _time(expected: str, found: str) -> RequestError:
    return RequestError(422, "at", expected, found, "send it as in 2026-01-31T08:00:00+08:00")


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.1f} h"


def _masked(text: str | None) -> str | None:
    """What people write into a free field may name somebody."""
    return None if text is None else mask(text)[0]
