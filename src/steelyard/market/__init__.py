"""market: exports of ads, payments, visits and usage, read and booked. Leaves events and lines of money.

Knows no model and no server. Example: `book(store, product, read(sheet(path), mapping, **rest)).new`
"""
