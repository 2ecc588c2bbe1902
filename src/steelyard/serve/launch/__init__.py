"""The launch page: what a product does, how good it is, what it costs, and a demo of the live release.

Reads `market.page` of the product file and the ledger; leaves answers of origin `demo`. It has no
script and names no other host. Example: `add_launch(app, service, metrics)`
"""

from steelyard.serve.launch.routes import add_launch

__all__ = ["add_launch"]
