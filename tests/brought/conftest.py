import sys

import pytest
from tests.brought.package import Installed


@pytest.fixture
def install(tmp_path_factory, monkeypatch):
    """Installs a package of a stranger's for this test."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    installed = Installed(tmp_path_factory.mktemp("installed"), monkeypatch)
    yield installed
    monkeypatch.undo()
    installed.forget()
