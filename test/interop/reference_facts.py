"""ISO 4217 as two packages know it, and check digits as python-stdnum counts them: JSON in, JSON out."""

import json
import sys

import iso4217
import pycountry
from stdnum import cusip, figi, isin
from stdnum.gb import sedol

CHECKS = {"isin": isin, "figi": figi, "cusip": cusip, "sedol": sedol}

codes = json.load(sys.stdin)
print(
    json.dumps(
        {
            "iso4217": {c.code: [f"{c.number:03d}", c.exponent] for c in iso4217.Currency},
            "pycountry": {c.alpha_3: c.numeric for c in pycountry.currencies},
            "valid": [CHECKS[scheme].is_valid(value) for scheme, value in codes],
        }
    )
)
