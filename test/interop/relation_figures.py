"""How series move together, by NumPy, SciPy and empyrical-reloaded, from closes alone, as JSON.

Standard input: {"benchmarks": [{"key", "own", "benchmark", "periods"}], "filtered": [{"key", "closes"}], "liquidity": [{"key", "closes"}],
"crosses": [{"key", "rates", "prices"}], "portfolios": [{"key", "held", "closes"}], "baskets": [{"key", "closes"}]}. Closes are lists of
[date, price] in order of dates, in "liquidity" [date, price, turnover]; those of portfolios and baskets stand under the ids of instruments.
"""

import json
import sys

import empyrical
import numpy as np
from scipy.stats import norm


def returns_by_step(closes):
    """Simple returns by the days that they begin and end on."""
    return {(a[0], b[0]): b[1] / a[1] - 1 for a, b in zip(closes, closes[1:])}


def against_benchmark(own, benchmark, periods):
    ours, theirs = returns_by_step(own), returns_by_step(benchmark)
    steps = sorted(ours.keys() & theirs.keys())[-250:]
    r, b = np.array([ours[s] for s in steps]), np.array([theirs[s] for s in steps])
    beta = empyrical.beta(r, b)
    return {
        "beta": beta,
        "alpha": (r.mean() - beta * b.mean()) * periods,
        "tracking_error": empyrical.annual_volatility(r - b, annualization=periods),
        "information_ratio": empyrical.excess_sharpe(r, b) * np.sqrt(periods),
        "correlation": np.corrcoef(r, b)[0, 1],
    }


def filtered(closes):
    logs = np.diff(np.log([price for _, price in closes]))
    weights = 0.94 ** np.arange(249, -1, -1)

    def deviation(end):
        return np.sqrt(np.average(logs[end - 250 : end] ** 2, weights=weights))

    last = len(logs)
    standardised = [logs[t] / deviation(t) for t in range(last - 250, last)]
    return {
        f"filtered_var_{name}_loss": 1 - np.exp(deviation(last) * np.quantile(standardised, alpha, method="linear"))
        for name, alpha in (("95", 0.05), ("975", 0.025), ("99", 0.01))
    }


def amihud(closes):
    moves = [(abs(b[1] / a[1] - 1), b[2]) for a, b in zip(closes, closes[1:])][-250:]
    return {"amihud": np.mean([move / turnover for move, turnover in moves if turnover]) * 1e6}


def cross(rates, prices):
    """An asset in dollars against the dollar in zlotys, and the same asset in zlotys."""
    rates, prices = dict(rates), dict(prices)
    days = sorted(rates.keys() & prices.keys())[-51:]
    x = np.diff(np.log([rates[day] for day in days]))
    usd = np.diff(np.log([prices[day] for day in days]))
    pln = np.diff(np.log([prices[day] * rates[day] for day in days]))
    return {
        "correlation_usd": np.corrcoef(x, usd)[0, 1],
        "correlation_pln": np.corrcoef(x, pln)[0, 1],
        "beta_usd": np.polyfit(x, usd, 1)[0],
        "beta_pln": np.polyfit(x, pln, 1)[0],
    }


def common_returns(closes):
    """One row for each instrument, in order of their ids: 250 returns between days on which all have a close."""
    series = [dict(closes[name]) for name in sorted(closes)]
    days = sorted(set.intersection(*(set(own) for own in series)))[-251:]
    prices = np.array([[own[day] for day in days] for own in series])
    return prices[:, 1:] / prices[:, :-1] - 1


def components(held, closes):
    """Normal VaR of 99 % and what each holding has of it (Euler): w_i (z (S w)_i / sigma - mean_i)."""
    names = sorted(held)
    returns = common_returns({name: closes[name] for name in names})
    w = np.array([held[name] * closes[name][-1][1] for name in names])
    mean, s = returns.mean(axis=1), np.cov(returns)
    sigma = np.sqrt(w @ s @ w)
    z = -norm.ppf(0.01)
    marginal = z * (s @ w) / sigma - mean
    return {
        "*": {"normal_var_99_loss": z * sigma - w @ mean},
        **{name: {"marginal_var_99": m, "component_var_99_loss": part} for name, m, part in zip(names, marginal, w * marginal)},
    }


def ledoit_wolf(x):
    """Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices, section 3.2, norms per instrument."""
    p, n = x.shape
    x = x - x.mean(axis=1, keepdims=True)
    s = x @ x.T / n
    m = np.trace(s) / p
    distance = np.sum((s - m * np.eye(p)) ** 2) / p
    error = sum(np.sum((np.outer(day, day) - s) ** 2) / p for day in x.T) / n**2
    share = min(error, distance) / distance
    return share, share * m * np.eye(p) + (1 - share) * s


def basket(closes):
    names = sorted(closes)
    returns = common_returns(closes)
    share, shrunk = ledoit_wolf(returns)
    matrices = {"covariance": np.cov(returns), "correlation": np.corrcoef(returns), "shrunk_covariance": shrunk}
    pairs = {
        f"{metric} {a} {b}": matrix[i, j]
        for metric, matrix in matrices.items()
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if a <= b
    }
    return {"shrinkage * *": share, **pairs}


def smallest_eigenvalue(matrix):
    return {"smallest": np.linalg.eigvalsh(np.array(matrix)).min()}


FIGURES = {
    "benchmarks": against_benchmark,
    "filtered": filtered,
    "liquidity": amihud,
    "crosses": cross,
    "portfolios": components,
    "baskets": basket,
    "matrices": smallest_eigenvalue,
}


def plain(found):
    return {name: plain(value) if isinstance(value, dict) else float(value) for name, value in found.items()}


answers = {}
for kind, requests in json.load(sys.stdin).items():
    answers[kind] = {request.pop("key"): plain(FIGURES[kind](**request)) for request in requests}
json.dump(answers, sys.stdout)
