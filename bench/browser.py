"""A headless Chromium over its debugging pipe: pages, requests, pictures. Needs nothing but the browser.

`with Browser("/usr/bin/chromium") as browser: browser.open(url, width=390)`
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

LOADED_S = 60


class Browser:
    """One page at a time."""

    def __init__(self, program: str) -> None:
        self.program = program

    def __enter__(self) -> Browser:
        self._folder = tempfile.mkdtemp()
        (read, self._out), (self._in, write) = os.pipe(), os.pipe()

        def ends() -> (
            None
        ):  # the protocol's pipes are 3 and 4; parked first, since they may overlap
            parked = os.dup(read), os.dup(write)
            os.dup2(parked[0], 3)
            os.dup2(parked[1], 4)

        words = [self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        words += ["--remote-debugging-pipe", f"--user-data-dir={self._folder}", "about:blank"]
        self._process = subprocess.Popen(
            words, close_fds=False, preexec_fn=ends, stderr=subprocess.DEVNULL
        )
        os.close(read)
        os.close(write)
        self._buffer, self._id, self.events = b"", 0, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = None
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, **parameters: Any) -> Any:
        """The result of a command; events that come meanwhile are kept."""
        self._id += 1
        body: dict[str, Any] = {"id": self._id, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            body["sessionId"] = self._session
        os.write(self._out, json.dumps(body).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._id:
                assert "error" not in told, told
                return told["result"]
            self.events.append(told)

    def open(self, url: str, *, width: int, language: str = "en", dark: bool = False) -> None:
        """Load a page on a screen of this width, and forget the requests before."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.loaded()

    def loaded(self) -> None:
        """Wait for the end of loading."""
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._next())
        self.run("1")  # what came meanwhile is read too

    def run(self, code: str) -> Any:
        """The value of an expression, once it is settled."""
        made = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in made, made
        return made["result"].get("value")

    def requests(self) -> list[str]:
        """Addresses that were asked since the page was opened."""
        sent = (e for e in self.events if e.get("method") == "Network.requestWillBeSent")
        return [e["params"]["request"]["url"] for e in sent]

    def bytes(self) -> int:
        """What came over the wire, heads of responses included."""
        done = (e for e in self.events if e.get("method") == "Network.loadingFinished")
        return int(sum(e["params"]["encodedDataLength"] for e in done))

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        made = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(made["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._in, 1 << 20)
            assert part, "the browser is gone"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)
