"""Risk figures of price series by NumPy, SciPy and empyrical-reloaded, as JSON.

Standard input: [{"key", "closes": 251 prices, oldest first, "periods": a year}].
"""

import json
import sys

import empyrical
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import norm


def shortfall(returns, alpha):
    """Rockafellar and Uryasev (2000): the minimum over c of c + mean(max(loss - c, 0)) / alpha; it lies at one of the losses."""
    losses = -returns

    def objective(c):
        return c + np.maximum(losses - c, 0).mean() / alpha

    found = minimize_scalar(objective, bounds=(losses.min(), losses.max()), method="bounded", options={"xatol": 1e-12})
    return min(found.fun, *(objective(loss) for loss in losses))


def ewma(logs, decay):
    weights = decay ** np.arange(len(logs) - 1, -1, -1)
    return np.sqrt(np.average(logs**2, weights=weights))


def figures(closes, periods):
    prices = np.array(closes)
    returns = prices[1:] / prices[:-1] - 1
    logs = np.diff(np.log(prices))
    mean, sigma = returns.mean(), returns.std(ddof=1)
    return {
        "return_1d": returns[-1],
        "volatility_20d": empyrical.annual_volatility(logs[-20:], annualization=periods),
        "ewma_volatility": ewma(logs, 0.94) * np.sqrt(periods),
        "var_95_loss": -empyrical.value_at_risk(returns, cutoff=0.05),
        "var_99_loss": -np.quantile(returns, 0.01, method="linear"),
        "normal_var_95_loss": -norm.ppf(0.05, loc=mean, scale=sigma),
        "normal_var_99_loss": -norm.ppf(0.01, loc=mean, scale=sigma),
        "es_975_loss": shortfall(returns, 0.025),
        "max_drawdown_loss": -empyrical.max_drawdown(returns),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=periods),
    }


answers = {}
for request in json.load(sys.stdin):
    found = figures(request["closes"], request["periods"])
    answers[request["key"]] = {name: float(value) for name, value in found.items()}
json.dump(answers, sys.stdout)
