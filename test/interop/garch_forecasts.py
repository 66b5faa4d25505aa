"""One-step forecasts of GARCH(1,1) filters by SciPy's linear filter, as JSON: annual standard deviations by key.

Standard input: [{"key", "closes": 251 prices, oldest first, "omega", "alpha", "beta", "periods": a year}].
"""

import json
import sys

import numpy as np
from scipy.signal import lfilter


def forecast(closes, omega, alpha, beta, periods):
    squares = np.diff(np.log(np.array(closes))) ** 2
    start = omega / (1 - alpha - beta)
    variances, _ = lfilter([1.0], [1.0, -beta], omega + alpha * squares, zi=[beta * start])
    return float(np.sqrt(variances[-1] * periods))


json.dump({request.pop("key"): forecast(**request) for request in json.load(sys.stdin)}, sys.stdout)
