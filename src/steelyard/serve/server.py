"""Run the application: in the foreground for users, in a thread for a turn's own replay.

Knows no training. Example: `with Server(store, product, port=0) as url: ...`
"""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from types import TracebackType
from typing import Any

from steelyard.errors import StoreError, UserError
from steelyard.serve.collecting import Settled
from steelyard.spec import ProductFile
from steelyard.store import Store

log = logging.getLogger("steelyard.serve")
START_S = 60
SHUTDOWN_S = 10  # requests that are still open then are given up
# A ledger that another process holds is a 503 after this: two groups of commits may wait for it.
BUSY_S = 0.8
# A thread that computes or reads gives way to the others after this, not after 5 ms.
SWITCH_S = 0.0005


class Server:
    """A server in a thread of this process, on loopback; the context is its base URL."""

    def __init__(
        self,
        store: Store,
        product: ProductFile,
        *,
        port: int = 0,
        key: str | None = None,
        partners: Mapping[str, str] | None = None,
    ) -> None:
        self.store, self.product, self.port, self.key = store, product, port, key
        self.partners = partners

    def __enter__(self) -> str:
        self._settled = Settled()
        try:
            return self._started()
        except BaseException:
            self._settled.end()
            raise

    def _started(self) -> str:
        bound = _bind("127.0.0.1", self.port)
        uvicorn = _uvicorn(
            self.store, self.product, key=self.key, partners=self.partners, settled=self._settled
        )
        self._server = uvicorn
        self._thread = threading.Thread(
            target=uvicorn.run, kwargs={"sockets": [bound]}, daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_S
        while not uvicorn.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise StoreError("server", f"a start within {START_S} s", "none", "see the log")
            time.sleep(0.01)
        return f"http://127.0.0.1:{bound.getsockname()[1]}"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=START_S)
        self._settled.end()


def serve(product: ProductFile, *, host: str | None = None, port: int | None = None) -> None:
    """Serve until stopped. UserError when it would be open to a network without a key."""
    settings = product.spec.serve
    address, number = host or settings.host, settings.port if port is None else port
    key = os.environ.get(settings.key_env) or None
    if key is None and not _loopback(address):
        raise UserError(
            "serve",
            f"an API key in ${settings.key_env} to listen on {address}",
            "none",
            f"export {settings.key_env}=..., or use host 127.0.0.1",
        )
    from steelyard.serve.callers import Callers, partner_keys

    _log()
    sys.setswitchinterval(SWITCH_S)
    partners = partner_keys(product.spec.market)
    Callers(key, partners)  # two of one key are told before anything starts
    if key is None:
        log.warning("serve.open host=%s: no API key is set, loopback only", address)
    with (
        closing(Store.open(product, busy_s=BUSY_S)) as store,
        closing(_bind(address, number)) as bound,
    ):
        shown = bound.getsockname()[1]
        if not any(row["state"] == "live" for row in store.releases.current()):
            log.warning(
                "serve.empty: no release is live yet, requests get 503; run: steelyard turn"
            )
        told = f"serving {product.spec.product} on http://{address}:{shown} (docs at /docs)"
        server = _uvicorn(
            store,
            product,
            key=key,
            partners=partners,
            settled=Settled(),
            then=lambda: print(told, flush=True),
        )
        server.run(sockets=[bound])


def _log() -> None:
    """Our own lines from INFO on, of others' only what is wrong."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("steelyard").setLevel(logging.INFO)


def _uvicorn(
    store: Store,
    product: ProductFile,
    *,
    key: str | None,
    partners: Mapping[str, str] | None,
    settled: Settled,
    then: Callable[[], None] | None = None,
) -> Any:
    """A uvicorn server; `then` is called once its port answers."""
    import uvicorn

    from steelyard.serve.app import build_app
    from steelyard.serve.connections import (
        ACCEPTED_AT_ONCE,
        REST_S,
        Connections,
        listening,
        most_connections,
        protocol_of,
    )
    from steelyard.serve.guard import crowded
    from steelyard.serve.metrics import Metrics
    from steelyard.serve.service import Service

    service = Service(store, product, changed=settled.again)
    metrics = Metrics(lambda: service.waiting)
    app = build_app(service, metrics, key=key, partners=partners)
    most = most_connections(product.spec.serve.connections_max)
    open_ = Connections(
        most=most,
        refuse=crowded(service, metrics),
        bytes_max=service.settings.body_bytes_max,
        count=metrics.count,
    )
    # asyncio's own loop: uvloop accepts one connection a round, so that in a crowd with connections
    # of their own some wait for seconds before they are refused
    config = uvicorn.Config(
        app,
        http=protocol_of(open_),
        ws="none",
        log_level="warning",
        access_log=False,
        lifespan="on",
        loop="asyncio",
        backlog=ACCEPTED_AT_ONCE,
        timeout_graceful_shutdown=SHUTDOWN_S,
        server_header=False,
        timeout_keep_alive=int(REST_S),
    )

    def ready() -> None:
        settled.again()
        if then is not None:
            then()

    return listening(uvicorn.Server(config), ready)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # with its protocol named: asyncio sets TCP_NODELAY on what is accepted from such a socket only
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        fact = getattr(error, "strerror", None) or "no such port"
        raise UserError(
            "serve.port", f"a free port on {host}", f"{port}: {fact}", "name another port"
        ) from error
    return bound


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
