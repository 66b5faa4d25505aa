"""The deepest drawdowns of price series by pandas, as JSON: loss, and the places of peak, trough and recovery, null without one.

Standard input: [{"key", "closes": 251 prices, oldest first}].
"""

import json
import sys

import pandas as pd


def drawdown(closes):
    prices = pd.Series(closes)
    below = 1 - prices / prices.cummax()
    trough = int(below.idxmax())
    peak = int(below[:trough][below == 0].index[-1])
    later = prices[trough:]
    back = later[later >= prices[peak]]
    high = int(prices[prices == prices.max()].index[-1])
    return {
        "loss": float(below[trough]),
        "peak": peak,
        "trough": trough,
        "recovery": int(back.index[0]) if len(back) else None,
        "current": float(below.iloc[-1]),
        "high": high,
    }


json.dump({request["key"]: drawdown(request["closes"]) for request in json.load(sys.stdin)}, sys.stdout)
