"""Who calls: the product's own key, or that of a partner. Knows no routes.

Example: `Callers("k", {"acme": "p"}).of(request).partner`
"""

from __future__ import annotations

import hmac
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from steelyard.errors import RequestError, UserError
from steelyard.spec.counting import key_env
from steelyard.spec.market import Market

log = logging.getLogger("steelyard.serve")


@dataclass(frozen=True)
class Caller:
    """Whose key was sent: `partner` is None for the product's own, or for a server without one."""

    partner: str | None = None

    def refuse_partner(self, what: str) -> None:
        """RequestError 403 for a partner's key: `what` is not for it."""
        if self.partner is not None:
            raise RequestError(
                403, "header", f"the product's own key for {what}", "a partner's key", "see /docs"
            )


class Callers:
    """The keys of one server; without `key` anybody on loopback is the product itself."""

    def __init__(self, key: str | None, partners: Mapping[str, str] | None = None) -> None:
        self._own = None if key is None else os.fsencode(key)
        self._partners = {name: os.fsencode(one) for name, one in (partners or {}).items()}
        keys = [*self._partners.values(), *([] if self._own is None else [self._own])]
        if len(set(keys)) != len(keys):
            raise UserError(
                "market.partners", "a key of its own for each", "one key twice", "make another"
            )

    def of(self, request: Request) -> Caller:
        """RequestError 401 for no key or an unknown one, where the server has its own."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = request.headers.get("x-api-key") or (bearer if scheme.lower() == "bearer" else "")
        # headers are bytes that were read as latin-1; in constant time, since a comparison that stops
        # early tells how much of a guess was right
        sent = given.encode("latin-1")
        matches = [n for n, one in self._partners.items() if hmac.compare_digest(sent, one)]
        if matches:
            return Caller(matches[0])
        if self._own is not None and not hmac.compare_digest(sent, self._own):
            raise RequestError(
                401,
                "header",
                "Authorization: Bearer (or X-API-Key) with the API key",
                "none or another key",
                "ask whoever runs the server",
            )
        return Caller()


def partner_keys(market: Market) -> dict[str, str]:
    """Partner -> its key, as the environment has it; the log names those without one, and no key."""
    keys = {}
    for name, partner in market.partners.items():
        variable = key_env(name, partner)
        if key := os.environ.get(variable):
            keys[name] = key
        else:
            log.warning("serve.partner name=%s: no key in $%s, so it cannot ask", name, variable)
    return keys
