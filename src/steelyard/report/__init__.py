"""report: what a person sees of a turn. Reads outputs and the ledger; leaves nothing by itself.

Knows no stage. Example: `render(gather(store, product, outputs), language="zh")`
"""

from steelyard.report.console import closing_table
from steelyard.report.facts import ReportFacts, gather
from steelyard.report.headline import headline, say
from steelyard.report.page import render

__all__ = ["ReportFacts", "closing_table", "gather", "headline", "render", "say"]
