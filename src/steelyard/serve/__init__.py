"""serve: released variants over HTTP. Reads releases; leaves answers, feedback and their money.

Knows no training. Example: `with Server(store, product) as url: ...`
"""

from steelyard.serve.server import Server, serve

__all__ = ["Server", "serve"]
