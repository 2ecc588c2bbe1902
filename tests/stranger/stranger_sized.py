"""An operator: records that are too short to be worth a label are dropped."""

from steelyard.spec.section import Section


class Settings(Section):
    least: int = 8  # characters of a text, bytes of anything else


class Sized:
    name, content, whole = "well_sized", "any", False
    Settings = Settings

    def __init__(self, settings):
        self.least = settings.least

    def apply(self, rows):
        kept = [row for row in rows if len(row.content) >= self.least]
        return kept, {"too_short": len(rows) - len(kept)}
