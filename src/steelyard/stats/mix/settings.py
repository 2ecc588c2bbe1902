"""How a marketing mix is fitted. Knows no data.

Example: `Settings(saturation="hill", holidays=("CN", "US"))`
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.errors import UserError
from steelyard.stats.mix.transforms import ADSTOCKS, SATURATIONS, Adstock, Saturation


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is assumed of every channel and of the base, and how long is sampled.

    `share` is what all channels together may bring at their mean spends, as a share of the mean
    outcome: each has a half-normal prior, so none does harm, with its part of that as deviation.
    """

    adstock: str = "geometric"
    saturation: str = "tanh"
    lags: int = 8  # periods in which a spend works, the first one included
    harmonics: int = 2  # waves of a year
    bends: int = 0  # places where the trend may turn
    holidays: tuple[str, ...] = ()  # countries, such as ("CN", "US")
    share: float = 1.0
    chains: int = 8
    warm_up: int = 500  # sweeps that adapt the steps and are thrown away
    sweeps: int = 1000  # of each chain, kept
    draws: int = 1000  # over all chains, that intervals are made of
    confidence: float = 0.94

    def __post_init__(self) -> None:
        for name, known in (("adstock", ADSTOCKS), ("saturation", SATURATIONS)):
            if getattr(self, name) not in known:
                raise UserError(
                    f"settings.{name}", f"one of {sorted(known)}", f"'{getattr(self, name)}'"
                )
        least = {"lags": 1, "harmonics": 0, "bends": 0, "chains": 2, "warm_up": 100, "sweeps": 100}
        for name, low in {**least, "draws": 50}.items():
            if getattr(self, name) < low:
                raise UserError(f"settings.{name}", f"at least {low}", str(getattr(self, name)))
        if not (self.share > 0 and 0 < self.confidence < 1):
            raise UserError(
                "settings",
                "share above 0 and a confidence between 0 and 1",
                f"{self.share:g} and {self.confidence:g}",
            )

    @property
    def carry_over(self) -> Adstock:
        return ADSTOCKS[self.adstock]

    @property
    def shape(self) -> Saturation:
        return SATURATIONS[self.saturation]
