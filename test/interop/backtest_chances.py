"""P-values of VaR back-tests by SciPy, as JSON.

Standard input: [{"confidence", "exceptions" of 250, "christoffersen_lr"}].
"""

import json
import sys

from scipy.stats import binom, chi2


def kupiec(exceptions, share):
    """Twice the log-likelihood of the share that was seen over that of the share promised."""
    ratio = 2 * (binom.logpmf(exceptions, 250, exceptions / 250) - binom.logpmf(exceptions, 250, share))
    return chi2.sf(ratio, 1)


answers = [
    {
        "kupiec": kupiec(int(row["exceptions"]), 1 - float(row["confidence"])),
        "christoffersen": chi2.sf(float(row["christoffersen_lr"]), 1),
    }
    for row in json.load(sys.stdin)
]
json.dump(answers, sys.stdout)
