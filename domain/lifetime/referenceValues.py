"""Reference values of BG/NBD and Gamma-Gamma, computed with 50 digits from the papers' own formulas.

    pip install mpmath==1.4.1 && python3 domain/lifetime/referenceValues.py

BG/NBD: Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: an Alternative to the Pareto/NBD Model.
P(alive): Fader, Hardie and Lee (2008), Computing P(alive) Using the BG/NBD Model.
Gamma-Gamma: Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value.

The maxima on CDNOW are found by Newton's method with central differences of the likelihoods; the standard errors come
from the same differences. No derivative of the service's own takes part.
"""
import collections
import datetime
import json
import pathlib

from mpmath import mp, mpf
import mpmath

mp.dps = 50
here = pathlib.Path(__file__).parent
difference = mpf(10) ** -14


def bg_nbd_log_likelihood(parameters, groups):
    """Equation 6, as A1 A2 (A3 + [x > 0] A4) of the authors' note on Excel, in logarithms and summed over customers."""
    r, alpha, a, b = parameters
    gammas = {}

    def log_gamma(x):
        if x not in gammas:
            gammas[x] = mpmath.loggamma(x)
        return gammas[x]

    total = mpf(0)
    for (x, recency, age), customers in groups.items():
        a1 = log_gamma(r + x) - log_gamma(r) + r * mpmath.log(alpha)
        a2 = log_gamma(a + b) + log_gamma(b + x) - log_gamma(b) - log_gamma(a + b + x)
        a3 = (alpha + age) ** -(r + x)
        a4 = a / (b + x - 1) * (alpha + recency) ** -(r + x) if x > 0 else 0
        total += customers * (a1 + a2 + mpmath.log(a3 + a4))
    return total


def gamma_gamma_log_likelihood(parameters, groups):
    """Equation 1a, summed over customers."""
    p, q, gamma = parameters
    total = mpf(0)
    for (x, mean), customers in groups.items():
        total += customers * (
            mpmath.loggamma(p * x + q) - mpmath.loggamma(p * x) - mpmath.loggamma(q) + q * mpmath.log(gamma)
            + (p * x - 1) * mpmath.log(mean) + p * x * mpmath.log(x) - (p * x + q) * mpmath.log(gamma + x * mean))
    return total


def maximum(function, start):
    """The point where the gradient is zero, the value there, and standard errors from the inverse Hessian."""
    point = [mpf(value) for value in start]
    size = len(point)

    def at(*moves):
        return function([value + sum(sign * difference for i, sign in moves if i == place)
                         for place, value in enumerate(point)])

    while True:
        middle = at()
        plus = [at((i, 1)) for i in range(size)]
        minus = [at((i, -1)) for i in range(size)]
        gradient = mpmath.matrix([(plus[i] - minus[i]) / (2 * difference) for i in range(size)])
        hessian = mpmath.matrix(size, size)
        for i in range(size):
            hessian[i, i] = (plus[i] - 2 * middle + minus[i]) / difference**2
            for j in range(i):
                mixed = at((i, 1), (j, 1)) - at((i, 1), (j, -1)) - at((i, -1), (j, 1)) + at((i, -1), (j, -1))
                hessian[i, j] = hessian[j, i] = mixed / (4 * difference**2)
        step = -mpmath.inverse(hessian) * gradient
        print("step", [mpmath.nstr(each, 5) for each in step], flush=True)
        if max(abs(each) for each in step) < mpf(10) ** -18:
            errors = [mpmath.sqrt(-mpmath.inverse(hessian)[i, i]) for i in range(size)]
            return point, middle, errors
        point = [value + step[i] for i, value in enumerate(point)]


def text(value):
    return mpmath.nstr(value, 20)


def cdnow():
    """(x, t_x, T) and (x, mean repeat spend) of CDNOW up to 1997-09-30, purchases of a day as one."""
    end = datetime.date(1997, 9, 30)
    days = collections.defaultdict(lambda: collections.defaultdict(int))
    for line in (here / "../../scripts/cdnow/CDNOW_sample.txt").read_text().splitlines():
        _, customer, day, _, amount = line.split()
        day = datetime.datetime.strptime(day, "%Y%m%d").date()
        if day <= end:
            days[customer][day] += round(float(amount) * 100)
    summaries, spends = collections.Counter(), collections.Counter()
    for history in days.values():
        first, last = min(history), max(history)
        x = len(history) - 1
        summaries[(x, mpf((last - first).days) / 7, mpf((end - first).days) / 7)] += 1
        if x > 0:
            spends[(x, mpf(sum(history.values()) - history[first]) / 100 / x)] += 1
    return summaries, spends


def alive(parameters, x, recency, age):
    r, alpha, a, b = map(mpf, parameters)
    if x == 0:
        return mpf(1)
    return 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x))


def hyp2f1(a, b, c, z):
    return mpmath.hyp2f1(a, b, c, z, maxterms=10**7, maxprec=10**6)


def expected(parameters, x, recency, age, weeks):
    """Equation 10; with 400 digits, because its bracket cancels."""
    with mpmath.workdps(400):
        r, alpha, a, b, recency, age, weeks = map(mpf, [*parameters, recency, age, weeks])
        z = weeks / (alpha + age + weeks)
        bracket = 1 - ((alpha + age) / (alpha + age + weeks)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
        return (a + b + x - 1) / (a - 1) * bracket * alive((r, alpha, a, b), x, recency, age)


def expected_of_new(parameters, weeks):
    """Equation 9; with 400 digits, because its bracket cancels."""
    with mpmath.workdps(400):
        r, alpha, a, b, weeks = map(mpf, [*parameters, weeks])
        bracket = 1 - (alpha / (alpha + weeks)) ** r * hyp2f1(r, b, a + b - 1, weeks / (alpha + weeks))
        return (a + b - 1) / (a - 1) * bracket


summaries, spends = cdnow()
purchases = maximum(lambda point: bg_nbd_log_likelihood(point, summaries), [0.2426, 4.4136, 0.7929, 2.4259])
spend = maximum(lambda point: gamma_gamma_log_likelihood(point, spends), [6.25, 3.7442, 15.444])


def fitted(names, result):
    point, value, errors = result
    return {"parameters": dict(zip(names, map(text, point))), "standard_errors": dict(zip(names, map(text, errors))),
            "log_likelihood": text(value)}


points = []
for parameters in [(0.2426, 4.4136, 0.7929, 2.4259), (1.0, 1.0, 1.0, 1.0), (3.0, 40.0, 0.02, 0.9), (0.05, 0.3, 30.0, 7.0),
                   (2e4, 3e5, 0.5, 4.0)]:
    value = bg_nbd_log_likelihood([mpf(each) for each in parameters], summaries)
    points.append({"parameters": parameters, "log_likelihood": text(value)})

predictions = []
for parameters in [(0.2426, 4.4136, 0.7929, 2.4259), (0.55, 10.58, 1.000000001, 2.5), (1.3, 20.0, 0.3, 0.7000001),
                   (0.05, 0.02, 0.4, 3.0), (40.0, 500.0, 12.0, 90.0), (0.8, 6.0, 0.001, 0.5)]:
    for x, recency, age in [(0, 0.0, 0.0), (0, 0.0, 38.86), (1, 1.71, 38.86), (2, 30.43, 38.86), (29, 37.0, 38.0),
                            (400, 510.0, 520.0)]:
        for weeks in [0.01, 1.0, 39.0, 520.0]:
            predictions.append({"parameters": parameters, "summary": [x, recency, age], "weeks": weeks,
                                "alive": text(alive(parameters, x, mpf(recency), mpf(age))),
                                "purchases": text(expected(parameters, x, recency, age, weeks))})
            if age == 0:
                assert abs(expected_of_new(parameters, weeks) / expected(parameters, 0, 0, 0, weeks) - 1) < mpf(10) ** -40

(here / "referenceValues.golden.json").write_text(json.dumps({
    "cdnow": {"purchases": fitted(["r", "alpha", "a", "b"], purchases), "spend": fitted(["p", "q", "gamma"], spend)},
    "points": points,
    "predictions": predictions,
}, indent=1) + "\n")
print(f"{len(points)} points, {len(predictions)} predictions")
