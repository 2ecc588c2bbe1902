"""Every failure a user can meet, as one tree. Knows no stage.

    SteelyardError              a bug unless a subclass says otherwise; exit 1
    +-- UserError               the caller can repair it; exit 2, no traceback
    |   +-- InBoth              one that is said in Chinese too
    |   +-- SpecError           product.yaml: file:line:col, expected, found, repair
    |   +-- DataError           a data file or record that cannot be read
    |   +-- Missing              an optional dependency, model or file that is not here
    |   +-- Unusable            what an installed package brings does not do what its kind must
    |   +-- StoreError          the ledger or a dataset refuses
    |   |   +-- Damaged         bytes on disk are not the bytes that were published
    |   |   +-- Unavailable     locked, out of reach or out of room: the same later may do
    |   |   +-- Upgraded        a newer version upgraded the ledger while this process ran
    |   |   +-- RowRefused      the ledger works, and does not take this row
    |   +-- RequestError        a serving request that is refused; carries an HTTP status
    +-- Refused                 a gate said no; exit 3

Example: raise DataError("reviews.csv:7", "a label in [neg, pos]", "'good'", "correct the row")
"""

from __future__ import annotations


class SteelyardError(Exception):
    """Root of the tree."""

    exit_code = 1


class UserError(SteelyardError):
    """Says place, expectation, fact and repair in one wording."""

    exit_code = 2

    def __init__(self, place: str, expected: str, found: str = "", repair: str = "") -> None:
        self.place, self.expected, self.found, self.repair = place, expected, found, repair
        text = f"{place}: expected {expected}"
        text += f", found {found}" if found else ""
        super().__init__(text + (f"; {repair}" if repair else ""))


class InBoth(UserError):
    """What a plan cannot do for somebody, who may read Chinese: `zh` says the same."""

    def __init__(self, place: str, en: str, zh: str) -> None:
        self.zh = f"{place}：{zh}"
        super().__init__(place, en)


class SpecError(UserError):
    """One or more problems of a product file, a line each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        Exception.__init__(self, "\n".join(problems))


class DataError(UserError):
    """A data file or a record that cannot be read."""


class Missing(UserError):
    """Something optional is not installed or not here; the repair is a command."""


class Unusable(UserError):
    """What an installed package brings cannot be loaded, lacks what its kind must say, or failed."""


class StoreError(UserError):
    """The ledger or a dataset refuses."""


class Damaged(StoreError):
    """The bytes on disk are not the bytes that were published."""


class Unavailable(StoreError):
    """The ledger or the disk cannot be had now: locked, out of reach, or full."""


class Upgraded(StoreError):
    """A newer version upgraded the ledger while this process ran: it cannot write any more."""


class RowRefused(StoreError):
    """The ledger works, and refuses a row: another has its id, or a value does not fit."""


class RequestError(UserError):
    """A request that is refused; `status` is the HTTP status code."""

    def __init__(
        self, status: int, place: str, expected: str, found: str = "", repair: str = ""
    ) -> None:
        self.status = status
        super().__init__(place, expected, found, repair)


class Refused(SteelyardError):
    """A gate said no: nothing is broken, and nothing was changed."""

    exit_code = 3


class OverBudget(UserError):
    """What is to be bought would cost more than its budget: nothing was spent."""

    exit_code = 3


def one_more(error: Exception) -> Exception:
    """The same error for one more who waits: raised by several, one instance would carry the
    traceback and the context of each into the others'."""
    kind = type(error)
    fresh: Exception = kind.__new__(kind, *error.args)  # not made: each kind takes other arguments
    fresh.__dict__.update(vars(error))
    fresh.__cause__ = error
    return fresh
