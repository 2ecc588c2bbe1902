"""A source that is polled: a feed that others write on, which lies in no file of the product."""

import json
import os
from pathlib import Path

from steelyard.data.reading import Raw
from steelyard.spec.section import Section

BATCH = 7


class Settings(Section):
    newest: int | None = None  # items that are read, at most


class Feed:
    """The items that `STRANGER_FEED` names; its fingerprint is how many there are, and none is read for it."""

    Settings, brings_data = Settings, True

    def place(self, source):
        return "feed of strangers"

    def fingerprint(self, source, base):
        return f"{len(self._lines())} items, {source.reader.settings['newest']} of them"

    def batches(self, source, base, *, line_bytes_max, reject):
        newest = source.reader.settings["newest"]
        lines = self._lines()[-newest:] if newest is not None else self._lines()
        for at in range(0, len(lines), BATCH):
            batch = []
            for number, line in enumerate(lines[at : at + BATCH], start=at + 1):
                try:
                    item = json.loads(line)
                    batch.append(Raw(item["id"], item["said"], item["reply"], f"feed:{number}"))
                except (ValueError, KeyError):
                    reject(f"feed:{number}", "no item")
            yield batch

    def _lines(self):
        return Path(os.environ["STRANGER_FEED"]).read_text(encoding="utf-8").splitlines()


FEED = Feed()
