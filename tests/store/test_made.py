"""A folder is made once for its name, and again when it is not what was made."""

import pytest
from tests.conftest import HARMS

from steelyard.store import Made


def filler(calls: list[str], text: str = "模型"):
    def fill(draft):
        calls.append(text)
        (draft / "model.bin").write_text(text, encoding="utf-8")

    return fill


def test_each_name_is_made_once_for_every_process(tmp_path):
    calls: list[str] = []
    folder = Made(tmp_path).of("one", filler(calls))
    assert Made(tmp_path).of("one", filler(calls)) == folder and calls == ["模型"]
    other = Made(tmp_path).of("two", filler(calls, "other"))
    assert other != folder and calls == ["模型", "other"]
    assert (folder / "model.bin").read_text("utf-8") == "模型"


@pytest.mark.parametrize("what", ["model.bin", "manifest.json", "name"])
@pytest.mark.parametrize("harm", [h for h in HARMS if h != "a folder"])
def test_what_is_damaged_is_made_again_in_its_place(tmp_path, what, harm):
    calls: list[str] = []
    folder = Made(tmp_path).of("one", filler(calls))
    HARMS[harm](tmp_path / "one.id" if what == "name" else folder / what)
    assert Made(tmp_path).of("one", filler(calls)) == folder and len(calls) == 2
    assert Made(tmp_path).of("one", filler(calls)) == folder and len(calls) == 2


def test_what_could_not_be_made_leaves_nothing(tmp_path):
    def fill(draft):
        (draft / "half").write_text("x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Made(tmp_path).of("one", fill)
    assert list(tmp_path.iterdir()) == []
