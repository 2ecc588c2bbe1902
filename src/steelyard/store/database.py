"""One database, SQLite or PostgreSQL by URL, migrated when it is opened. Knows no noun.

Example: `database = Database.open("sqlite:////data/ledger.db")`
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from steelyard.errors import Damaged, StoreError, Upgraded
from steelyard.files import private_file, private_folder
from steelyard.plugins import need
from steelyard.quiet import quiet
from steelyard.store.columns import read_json
from steelyard.store.days import check_days
from steelyard.store.failures import RESTORE, broken, refused_row, told
from steelyard.store.functions import lend
from steelyard.store.lock import alone
from steelyard.store.look import check_end, count_commit, look_over, note_end
from steelyard.store.prepared import Prepared
from steelyard.store.rows import checked, hashed
from steelyard.store.subtotals import close_blocks
from steelyard.store.tables import entry, hashed_tables
from steelyard.store.tallies import check_tallies

log = logging.getLogger("steelyard.store")
BUSY_S = 60.0  # how long a writer waits for another; a server takes less, so that it can answer
_LOOK_AGAIN_S = 0.01
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Short reads, and one writer at a time."""

    def __init__(self, engine: sa.Engine, *, busy_s: float = BUSY_S) -> None:
        self.engine, self.busy_s = engine, busy_s
        self.place = f"ledger {shown(engine.url)}"
        self.file = file_of(engine.url)

    @classmethod
    def open(cls, url: str | sa.URL, *, busy_s: float = BUSY_S) -> Database:
        """Connect and bring the schema up to date; StoreError says why it cannot."""
        with _url_told():
            database = cls(_engine(sa.make_url(url), busy_s), busy_s=busy_s)
            database._check_end()  # an upgrade commits, and would hide that commits are gone
            with database._told():
                older = database._migrate()
            if older:
                with database.write() as connection:
                    close_blocks(connection)
            database.look_over()
        return database

    @classmethod
    def reach(cls, url: sa.URL, *, busy_s: float = BUSY_S) -> None:
        """StoreError where a server does not answer, or has a schema of another; makes nothing."""
        with _url_told(), closing(cls(_engine(url, busy_s), busy_s=busy_s)) as database:
            with database.read() as connection:
                revision = _revision(connection)
            if revision not in (None, HEAD, *_OLDER):
                raise database._unknown(str(revision))

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        with self._told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Several reads of one state, whoever writes meanwhile."""
        with self._told(), self.engine.connect() as connection:
            if self.engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction, alone: it commits as a whole or leaves nothing."""
        with self._told(), self.engine.connect() as connection:
            number = self._begin(connection)
            try:
                self._check_version(connection)
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
            if self.file is not None:
                note_end(self.file, number)

    def _begin(self, connection: sa.Connection) -> int:
        """Be the only writer; the number of this commit."""
        if self.engine.dialect.name != "sqlite":
            connection.execute(_LOCK)
            return 0
        # IMMEDIATE takes the write lock at once; a later upgrade could deadlock.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return count_commit(connection)

    def _check_version(self, connection: sa.Connection) -> None:
        """Another process may have upgraded the ledger since it was opened here: what is written now
        would lack what that version keeps."""
        found = _WRITTEN_BY.run(connection)
        if found == [(HEAD,)]:
            return
        revision = str(found[0][0]) if found else "none"
        if not _newer(revision):
            raise self._unknown(revision)
        raise Upgraded(
            self.place,
            f"schema {HEAD}, as when this process opened it",
            f"{revision}, to which a newer steelyard upgraded it meanwhile",
            "stop this process and start it again with that version; nothing is lost",
        )

    def check_version(self) -> None:
        """Upgraded where a newer version upgraded the ledger since it was opened here."""
        with self.read() as connection:
            self._check_version(connection)

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold a name in this ledger, for as long as a turn takes; StoreError when another process
        holds it. It is let go when the process ends, however."""
        if self.file is not None:
            with alone(self.file.with_name(f"turn.{name}.lock")):
                yield
            return
        if self.engine.dialect.name == "sqlite":
            yield
            return
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)
        with self._told():
            own = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            with self._told():
                mine = own.execute(_TRY_LOCK, {"of": _TURNS, "name": number}).scalar()
            if not mine:
                raise StoreError(
                    self.place,
                    f"one turn of '{name}' at a time",
                    "another one that runs now",
                    "wait for it to end",
                )
            yield  # what the turn itself meets is none of the ledger's words
        finally:
            try:
                own.execute(_UNLOCK, {"of": _TURNS, "name": number})
            except DBAPIError:  # the connection is gone, and the lock with it
                own.invalidate()
            own.close()

    def rows(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        """Every row as a dict, each value what its column holds; Damaged names the row."""
        with self.read() as connection:
            return checked(query, connection.execute(query))

    def _check_end(self) -> None:
        if self.file is not None and self.file.is_file() and self.file.stat().st_size:
            with self.read() as connection:
                check_end(connection, self.file)

    def look_over(self, *, all_rows: bool = False) -> None:
        """Damaged when pages, rows or the newest commits are not what was written. At every start
        for a SQLite ledger and its smaller tables; `all_rows` leaves nothing out."""
        with self.read() as connection:
            if self.file is not None:
                look_over(connection, self.file, all_rows=all_rows)
            elif all_rows:
                for table in hashed_tables():
                    for _ in hashed(connection, table):
                        pass
                check_tallies(connection)
                check_days(connection)

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database itself says becomes an error of ours."""
        try:
            yield
        except (sa.exc.IntegrityError, sa.exc.DataError) as error:
            raise refused_row(error, self.place) from error
        except UnicodeDecodeError as error:  # raised by the driver itself for a damaged name
            raise Damaged(self.place, "texts in UTF-8", "another byte", RESTORE) from error
        except sa.exc.ProgrammingError as error:
            if not broken(error):
                raise refused_row(error, self.place) from error
            raise told(error, self.place, busy_s=self.busy_s) from error
        except DBAPIError as error:
            raise told(error, self.place, busy_s=self.busy_s) from error

    def _unknown(self, revision: str) -> StoreError:
        newer = _newer(revision)
        repair = "install the newer steelyard that wrote it, and start it" if newer else RESTORE
        kind = StoreError if newer else Damaged
        return kind(self.place, f"schema {HEAD} or older", revision, repair)

    def _migrate(self) -> bool:
        """Whether there was a ledger of an older version."""
        with self.engine.connect() as connection:
            revision = _revision(connection)
        if revision == HEAD:
            return False
        if revision not in (None, *_OLDER):
            raise self._unknown(str(revision))
        if revision is not None:
            log.warning(
                "ledger.upgrading from=%s to=%s: once; a large one takes minutes", revision, HEAD
            )
        with quiet("alembic"):  # its import has a word on each of its parts already
            self._upgrade()
        return revision is not None

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        # two processes may open a new ledger at once: the second waits and finds it made
        with self.engine.connect() as connection, _rebuilding(connection):
            if _revision(connection) != HEAD:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            connection.commit()


def _newer(revision: str) -> bool:
    return revision.isascii() and revision.isdigit() and revision > HEAD


@contextmanager
def _rebuilding(connection: sa.Connection) -> Iterator[None]:
    """One transaction that may write tables anew. SQLite asks no foreign keys meanwhile, and says
    so only outside of a transaction."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7301)"))
        if sa.inspect(connection).has_table(entry.name):
            connection.execute(
                _LOCK
            )  # whoever writes just now is waited for, or its rows would be in no sum
        yield
        return
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
    finally:
        connection.rollback()  # of what was not committed
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


HEAD = "0010"
_OLDER = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
_VERSION = sa.text("SELECT version_num FROM alembic_version")
_WRITTEN_BY = Prepared(sa.select(sa.column("version_num")).select_from(sa.table("alembic_version")))
_TURNS = 7302  # advisory locks of turns, apart from those of others on the same server
_TRY_LOCK = sa.text("SELECT pg_try_advisory_lock(:of, :name)")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(:of, :name)")
_LOCK = sa.text(f"LOCK TABLE {entry.name} IN EXCLUSIVE MODE")


@contextmanager
def _url_told() -> Iterator[None]:
    """What is wrong with a ledger's name, or with the place it names."""
    try:
        yield
    except NoSuchModuleError as error:
        raise StoreError("ledger", "a sqlite: or postgresql: URL", str(error)) from error
    except sa.exc.ArgumentError as error:
        raise StoreError("ledger", "a database URL", str(error)) from error
    except OSError as error:
        raise StoreError(
            f"ledger {error.filename}", "a folder that can be written", str(error.strerror)
        ) from error


def file_of(url: sa.URL) -> Path | None:
    """The file of a SQLite ledger; None for a server's, or one in memory."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return None if url.database.startswith((":", "file:")) else Path(url.database)


def shown(url: sa.URL) -> str:
    """For the eye: a file by its path, a server by its URL without the password."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return url.render_as_string(hide_password=True)


def _revision(connection: sa.Connection) -> str | None:
    """Read as plain SQL: alembic takes longer to import than most commands take to run."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(_VERSION).scalar()
    return revision


def _engine(url: sa.URL, busy_s: float) -> sa.Engine:
    if url.get_backend_name() == "postgresql":
        need("psycopg", extra="postgres")
        options = f"{url.query.get('options', '')} -c lock_timeout={int(busy_s * 1000)}"
        wait_s = url.query.get("connect_timeout", str(max(2, int(busy_s))))  # else for minutes
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": options, "connect_timeout": wait_s},
        )
    if url.get_backend_name() != "sqlite":
        raise NoSuchModuleError(f"'{url.get_backend_name()}'")
    return _sqlite(url, busy_s)


def _write_ahead(cursor: Any, busy_s: float) -> None:
    """SQLite's write-ahead log. Changing to it takes a lock for which SQLite does not wait by itself,
    so one of several processes that open a new ledger at once could fail."""
    deadline = time.monotonic() + busy_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= deadline:
                raise
        time.sleep(_LOOK_AGAIN_S)


def _sqlite(url: sa.URL, busy_s: float) -> sa.Engine:
    path = file_of(url)
    if path is not None:
        private_folder(path.parent)
        private_file(path)  # the write-ahead log takes its mode from it
    # hide_parameters: an error of the database must not carry users' words into a log
    engine = sa.create_engine(
        url, connect_args={"timeout": busy_s}, hide_parameters=True, json_deserializer=read_json
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where this file says so
        lend(connection)
        cursor = connection.cursor()
        _write_ahead(cursor, busy_s)
        cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged row survives a power cut
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine
