"""Risk figures of price series by NumPy, SciPy and empyrical-reloaded, as JSON.

Standard input: [{"key", "closes": 251 prices, oldest first, "periods": a year}].
"""

import json
import sys

import empyrical
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import kurtosis, norm, skew


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


def cornish_fisher(alpha, mean, sigma, s, k):
    z = norm.ppf(alpha)
    return -(mean + sigma * (z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36))


def normal_shortfall(alpha, mean, sigma):
    """The mean beyond the quantile, by integration."""
    return -norm.expect(lambda x: x, loc=mean, scale=sigma, ub=norm.ppf(alpha, loc=mean, scale=sigma), conditional=True)


def at_confidences(name, figure):
    return {f"{name}_{label}_loss": figure(alpha) for label, alpha in (("95", 0.05), ("975", 0.025), ("99", 0.01))}


def roll(returns):
    covariance = np.cov(returns[-125:], returns[-126:-1], ddof=0)[0, 1]
    return 2 * np.sqrt(-covariance) if covariance < 0 else "no_bounce"


def figures(closes, periods):
    prices = np.array(closes)
    returns = prices[1:] / prices[:-1] - 1
    logs = np.diff(np.log(prices))
    mean, sigma = returns.mean(), returns.std(ddof=1)
    return {
        "return_1d": returns[-1],
        "volatility_20d": empyrical.annual_volatility(logs[-20:], annualization=periods),
        "ewma_volatility": ewma(logs, 0.94) * np.sqrt(periods),
        **at_confidences("var", lambda alpha: -np.quantile(returns, alpha, method="linear")),
        "var_95_loss": -empyrical.value_at_risk(returns, cutoff=0.05),
        **at_confidences("normal_var", lambda alpha: -norm.ppf(alpha, loc=mean, scale=sigma)),
        **at_confidences("cornish_fisher_var", lambda alpha: cornish_fisher(alpha, mean, sigma, skew(returns), kurtosis(returns))),
        **at_confidences("es", lambda alpha: shortfall(returns, alpha)),
        **at_confidences("normal_es", lambda alpha: normal_shortfall(alpha, mean, sigma)),
        "normal_var_99_10d_loss": -norm.ppf(0.01, loc=mean, scale=sigma) * np.sqrt(10),
        "es_975_10d_loss": shortfall(returns, 0.025) * np.sqrt(10),
        "max_drawdown_loss": -empyrical.max_drawdown(returns),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=periods),
        "sortino": empyrical.sortino_ratio(returns, annualization=periods),
        "calmar": empyrical.calmar_ratio(returns, annualization=periods),
        "omega": empyrical.omega_ratio(returns),
        "skewness": skew(returns),
        "excess_kurtosis": kurtosis(returns),
        "roll_spread": roll(returns),
    }


answers = {}
for request in json.load(sys.stdin):
    found = figures(request["closes"], request["periods"])
    answers[request["key"]] = {name: value if isinstance(value, str) else float(value) for name, value in found.items()}
json.dump(answers, sys.stdout)
