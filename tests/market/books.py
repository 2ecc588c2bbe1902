"""What the tests of the market share: a shop's mappings, its exports, and what its ledger has of them."""

from contextlib import closing
from decimal import Decimal

from steelyard.store import Store, tables

MARKET = """\
market:
  time_zone: Asia/Shanghai
  imports:
    ads:
      kind: spend
      columns: {day: 日期, campaign: 推广计划, amount: 消费, clicks: 点击}
      says: {channel: baidu}
    shop:
      kind: sales
      columns: {day: Paid at, id: id, amount: Amount, refund: Refunded, fee: Fee, currency: Currency, customer: Email, status: Status}
      paid: [Paid, Refunded]
      time_zone: UTC
"""


def exported(shop, text, name="export.csv"):
    path = shop.folder / name
    path.write_text(text, encoding="utf-8")
    return path


def entries(shop):
    with closing(Store.open(shop)) as store:
        rows = store.database.rows(tables.entry.select().order_by(tables.entry.c.id))
        store.ledger.verify()
    return [(row["account"], row["nano"], row["about"]) for row in rows]


def money(shop):
    total = {}
    for account, nano, _ in entries(shop):
        total[account] = total.get(account, 0) + nano
    return {account: Decimal(nano) / 10**9 for account, nano in total.items() if nano}
