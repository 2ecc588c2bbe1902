"""A newer version upgrades the ledger under a server that runs: what the server says then."""

import logging

import sqlalchemy as sa
from tests.serving import ask, call

from steelyard.errors import Unavailable, Upgraded
from steelyard.serve.journal import Journal
from steelyard.spec import load


def test_a_server_under_which_the_ledger_was_upgraded_is_not_ready_and_says_how_to_go_on(
    url, store, caplog
):
    assert call(url, "GET", "/readyz")[0] == 200
    with store.database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with caplog.at_level(logging.ERROR, logger="steelyard"):
        for _ in range(2):
            status, body, _ = call(url, "GET", "/readyz")
            assert status == 503 and "9999, to which a newer" in body["error"]["found"]
            assert "start it again with that version" in body["error"]["repair"]
            assert ask(url)[0] == 503
    told = [r.getMessage() for r in caplog.records if "ledger." in r.getMessage()]
    assert len(told) == 1 and told[0].startswith("ledger.upgraded")
    assert "start it again with that version" in told[0] and "restore" not in told[0]
    assert call(url, "GET", "/healthz")[0] == 200


def test_an_upgrade_that_locked_the_ledger_first_is_told_all_the_same(store, product_file, caplog):
    journal = Journal(store, load(product_file))
    try:
        with caplog.at_level(logging.ERROR, logger="steelyard"):
            journal.away(Unavailable("ledger", "a ledger that is not locked", "locked"))
            for _ in range(2):
                journal.away(
                    Upgraded("ledger", "schema 1", "2", "start it again with that version")
                )
    finally:
        journal.close()
    told = [r.getMessage() for r in caplog.records if r.getMessage().startswith("ledger.")]
    assert [one.split()[0] for one in told] == ["ledger.away", "ledger.upgraded"]
