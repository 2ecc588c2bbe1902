"""One contract over every registered reader: where it is, whether it changed, and records in batches."""

import gzip
import json
from pathlib import Path

import pytest

from steelyard.data import reading
from steelyard.data.reading import reader_named
from steelyard.plugins import names
from steelyard.spec.model import Source

TEXTS = ["很好，满意", "太差", "good / ok", "a, b"]
WRITTEN = {
    "csv": "text,label\n" + "\n".join(f'"{text}",x' for text in TEXTS),
    "jsonl": "\n".join(json.dumps({"text": text, "label": "x"}) for text in TEXTS),
    "lines": "\n".join(TEXTS),
    "conll": "马 B-name\n云 I-name\n\n好 O\n",
    "tagged": "江/nr 泽民/nr 发表/v\n好/a\n",
}


@pytest.fixture(params=names("readers"))
def reader(request, tmp_path):
    """(reader, source, folder) of something that it can read."""
    name = request.param
    made, fields = reader_named(name), {"reader": name}
    if not made.brings_data:
        fields["path"] = _written(name, tmp_path)
    return made, Source(**fields), tmp_path


def _written(name, folder):
    if name == "folder":
        (folder / "in" / "x").mkdir(parents=True)
        for i, text in enumerate(TEXTS):
            (folder / "in" / "x" / f"{i}.txt").write_text(text, encoding="utf-8")
        return "in"
    if name == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"text": TEXTS}), folder / "a.parquet")
        return "a.parquet"
    (folder / "a.txt").write_text(WRITTEN[name], encoding="utf-8")
    return "a.txt"


def records(reader, source, folder):
    refused = []
    batches = list(
        reader.batches(source, folder, line_bytes_max=10_000, reject=lambda *w: refused.append(w))
    )
    assert refused == []
    return batches


def test_records_come_in_batches_and_the_same_each_time(reader, monkeypatch):
    made, source, _ = reader
    whole = [raw for batch in records(*reader) for raw in batch]
    monkeypatch.setattr(reading, "BATCH", 2)
    small = records(*reader)
    assert all(0 < len(batch) <= 2 for batch in small)
    assert [raw for batch in small for raw in batch] == whole and len(whole) >= 2
    assert made.place(source)


def test_the_fingerprint_stays_while_nothing_changes_and_no_longer(reader):
    made, source, folder = reader
    before = made.fingerprint(source, folder)
    assert made.fingerprint(source, folder) == before
    if made.brings_data:
        return
    file = next(p for p in sorted(folder.rglob("*")) if p.is_file())
    body = file.read_bytes()
    file.write_bytes(body + b"\n")
    assert made.fingerprint(source, folder) != before
    file.write_bytes(body)
    assert made.fingerprint(source, folder) == before


def test_nothing_is_read_before_a_batch_is_asked_for(reader):
    """A source that is not there is told when it is read, as every mistake of it."""
    made, source, _ = reader
    if made.brings_data:
        pytest.skip("it has no place")
    batches = made.batches(source, Path("/nowhere"), line_bytes_max=10, reject=print)
    with pytest.raises(Exception, match="nothing there"):
        next(batches)


def test_a_packed_file_has_the_records_of_the_file(tmp_path):
    (tmp_path / "a.jsonl").write_text(WRITTEN["jsonl"], encoding="utf-8")
    (tmp_path / "b.gz").write_bytes(gzip.compress(WRITTEN["jsonl"].encode()))
    read = [
        [
            (r.content, r.label)
            for batch in records(reader_named("jsonl"), source, tmp_path)
            for r in batch
        ]
        for source in (Source(path=p, reader="jsonl", label="label") for p in ("a.jsonl", "b.gz"))
    ]
    assert read[0] == read[1]
