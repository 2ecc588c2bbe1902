"""Customer lifetime value: who will buy again, how long subscriptions last, what that is worth.

Knows no files, no currency and no channel: arrays in, figures with intervals out, or a `Reason`
where the customers tell too little. Example: see `forecast` and `ShiftedBetaGeometric`.
"""

from steelyard.stats.lifetime.bg_nbd import BgNbd, bg_nbd_log_likelihood, fit_bg_nbd
from steelyard.stats.lifetime.forecast import Each, Forecast, forecast
from steelyard.stats.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
from steelyard.stats.lifetime.mean_value import MeanValue, mean_value
from steelyard.stats.lifetime.payback import Payback, acquisition_cost, earned, payback
from steelyard.stats.lifetime.shifted_beta_geometric import (
    ShiftedBetaGeometric,
    fit_shifted_beta_geometric,
)
from steelyard.stats.lifetime.summary import Summary, summarize

__all__ = [
    "BgNbd",
    "Each",
    "Forecast",
    "GammaGamma",
    "MeanValue",
    "Payback",
    "ShiftedBetaGeometric",
    "Summary",
    "acquisition_cost",
    "bg_nbd_log_likelihood",
    "earned",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_shifted_beta_geometric",
    "forecast",
    "mean_value",
    "payback",
    "summarize",
]
