"""The page at /docs: the routes, their fields, and a form to try them. Knows no product.

It is one file of ours without any address in it, so it works in a closed network, and it may speak
to its own server only. Example: `add_docs(app)`
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from fastapi import FastAPI
from fastapi.responses import HTMLResponse


def add_docs(app: FastAPI) -> None:
    """GET /docs, with a policy that lets the page run its own script and nothing else."""
    page = files("steelyard.serve").joinpath("docs.html").read_text(encoding="utf-8")
    headers = {"Content-Security-Policy": _policy(page), "X-Content-Type-Options": "nosniff"}

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page, headers=headers)


def _policy(page: str) -> str:
    scripts, styles = (_hashes(page, tag) for tag in ("script", "style"))
    own = "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return f"default-src 'none'; script-src {scripts}; style-src {styles}; {own}"


def _hashes(page: str, tag: str) -> str:
    bodies = re.findall(f"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
    digests = [hashlib.sha256(body.encode()).digest() for body in bodies]
    return " ".join(f"'sha256-{base64.b64encode(d).decode()}'" for d in digests)
