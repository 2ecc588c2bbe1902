"""The public Python face: open, turn, predict, facts, estimate, replay. Knows no terminal.

The command line, and whatever else shows a product, stands on it. It changes nothing of the program
that imports it. Example: `from steelyard.api.product import OpenProduct; OpenProduct.open("product.yaml")`
"""
