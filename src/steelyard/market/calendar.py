"""The weeks of a test as a calendar that any program opens (RFC 5545). Knows no design's mathematics.

The same test is the same bytes. Example: `calendar(test, "4f2a", made="2026-01-01T00:00:00+00:00")`
"""

from __future__ import annotations

from datetime import datetime, timedelta

from steelyard.market.testing import Block, ChannelTest
from steelyard.reason import Reason
from steelyard.words import both

_OCTETS = 75  # of a line, RFC 5545 section 3.1


def calendar(test: ChannelTest, identity: str, *, made: str) -> bytes:
    """An all-day event for each block, in both languages; `made` is when the test was written down, ISO 8601."""
    stamp = datetime.fromisoformat(made).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//steelyard//market test//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for number, block in enumerate(test.blocks, start=1):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{identity}-{number}@steelyard",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{block.first:%Y%m%d}",
            f"DTEND;VALUE=DATE:{block.last + timedelta(days=1):%Y%m%d}",  # the day behind it
            f"SUMMARY:{_text(_both(title(test, block)))}",
            f"DESCRIPTION:{_text(_both(_why()))}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def title(test: ChannelTest, block: Block) -> Reason:
    """What is to be done in a block."""
    if block.regions:
        parted = "calendar.on_in" if block.on else "calendar.off_in"
        return Reason(parted, {"channel": test.channel, "regions": ", ".join(block.regions)})
    whole = "calendar.on" if block.on else "calendar.off"
    return Reason(whole, {"channel": test.channel})


def _why() -> Reason:
    return Reason("calendar.why", {})


def _both(reason: Reason) -> str:
    said = both(reason)
    return f"{said['en']} / {said['zh']}"


def _text(words: str) -> str:
    for mark in ("\\", ";", ","):
        words = words.replace(mark, f"\\{mark}")
    return words.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """In parts of at most 75 octets that end between letters, each behind the first with a space in front."""
    parts: list[bytes] = [b""]
    for letter in line:
        raw = letter.encode()
        if len(parts[-1]) + len(raw) > _OCTETS - (len(parts) > 1):
            parts.append(b"")
        parts[-1] += raw
    return b"\r\n ".join(parts) + b"\r\n"
