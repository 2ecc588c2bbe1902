"""Where everything that lasts is kept: ledger, datasets, artifacts, and the steps of a turn.

Knows no model and no server. Example:
`store = Store.open(product_file); done = store.step(turn, "train", key, work)`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from steelyard.clock import Clock
from steelyard.errors import Missing, StoreError
from steelyard.files import private_folder
from steelyard.spec import ProductFile
from steelyard.spec.pricing import Prices
from steelyard.store import ledger, tables
from steelyard.store.attempts import FAILED
from steelyard.store.beside import refuse_emptied, refuse_lost_file
from steelyard.store.budgets import Budgets
from steelyard.store.database import BUSY_S, Database, file_of
from steelyard.store.holdings import Holdings
from steelyard.store.kept import kept
from steelyard.store.lock import alone
from steelyard.store.nouns import (
    Answers,
    Book,
    Events,
    Experiments,
    Feedback,
    Measures,
    Plans,
    Releases,
    Steps,
    Turns,
    Use,
    Variants,
    Versions,
)
from steelyard.store.place import ledger_url, root_of
from steelyard.store.rows import present, put, put_all
from steelyard.store.salt import check_salt, salt
from steelyard.store.step import Fact, Step
from steelyard.store.storage import Storage, storage_at

IDLE = "cpu.idle"  # of cores that are paid whether they work or not
CHECK_S = 5.0  # how long a look waits for a ledger that another holds


def has_ledger(product: ProductFile) -> bool:
    """Whether there is a store to look at; Damaged when its ledger is lost. Creates nothing."""
    root = root_of(product)
    url = ledger_url(product, root)
    path = file_of(url)
    if path is None:
        return root.is_dir()
    refuse_lost_file(url, storage_at(root))
    return path.is_file()


def check_ledger(product: ProductFile) -> None:
    """StoreError where a ledger on a server cannot be reached; creates nothing."""
    url = ledger_url(product, root_of(product))
    if file_of(url) is None:
        Database.reach(url, busy_s=CHECK_S)


def _whatever(lines: list[ledger.Line], new: set[str]) -> list[ledger.Line]:
    """Lines that hang on no fact."""
    return lines


def _by_noun(facts: list[Fact]) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows of each noun by id, in the order they came; of two with one id the first."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for noun, row in facts:
        rows.setdefault(noun, {}).setdefault(row["id"], row)
    return rows


class Store:
    """The only code that persists."""

    def __init__(
        self,
        root: Path,
        database: Database,
        *,
        product: str,
        currency: str,
        clock: Clock,
        storage: Storage | None = None,
    ) -> None:
        self.root, self.database, self.clock = root, database, clock
        self.product, self.currency = product, currency
        self.storage = storage or storage_at(root)
        holdings = Holdings.at(self.storage, products=self.products)
        self.artifacts, self.datasets = holdings.artifacts, holdings.datasets
        self.reports, self.scratch = holdings.reports, holdings.scratch
        self.encoders, self.attempts = holdings.encoders, holdings.attempts
        self.turns, self.steps = Turns(database, product), Steps(database, product)
        self.versions = Versions(database, product)
        self.variants, self.measures = Variants(database, product), Measures(database, product)
        self.releases = Releases(database, product)
        self.experiments = Experiments(database, product)
        self.answers, self.feedback = Answers(database, product), Feedback(database, product)
        self.events, self.use = Events(database, product), Use(database, product)
        self.ledger, self.plans = Book(database, product), Plans(database, product)

    @classmethod
    def open(
        cls,
        product: ProductFile,
        *,
        clock: Clock | None = None,
        create: bool = True,
        busy_s: float = BUSY_S,
    ) -> Store:
        """The store a product file names; Missing when it is not there and may not be created.

        A writer waits `busy_s` for another one, then raises Unavailable.
        """
        root = root_of(product)
        if not create and not root.is_dir():
            raise Missing(
                str(root), "the store of an earlier turn", "nothing there", "run: steelyard turn"
            )
        url = ledger_url(product, root)
        try:
            private_folder(root)
        except OSError as error:
            raise StoreError(
                str(root),
                "a folder that can be written",
                str(error.strerror),
                "correct 'store' in the product file",
            ) from error
        storage = storage_at(root)
        refuse_lost_file(url, storage)
        database = Database.open(url, busy_s=busy_s)
        refuse_emptied(database, storage)
        return cls(
            root,
            database,
            product=product.spec.product,
            currency=product.spec.money.currency,
            clock=clock or Clock(),
            storage=storage,
        )

    def close(self) -> None:
        self.database.close()

    def check_version(self) -> None:
        """Upgraded where a newer version upgraded the ledger since it was opened here."""
        self.database.check_version()

    def placeless(self, text: str) -> str:
        """A sentence about files, for people who have no business with where they lie."""
        for place in (self.storage.place("").said, str(self.storage.local), str(self.root)):
            text = text.replace(f"{place}/", "")
        return text

    def products(self) -> list[str]:
        """This product, and every other one that had a turn in this ledger."""
        rows = self.database.rows(sa.select(tables.turn.c.product).distinct())
        return sorted({self.product} | {row["product"] for row in rows})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the store, and the product in its ledger, for one turn; StoreError when another
        process runs one, on this machine or on another one."""
        with alone(self.root / "turn.lock"), self.database.alone(self.product):
            yield

    def salt(self) -> bytes:
        """What users' ids are hashed with: the same for every server of the ledger."""
        return salt(self.database, self.root, product=self.product, now=self.clock.now())

    def check_salt(self) -> None:
        """Missing or Damaged for a salt that is not what it was; none is made."""
        check_salt(self.database, self.root, product=self.product)

    # -- turns and steps ------------------------------------------------------------------

    def begin_turn(self, spec_sha256: str, *, text: str = "") -> int:
        """The id of a new turn, or of the one that was interrupted with the same file, whose text
        goes with it; Missing or Damaged for a salt that is not what it was, before anything is spent."""
        self.check_salt()
        self.artifacts.sweep()
        self.datasets.mend_copies()
        return self.turns.begin(spec_sha256, now=self.clock.now(), text=text)

    def end_turn(self, turn: int, *, prices: Prices | None = None) -> None:
        """With what attempts took whose step was never done, as the file was changed, say; and what the files
        of the store cost, where that has a price."""
        if prices is not None:
            self._book_attempts(turn, prices.cpu_hour)
            rent = prices.storage_gb_month
            line = None if rent is None else kept(self, rent, turn=turn)
            if line is not None:
                self.record_once([], partial(_whatever, [line]), turn=turn)
        self.turns.end(turn, now=self.clock.now())
        self.scratch.sweep()
        self.artifacts.sweep()

    def holds(self, left: Sequence[tuple[str, str]]) -> bool:
        """Whether every file a step left is here and whole: (`artifact`, id) or (name of a dataset, tag)."""
        return all(
            self.artifacts.holds(identity)
            if kind == "artifact"
            else self.datasets.whole(kind, identity)
            for kind, identity in left
        )

    def step(
        self,
        turn: int,
        name: str,
        key: str,
        work: Callable[[Step], dict[str, Any]],
        *,
        cpu_price: Decimal,
        cores: int | None = None,
        budgets: Budgets | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Run `work` unless the key is done; (its output, whether it ran).

        Its facts, its lines, the CPU it used and the `done` row are one transaction. OverBudget where its
        last run's CPU would break a budget. With `cores`, what those that are paid did not do while it ran is a
        line of its own.
        """
        done = self.steps.done(key)
        if done is not None:
            self._reused(turn, name, key)
            return done, False
        step = Step(self, name, key, turn, self.currency, budgets=budgets)
        step.afford(f"cpu.{name}", self.steps.cpu_s().get(name, 0.0) / 3600, cpu_price)
        earlier = [one for one in self.attempts.left(self.product) if one.key == key]
        began = 0.0 if cores is None else self.clock.wall_s()
        with self.attempts.of(step, product=self.product, clock=self.clock) as took:
            output = work(step)
            spent = took()
        used = spent if step.cpu_s is None else step.cpu_s
        step.spend_cpu(f"cpu.{name}", used, cpu_price, evidence=f"step:{key}")
        lost = sum(one.cpu_s for one in earlier) - max(0.0, used - spent)
        if lost > 0:
            step.spend_cpu(FAILED, lost, cpu_price, evidence=f"before step:{key}")
        if cores is not None:
            idle = max(0.0, cores * (self.clock.wall_s() - began) - used)
            step.spend_cpu(IDLE, idle, cpu_price, evidence=f"idle beside step:{key}")
        self.commit(step, output, cpu_s=used)
        self.attempts.forget([a for a in self.attempts.left(self.product) if a.key == key])
        self.scratch.clear(step.key)
        return output, True

    def _book_attempts(self, turn: int, cpu_price: Decimal) -> None:
        """Those that no step counts, once; of a step that is done, its own lines did."""
        left = self.attempts.left(self.product)
        booked = self.ledger.evidence(FAILED) if left else set()
        for one in left:
            evidence = f"attempt:{one.id}"
            if evidence in booked or self.steps.done(one.key) is not None or one.cpu_s <= 0:
                continue
            # a ledger that was restored from a backup may not have its turn
            of = one.turn if self.turns.one(one.turn) is not None else turn
            step = Step(self, "", one.key, of, self.currency)
            step.spend_cpu(FAILED, one.cpu_s, cpu_price, evidence=evidence)
            self.record_once([], partial(_whatever, step.lines), turn=of)
        self.attempts.forget(left)

    def commit(self, step: Step, output: dict[str, Any], *, cpu_s: float) -> None:
        now = self.clock.now()
        with self.database.write() as connection:
            taken = connection.execute(
                sa.select(tables.step.c.key).where(tables.step.c.key == step.key)
            ).first()
            if taken:
                raise StoreError(
                    f"step {step.name}",
                    "to be run once at a time",
                    "another run finished it first",
                    "run the command again",
                )
            self._insert(connection, step.facts, now)
            ledger.append(connection, step.lines, product=self.product, turn=step.turn, time=now)
            row = {"key": step.key, "name": step.name, "turn": step.turn, "done": now}
            put(connection, tables.step, row | {"cpu_s": cpu_s, "output": output})
            nano = sum(line.money.nano for line in step.lines)
            self._remember(connection, step.turn, step.name, step.key, "ran", cpu_s, nano, now)

    def _reused(self, turn: int, name: str, key: str) -> None:
        """The turn remembers a step that an earlier one ran, once."""
        u = tables.turn_step
        with self.database.write() as connection:
            known = sa.select(u.c.id).where(u.c.turn == turn, u.c.key == key)
            if connection.execute(known).first() is None:
                self._remember(connection, turn, name, key, "reused", 0.0, 0, self.clock.now())

    def _remember(
        self,
        connection: sa.Connection,
        turn: int,
        name: str,
        key: str,
        how: str,
        cpu_s: float,
        nano: int,
        now: str,
    ) -> None:
        row = {"turn": turn, "name": name, "key": key, "how": how, "cpu_s": float(cpu_s)}
        put(
            connection,
            tables.turn_step,
            row | {"nano": nano, "currency": self.currency, "created": now},
        )

    def record_once(
        self,
        facts: list[Fact],
        lines: Callable[[set[str]], list[ledger.Line]],
        *,
        turn: int | None = None,
    ) -> None:
        """Facts with ids of their own, outside a step, in one durable transaction.

        A fact whose id is there already is left out; `lines` gets the ids that were new. Their turn is the
        newest one, where no other is said.
        """
        now = self.clock.now()
        with self.database.write() as connection:
            new: set[str] = set()
            for noun, rows in _by_noun(facts).items():
                table = tables.of(noun)
                known = present(connection, table, list(rows))
                put_all(
                    connection,
                    table,
                    [{"created": now} | r for i, r in rows.items() if i not in known],
                )
                new |= rows.keys() - known
            of = self.turns.newest_in(connection) if turn is None else turn
            ledger.append(connection, lines(new), product=self.product, turn=of, time=now)

    def _insert(self, connection: sa.Connection, facts: list[Fact], now: str) -> None:
        for noun, row in facts:
            table = tables.of(noun)
            if table is tables.variant and self._has(connection, table, row["id"]):
                continue  # the same bytes are the same variant
            put(connection, table, {"created": now} | row)

    @staticmethod
    def _has(connection: sa.Connection, table: sa.Table, identity: str) -> bool:
        return (
            connection.execute(sa.select(table.c.id).where(table.c.id == identity)).first()
            is not None
        )
