"""Experiments on channels: designs that are drawn, and a readout by the test that the draw allows.

Knows no calendar and no ledger. A design holds all that its readout needs; what cannot be designed
is a `Reason`. Example: `design_switchback(sales, spend, lift_wanted=0.1, seed=0).readout(outcome)`
"""

from steelyard.stats.designs.readout import Lift
from steelyard.stats.designs.regions import RegionDesign, design_regions
from steelyard.stats.designs.switchback import Switchback, design_switchback

__all__ = ["Lift", "RegionDesign", "Switchback", "design_regions", "design_switchback"]
