"""Reference values of the statistics of experiments, computed with 50 digits and written with 25 significant ones.

    pip install mpmath==1.4.1 && python3 domain/statistics/experimentStatistics.py

Each is computed from its definition (raw values instead of sums, root finding and integration instead of closed forms),
so that it shares nothing with the code. Arguments are doubles and enter as exactly the value that a double holds.
"""
import json
import pathlib

from mpmath import mp, mpf
import mpmath

mp.dps = 50
vectors = []


def written(value):
    if isinstance(value, (list, tuple)):
        return [written(each) for each in value]
    return value if isinstance(value, (str, bool)) else mpmath.nstr(mpf(value), 25)


def add(name, arguments, value):
    vectors.append({"function": name, "arguments": arguments, "value": written(value)})


def exact(value):
    return [exact(each) for each in value] if isinstance(value, list) else mpf(value)


upper = lambda z: mpmath.erfc(z / mpmath.sqrt(2)) / 2


def normal_quantile(p):
    """The z with upper tail 1 - p, from both sides by erfinv."""
    return mpmath.sqrt(2) * mpmath.erfinv(2 * mpf(p) - 1)


def student_tail(t, k):
    return mpmath.betainc(k / 2, mpf(1) / 2, 0, k / (k + t * t), regularized=True) / 2


def student_critical(alpha, k):
    start = normal_quantile(1 - mpf(alpha) / 2)
    return mpmath.findroot(lambda t: mpmath.log(student_tail(t, k) / (mpf(alpha) / 2)), (start, start * 1.1),
                           solver="secant", tol=mpf(10) ** -45)


def rate(successes, trials):
    p = mpf(successes) / trials
    return mpf(trials), p, p * (1 - p) / trials


def mean(values):
    n = len(values)
    m = mpmath.fsum(values) / n
    return mpf(n), m, mpmath.fsum((v - m) ** 2 for v in values) / (n - 1) / n


proportions = [(200, 1000, 250, 1000), (14, 28, 16, 30), (500, 5000, 600, 5000), (49, 100, 51, 100), (3, 1000, 11, 990),
               (0, 50, 4, 60), (12000, 1000000, 12345, 1000321), (990, 1000, 996, 1000)]
arms = [(rate(a, n), rate(b, m)) for a, n, b, m in proportions]

# Two proportions, pooled.
for a, n, b, m in proportions:
    p = mpf(a + b) / (n + m)
    z = (mpf(b) / m - mpf(a) / n) / mpmath.sqrt(p * (1 - p) * (mpf(1) / n + mpf(1) / m))
    add("comparePooled", [a, n, b, m], [z, 2 * upper(abs(z))])


def doubles(arm):
    return [float(each) for each in arm]


means = [[[100, 10.5, 0.01], [120, 10.9, 0.02]], [[28, 0.5, 0.25 / 28], [30, 16 / 30, 0.0083]],
         [[50000, 3.25, 0.0004], [49800, 3.31, 0.00051]], [[3, -2.0, 0.3], [4, -1.0, 0.1]], [[10, 5.0, 0.0], [12, 6.0, 0.4]],
         [[1000, 100.0, 25.0], [900, 180.0, 30.0]], [[400, 8.0, 0.05], [410, 8.0, 0.04]]]


def satterthwaite(control, treatment):
    (n, _, v), (m, _, w) = control, treatment
    return (v + w) ** 2 / (v ** 2 / (n - 1) + w ** 2 / (m - 1))


for pair in means:
    control, treatment = exact(pair)
    df = satterthwaite(control, treatment)
    for alpha in [0.05, 0.001, 0.3]:
        critical = student_critical(alpha, df)

        def row(effect, se):
            t = effect / se
            return [effect, se, df, t, 2 * student_tail(abs(t), df), effect - critical * se, effect + critical * se]

        add("compareMeans", [*pair, alpha], row(treatment[1] - control[1], mpmath.sqrt(control[2] + treatment[2])))
        # The delta method by the gradient of (b - a) / |a|.
        a, b = control[1], treatment[1]
        se = mpmath.sqrt((1 / a) ** 2 * treatment[2] + (b / a ** 2) ** 2 * control[2])
        add("compareRelative", [*pair, alpha], row((b - a) / abs(a), se))
    for c in [0.5, 1.96, 3.1]:
        a, b, v, w = control[1], treatment[1], control[2], treatment[2]
        f = lambda lift: ((b - (1 + lift) * a) ** 2 - mpf(c) ** 2 * (w + (1 + lift) ** 2 * v))
        if a ** 2 > mpf(c) ** 2 * v:
            # A quadratic in the lift through three of its values.
            f0, f1, g1 = f(mpf(0)), f(mpf(1)), f(mpf(-1))
            roots = sorted(mpmath.polyroots([(f1 + g1) / 2 - f0, (f1 - g1) / 2, f0], maxsteps=500, extraprec=200))
            lifts = roots if a > 0 else sorted(-r for r in roots)
            add("fiellerInterval", [*pair, c], lifts)


def wilson(x, n, z):
    """The two rates whose score test stands at z."""
    n, phat = mpf(n), mpf(x) / n
    roots = mpmath.polyroots([1 + z ** 2 / n, -(2 * phat + z ** 2 / n), phat ** 2], maxsteps=500, extraprec=200)
    low, high = sorted(mpmath.re(r) for r in roots)
    return low, high


for a, n, b, m in proportions:
    for alpha in [0.05, 0.01]:
        z = normal_quantile(1 - mpf(alpha) / 2)
        (l1, u1), (l2, u2) = wilson(a, n, z), wilson(b, m, z)
        p1, p2 = mpf(a) / n, mpf(b) / m
        add("newcombeInterval", [a, n, b, m, alpha],
            [p2 - p1 - mpmath.sqrt((p2 - l2) ** 2 + (u1 - p1) ** 2), p2 - p1 + mpmath.sqrt((u2 - p2) ** 2 + (p1 - l1) ** 2)])


# Sequences: the mixture of likelihood ratios is integrated instead of taken from its closed form.
def mixture(difference, variance, prior):
    """Normal likelihood of the difference, mixed over N(0, prior), over that of none."""
    # In ratio to the hypothesis, since quad judges its error absolutely; panels around the peak of the product.
    log_density = lambda x, v: -x * x / (2 * v) - mpmath.log(2 * mpmath.pi * v) / 2
    peak, width = difference * prior / (prior + variance), mpmath.sqrt(variance * prior / (variance + prior))
    exponent = lambda x: log_density(difference - x, variance) + log_density(x, prior) - log_density(difference, variance)
    return mpmath.quad(lambda x: mpmath.exp(exponent(x)), [peak + k * width for k in range(-24, 25, 3)])


def reach_of(variance, prior, alpha):
    """The difference at which the mixture's ratio is 1 / alpha."""
    closed = lambda d: mpmath.log(mixture(d, variance, prior)) + mpmath.log(mpf(alpha))
    start = 3 * mpmath.sqrt(variance)
    return mpmath.findroot(closed, (start, start * 1.2), solver="secant", tol=mpf(10) ** -35)


sequential = [*(([*map(float, c)], [*map(float, t)]) for c, t in arms[:5]), *means[:3], means[6]]
with mpmath.workdps(40):
    for control, treatment in sequential:
        (n, a, v), (m, b, w) = exact([control, treatment]) if isinstance(control, list) else (control, treatment)
        for alpha, tuning in [(0.05, 5000), (0.01, 200)]:
            log = mpmath.log(mpf(alpha))
            rho = (-2 * log + mpmath.log(1 - 2 * log)) / tuning
            # s² = n · variance; a mixture N(0, ρ² s²) over the difference per √n.
            variance, prior = v + w, rho * (n + m) * (v + w)
            ratio = mixture(b - a, variance, prior)
            reach = reach_of(variance, prior, alpha)
            add("compareAtAnyTime", [list(control), list(treatment), alpha, tuning],
                [b - a - reach, b - a + reach, min(mpf(1), 1 / ratio), ratio])
        for tau in [0.002, 0.3]:
            ratio = mixture(b - a, v + w, mpf(tau))
            reach = reach_of(v + w, mpf(tau), 0.05)
            add("mixtureRatioTest", [list(control), list(treatment), tau, 0.05],
                [ratio, min(mpf(1), 1 / ratio), b - a - reach, b - a + reach])


# Sample size and power.
for p, d in [(0.2, 0.05), (0.05, 0.01), (0.5, -0.1), (0.01, 0.001), (0.3, 0.3)]:
    for alpha, power in [(0.05, 0.8), (0.01, 0.95)]:
        q, e = mpf(p), mpf(d)
        za, zb = normal_quantile(1 - mpf(alpha) / 2), normal_quantile(mpf(power))
        without, with_ = mpmath.sqrt(2 * q * (1 - q)), mpmath.sqrt(q * (1 - q) + (q + e) * (1 - q - e))
        size = (za * without + zb * with_) ** 2 / e ** 2
        add("sampleSize", [p, d, alpha, power], [mpmath.floor(size + mpf(1) / 2)])
        for n in [50, 1000, 20000]:
            add("powerOf", [p, d, n, alpha], [1 - upper((mpmath.sqrt(n) * abs(e) - za * without) / with_)])
            f = lambda x: mpmath.sqrt(n) * x - za * without - zb * mpmath.sqrt(q * (1 - q) + (q + x) * (1 - q - x))
            if f(1 - q) > 0:
                add("minimumDetectableEffect", [p, n, alpha, power],
                    [mpmath.findroot(f, (mpf(0), 1 - q), solver="anderson", tol=mpf(10) ** -60)])


# CUPED from raw values; `None` is a unit without history.
def draws(seed, count):
    """Values that anybody can make again: a linear congruential generator."""
    state, values = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % 2 ** 31
        values.append(state / 2 ** 31)
    return values


def cuped(arms):
    known = [x for arm in arms for x, _ in arm if x is not None]
    centre = mpmath.fsum(mpf(x) for x in known) / len(known)
    filled = [[(centre if x is None else mpf(x), mpf(y)) for x, y in arm] for arm in arms]
    xy = xx = yy = mpf(0)
    for arm in filled:
        mx, my = (mpmath.fsum(each) / len(arm) for each in zip(*arm))
        xy += mpmath.fsum((x - mx) * (y - my) for x, y in arm)
        xx += mpmath.fsum((x - mx) ** 2 for x, _ in arm)
        yy += mpmath.fsum((y - my) ** 2 for _, y in arm)
    theta = xy / xx
    adjusted = [mean([y - theta * (x - centre) for x, y in arm]) for arm in filled]
    left = sum(n * (n - 1) * v for n, _, v in adjusted)
    return [theta, centre, 1 - left / yy, *[each for _, m, v in adjusted for each in (m, v)]]


for seed, sizes, missing in [(1, [20, 24], 0.0), (2, [50, 40, 45], 0.3), (3, [12, 300], 0.1)]:
    arms_xy = []
    for index, size in enumerate(sizes):
        u = draws(seed * 10 + index, 3 * size)
        arms_xy.append([[None if u[3 * i] < missing else round(u[3 * i + 1] * 20, 3),
                         round(u[3 * i + 1] * 15 + u[3 * i + 2] * 9 + index * 0.4, 3)] for i in range(size)])
    add("adjustByCovariate", [arms_xy], cuped(arms_xy))


# Ratios of sums by the delta method, from raw values, by the linearised value of each unit.
for seed, size in [(5, 30), (6, 400)]:
    u = draws(seed, 2 * size)
    units = [[round(u[2 * i] * 7 * (1 + int(u[2 * i + 1] * 6)), 2), 1 + int(u[2 * i + 1] * 6)] for i in range(size)]
    y, d = [mpf(a) for a, _ in units], [mpf(b) for _, b in units]
    ratio, per = mpmath.fsum(y) / mpmath.fsum(d), mpmath.fsum(d) / size
    linear = [(a - ratio * b) / per for a, b in zip(y, d)]
    add("ratioEstimate", [units], [ratio, mean(linear)[2]])


# The split of units, by products of rising factorials.
def log_marginal(counts, shapes):
    rising = lambda a, k: mpmath.loggamma(a + k) - mpmath.loggamma(a)
    return sum(rising(a, k) for a, k in zip(shapes, counts)) - rising(sum(shapes), sum(counts))


for counts, weights in [([600, 400], [50, 50]), ([0, 0], [50, 50]), ([5123, 4877], [50, 50]), ([9, 0], [50, 50]),
                        ([500321, 499679], [50, 50]), ([1004210, 995790], [50, 50]), ([120, 95, 210], [25, 25, 50]),
                        ([90210, 9790], [90, 10])]:
    with mpmath.workdps(60):
        w = [mpf(each) / sum(weights) for each in weights]
        plan = sum(k * mpmath.log(s) for k, s in zip(counts, w))
        factor = (mpmath.exp(log_marginal(counts, [mpf(1)] * len(w)) - plan) +
                  mpmath.exp(log_marginal(counts, [10000 * s for s in w]) - plan)) / 2
    n = sum(counts)
    chi = sum((k - n * s) ** 2 / (n * s) for k, s in zip(counts, w)) if n else mpf(0)
    add("logBayesFactor", [counts, weights], [mpmath.log(factor)])
    if n:
        add("checkRatio", [counts, weights], [min(mpf(1), 1 / factor), chi,
                                              mpmath.gammainc(mpf(len(w) - 1) / 2, chi / 2, regularized=True)])

# Beliefs about rates, by integrals over both densities.
def beta_cdf(a, b, x):
    return mpmath.betainc(a, b, 0, min(max(x, mpf(0)), mpf(1)), regularized=True)


def beta_density(a, b):
    log_normal = mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)
    return lambda x: mpmath.exp((a - 1) * mpmath.log(x) + (b - 1) * mpmath.log1p(-x) - log_normal) if 0 < x < 1 else (
        mpmath.exp(-log_normal) if (x == 0 and a == 1) or (x == 1 and b == 1) else mpf(0))


def beta_nodes(*pairs):
    nodes = {mpf(0), mpf(1)}
    for a, b in pairs:
        m = a / (a + b)
        s = mpmath.sqrt(m * (1 - m) / (a + b + 1))
        nodes |= {x for x in (m + k * s for k in [-9, -4, -1.5, 0, 1.5, 4, 9]) if 0 < x < 1}
    return sorted(nodes)


def beta_quantile(a, b, share):
    m, s = a / (a + b), mpmath.sqrt(a * b / (a + b) ** 2 / (a + b + 1))
    guess = min(max(m + normal_quantile(share) * s, m / 20), 1 - (1 - m) / 20)
    low, high = mpf(0), mpf(1)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_cdf(a, b, middle) < share else (low, middle)
    return mpmath.findroot(lambda x: beta_cdf(a, b, x) - share, (low, high), solver="secant", tol=mpf(10) ** -50, verify=False)


# Shapes are whole numbers, so that all of these are polynomials between the nodes.
panels = lambda f, nodes: mpmath.quad(f, nodes, method="gauss-legendre", maxdegree=4)

with mpmath.workdps(25):
    for first, second, alpha in [((21, 81), (31, 71), 0.05), ((1, 1), (1, 1), 0.1), ((201, 801), (251, 751), 0.05),
                                 ((4, 2), (2, 9), 0.05), ((51, 9951), (64, 9938), 0.01), ((1, 41), (6, 40), 0.05)]:
        (a, b), (c, d) = exact(list(first)), exact(list(second))
        nodes = beta_nodes((a, b), (c, d))
        chance = panels(lambda x: beta_density(c, d)(x) * beta_cdf(a, b, x), nodes)
        # Losing by the control: the treatment is better by all x between them.
        loss = lambda p, q: panels(lambda x: beta_cdf(*p, x) * (1 - beta_cdf(*q, x)), nodes)

        def ratio_below(r):
            cuts = sorted({*nodes, *(x for x in [1 / r] if x < 1)})
            return panels(lambda x: beta_density(a, b)(x) * beta_cdf(c, d, r * x), cuts)

        def ratio_quantile(share):
            start = mpmath.log((c / (c + d)) / (a / (a + b))) + normal_quantile(share) * mpmath.sqrt(
                b / (a * (a + b + 1)) + d / (c * (c + d + 1)))
            f = lambda y: ratio_below(mpmath.exp(y)) - share
            y = mpmath.findroot(f, (start, start + mpf(1) / 20), solver="secant", tol=mpf(10) ** -34, verify=False)
            assert abs(f(y)) < mpf(10) ** -15
            return mpmath.exp(y)

        tail = mpf(alpha) / 2
        add("betaPosterior", [list(first), list(second), alpha],
            [chance, loss((a, b), (c, d)), loss((c, d), (a, b)), beta_quantile(a, b, tail), beta_quantile(a, b, 1 - tail),
             ratio_quantile(tail) - 1, ratio_quantile(1 - tail) - 1])

    for beliefs in [[(21, 81), (31, 71), (28, 70)], [(2, 3), (1, 1), (40, 45), (5, 9)], [(900, 1100), (950, 1050)]]:
        pairs = [exact(list(each)) for each in beliefs]
        add("bestRateChances", [[list(each) for each in beliefs]],
            [panels(lambda x: beta_density(*pair)(x) * mpmath.fprod(
                beta_cdf(*other, x) for k, other in enumerate(pairs) if k != i), beta_nodes(*pairs))
             for i, pair in enumerate(pairs)])

    for beliefs in [[(0.1, 0.01), (0.2, 0.02), (0.0, 0.03)], [(10.0, 4.0), (10.0, 0.01)], [(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)],
                    [(3.0, 0.5), (2.0, 0.4), (2.5, 2.0), (0.0, 0.1)]]:
        pairs = [exact(list(each)) for each in beliefs]
        cuts = sorted({m + k * mpmath.sqrt(v) for m, v in pairs for k in [-12, -3, 0, 3, 12]})
        add("bestMeanChances", [[list(each) for each in beliefs]],
            [panels(lambda x: mpmath.exp(-(x - m) ** 2 / (2 * v)) / mpmath.sqrt(2 * mpmath.pi * v) * mpmath.fprod(
                upper((n - x) / mpmath.sqrt(w)) for k, (n, w) in enumerate(pairs) if k != i), cuts)
             for i, (m, v) in enumerate(pairs)])

# Beliefs about the relative lift, by integrals of the loss.
for pair in [*[[doubles(c), doubles(t)] for c, t in arms[:4]], *means]:
    control, treatment = exact(pair)
    for prior in [None, [0.0, 0.01], [0.05, 4.0]]:
        a, b = control[1], treatment[1]
        m, v = (b - a) / abs(a), treatment[2] / a ** 2 + b ** 2 * control[2] / a ** 4
        if prior:
            q, w = exact(prior)
            m, v = (m * w + q * v) / (v + w), v * w / (v + w)
        s = mpmath.sqrt(v)
        with mpmath.workdps(30):
            # E[(m + s z)⁺] = s ∫ Φ̄ from -m/s on.
            gain = lambda m: s * mpmath.quad(upper, [-m / s, -m / s + 2, -m / s + 8, mpmath.inf])
            z = normal_quantile(1 - mpf(0.05) / 2)
            add("judgeLift", [*pair, 0.05, prior], [m, upper(-m / s), gain(m), gain(-m), m - z * s, m + z * s])


def quantile(ascending, share):
    """Definition 7 of Hyndman and Fan."""
    position = share * (len(ascending) - 1)
    low = int(mpmath.floor(position))
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (position - low) * (ascending[high] - ascending[low])


for seed, size, share in [(7, 60, 0.5), (8, 300, 0.9)]:
    u = iter(draws(seed, 20 * size))
    units = [[round(next(u) ** 2 * 100 + own * 40, 3) for _ in range(int(next(u) * 6))] for own in draws(seed + 50, size)]
    values = sorted(mpf(v) for unit in units for v in unit)
    at = quantile(values, mpf(share))
    bearing = [unit for unit in units if unit]
    below, each = [mpf(sum(v <= at for v in unit)) for unit in bearing], [mpf(len(unit)) for unit in bearing]
    ratio, per = mpmath.fsum(below) / mpmath.fsum(each), mpmath.fsum(each) / len(bearing)
    deviation = mpmath.sqrt(mean([(x - ratio * y) / per for x, y in zip(below, each)])[2])
    for alpha in [0.05, 0.2]:
        z = normal_quantile(1 - mpf(alpha) / 2)
        low, high = quantile(values, mpf(share) - z * deviation), quantile(values, mpf(share) + z * deviation)
        add("clusteredQuantile", [units, share, alpha], [len(bearing), at, ((high - low) / (2 * z)) ** 2, low, high])

for steps in [[[0.5, [1.0, 0.0, 1.0]], [0.2, [0.0, 1.0]]], [[0.1, [3.5, 2.25, 0.0, 9.0]], [0.6, [1.5]], [0.85, [0.0, 2.0, 4.125]]]]:
    units = [(mpf(p), mpf(y)) for p, ys in steps for y in ys]
    weight = mpmath.fsum(1 / p for p, _ in units)
    m = mpmath.fsum(y / p for p, y in units) / weight
    add("weightedEstimate", [steps], [m, mpmath.fsum(((y - m) / p) ** 2 for p, y in units) / weight ** 2])

for effects, alpha in [([[0.02, 0.0001, 1], [0.05, 0.0004, 1], [-0.03, 0.0002, 0], [0.0, 0.0001, 0], [0.08, 0.0009, 1]], 0.05),
                       ([[0.01, 0.01, 1], [0.02, 0.01, 1], [0.015, 0.02, 0]], 0.1)]:
    d, v = [mpf(e[0]) for e in effects], [mpf(e[1]) for e in effects]
    center = lambda t: mpmath.fsum(x / (w + t) for x, w in zip(d, v)) / mpmath.fsum(1 / (w + t) for w in v)
    q = lambda t: mpmath.fsum((x - center(t)) ** 2 / (w + t) for x, w in zip(d, v)) - (len(d) - 1)
    t = mpmath.findroot(q, (mpf(0), mpf(1)), solver="anderson", tol=mpf(10) ** -80) if q(0) > 0 else mpf(0)
    m = center(t)
    # The sum of the shipped as a linear combination of what was measured: posterior under a flat prior over the mean.
    n = len(d)
    precision = mpmath.matrix(n + 1, n + 1)
    if t > 0:
        right = mpmath.matrix(n + 1, 1)
        for i in range(n):
            precision[i, i] = 1 / v[i] + 1 / t
            precision[i, n] = precision[n, i] = -1 / t
            right[i] = d[i] / v[i]
        precision[n, n] = n / t
        covariance = precision ** -1
        posterior = covariance * right
        live = [i for i in range(n) if effects[i][2]]
        impact = mpmath.fsum(posterior[i] for i in live)
        variance = mpmath.fsum(covariance[i, j] for i in live for j in live)
    else:
        live = [i for i in range(n) if effects[i][2]]
        impact, variance = len(live) * m, len(live) ** 2 / mpmath.fsum(1 / w for w in v)
    z = normal_quantile(1 - mpf(alpha) / 2)
    add("cumulativeImpact", [effects, alpha],
        [m, t, mpmath.fsum(d[i] for i in live), impact, impact - z * mpmath.sqrt(variance), impact + z * mpmath.sqrt(variance)])

for cells, alpha in [([[100, 1.0, 0.01], [110, 1.2, 0.02], [95, 0.9, 0.015], [105, 1.6, 0.01]], 0.05),
                     ([[10, 0.5, 0.001], [10, 0.5, 0.001], [10, 0.5, 0.001], [10, 0.5, 0.001]], 0.01)]:
    none, first, second, both = exact(cells)
    effect = both[1] - second[1] - first[1] + none[1]
    s = mpmath.sqrt(sum(each[2] for each in [none, first, second, both]))
    z = normal_quantile(1 - mpf(alpha) / 2)
    add("interactionOf", [*cells, alpha], [effect, effect - z * s, effect + z * s, 2 * upper(abs(effect) / s)])

lines = ",\n".join("  " + json.dumps(vector) for vector in vectors)
pathlib.Path(__file__).with_suffix(".golden.json").write_text(f"[\n{lines}\n]\n")
print(f"{len(vectors)} vectors")
