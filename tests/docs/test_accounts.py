"""Every account that the ledger may have stands in the docs, in both languages, with what books it."""

import re
from pathlib import Path

import pytest

from steelyard.market.metered import FAMILIES, METERS
from steelyard.terms import TERMS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("language", "head"), [("en", "## Accounts"), ("zh", "## 科目")])
def test_every_account_is_in_the_table(language, head):
    text = (DOCS / language / "market.md").read_text(encoding="utf-8")
    table = text.split(head)[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z_.]+)`", table))
    missing = {*TERMS["account"], *(account for account, _ in METERS.values())} - named
    assert not missing
    assert "metered.cpu" in named and "cpu" in FAMILIES
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert all(len(row.strip("|").split("|")) == 4 for row in rows)
