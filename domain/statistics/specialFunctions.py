"""Reference values of the special functions, computed with 50 digits and written with 25 significant ones.

    pip install mpmath==1.4.1 && python3 domain/statistics/specialFunctions.py

Arguments are doubles and enter as exactly the value that a double holds.
"""
import itertools
import json
import pathlib

from mpmath import mp, mpf
import mpmath

mp.dps = 50
vectors = []


def add(name, arguments, value):
    vectors.append({"function": name, "arguments": arguments, "value": mpmath.nstr(value, 25)})


def quantile(name, arguments, tail, target, low, high):
    """The x > 0 with tail(x) = target, by bisection in ln x and then the secant method; tail is monotone."""
    with mpmath.workdps(20):
        falls = tail(mpf(low)) > tail(mpf(high))
        a, b = mpmath.log(mpf(low)), mpmath.log(mpf(high))
        while b - a > mpf(10) ** -4:
            middle = (a + b) / 2
            if (tail(mpmath.exp(middle)) > target) == falls:
                a = middle
            else:
                b = middle
    f = lambda y: mpmath.log(tail(mpmath.exp(y)) / target)
    y = mpmath.findroot(f, (a, b), solver="secant", tol=mpf(10) ** -60, verify=False)
    assert abs(tail(mpmath.exp(y)) / target - 1) < mpf(10) ** -30, (name, arguments)
    return mpmath.exp(y)


def gamma_tails(a, x):
    """P(a, x) by its series of positive terms (DLMF 8.11.4) and Q(a, x) = 1 - P(a, x) with digits to spare."""
    for digits in [mp.dps + 10, 400]:
        with mpmath.workdps(digits):
            a, x = mpf(a), mpf(x)
            term = total = mpf(1)
            n = 1
            while term > total * mpf(10) ** -digits:
                term *= x / (a + n)
                total += term
                n += 1
            lower = total * mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a + 1))
            upper = 1 - lower
            if upper > mpf(10) ** -8 or mp.dps < 50:
                break
    return lower, upper


positive = [1e-8, 0.001, 0.1, 0.2426, 0.499, 0.5, 0.75, 0.999, 1.0, 1.0000001, 1.25, 1.4616321449683622, 1.5, 1.999,
            2.0, 2.00001, 2.5, 2.501, 3.0, 4.4136, 7.3, 9.999, 10.0, 12.5, 33.3, 171.5, 1e3, 12345.678, 1e6, 1e9]
for x in positive:
    add("logGamma", [x], mpmath.loggamma(mpf(x)))
    add("digamma", [x], mpmath.digamma(mpf(x)))
    add("trigamma", [x], mpmath.polygamma(1, mpf(x)))

shapes = [1e-5, 0.2426, 0.7929, 1.0, 2.4259, 9.5, 10.5, 250.0, 1e5, 1e8]
for a, b in itertools.combinations_with_replacement(shapes, 2):
    value = mpmath.loggamma(mpf(a)) + mpmath.loggamma(mpf(b)) - mpmath.loggamma(mpf(a) + mpf(b))
    add("logBeta", [b, a], value)

for x in [-0.999, -0.6, -0.5, -0.2, -1e-3, -1e-9, 1e-12, 1e-5, 0.01, 0.3, 0.5, 0.51, 2.0, 1e3]:
    add("log1pMinus", [x], mpmath.log1p(mpf(x)) - mpf(x))

for a in [0.5, 1.0, 1.5, 3.7, 10.0, 25.5, 100.0, 2500.0, 1e5, 1e6]:
    deviations = [-30.0, -5.0, -1.0, -0.1, 0.0, 0.1, 1.0, 5.0, 30.0]
    for x in [a * share for share in [0.01, 0.3, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0, 5.0]] if a < 5000 else [
            a + deviation * a**0.5 for deviation in deviations]:
        lower, upper = gamma_tails(a, x)
        if lower > mpf(10) ** -300 and upper > mpf(10) ** -300:
            add("incompleteGamma.lower", [a, x], lower)
            add("incompleteGamma.upper", [a, x], upper)


def beta_tails(a, b, x):
    """I_x(a, b) from both ends by 2F1 (DLMF 8.17.8), whose terms are all positive."""
    def left(a, b, x, rest):
        log_front = a * mpmath.log(x) + b * mpmath.log(rest) - mpmath.log(a)
        log_front -= mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)
        term = total = mpf(1)
        k = 0
        while term > total * mpf(10) ** -45:
            term *= (a + b + k) / (a + 1 + k) * x
            total += term
            k += 1
        return mpmath.exp(log_front) * total
    x = mpf(x)
    return left(mpf(a), mpf(b), x, 1 - x), left(mpf(b), mpf(a), 1 - x, x)


for a, b in [(0.01, 0.5), (0.5, 0.5), (1.0, 3.0), (2.5, 0.7), (5.0, 5.0), (10.0, 200.0), (0.7929, 2.4259),
             (300.0, 1e4), (5000.0, 5000.0), (2e4, 20.0), (1e6, 1e6)]:
    mean = a / (a + b)
    spread = (mean * (1 - mean) / (a + b + 1)) ** 0.5
    for x in [mean * 0.5, mean * 0.99, mean, mean + (1 - mean) * 0.01, mean + (1 - mean) * 0.6] if a + b < 5000 else [
            mean + deviation * spread for deviation in deviations if 0 < mean + deviation * spread < 1]:
        lower, upper = beta_tails(a, b, x)
        if lower > mpf(10) ** -300 and upper > mpf(10) ** -300:
            add("incompleteBeta.lower", [a, b, x], lower)
            add("incompleteBeta.upper", [a, b, x], upper)

normal_tail = lambda z: mpmath.erfc(z / mpmath.sqrt(2)) / 2
for z in [-37.0, -12.5, -5.0, -1.959964, -1.0, -0.1, -1e-9, 0.0, 1e-5, 0.5, 1.0, 2.5, 4.0, 8.0, 37.0]:
    add("normalCumulative", [z], normal_tail(-mpf(z)))
    add("normalUpperTail", [z], normal_tail(mpf(z)))

shares = [1e-300, 1e-20, 1e-9, 1e-4, 0.001, 0.01, 0.025, 0.05, 0.2, 0.4, 0.4999, 0.6, 0.8, 0.95, 0.975, 0.999, 0.999999]
for p in shares:
    tail = min(mpf(p), 1 - mpf(p))
    z = quantile("normal", [p], normal_tail, tail, 1e-12, 50)
    add("normalQuantile", [p], z if p > 0.5 else -z)
add("normalQuantile", [0.5], mpf(0))

for k in [1, 2, 3, 5, 10, 37, 200, 1000]:
    for x in [0.1, 1.0, 0.9 * k, 1.2 * k, k + 30.0]:
        upper = gamma_tails(k / 2, x / 2)[1]
        if upper > mpf(10) ** -300:
            add("chiSquareUpperTail", [x, k], upper)
    for p in [1e-9, 0.001, 0.025, 0.05, 0.3, 0.5, 0.9, 0.95, 0.99, 0.999999]:
        lower = p <= 0.5
        cut = lambda x: gamma_tails(mpf(k) / 2, x / 2)[0 if lower else 1]
        target = mpf(p) if lower else 1 - mpf(p)
        add("chiSquareQuantile", [p, k], quantile("chiSquare", [p, k], cut, target, 1e-25, k * 10 + 100))


def student_tail(t, k):
    """Upper tail for t > 0: half of I_x(k/2, 1/2) at x = k / (k + t²) (Abramowitz and Stegun 26.7.1)."""
    x = k / (k + t * t)
    if x < mpf(1) / 2:
        return mpmath.betainc(k / 2, mpf(1) / 2, 0, x, regularized=True) / 2
    # The series from the other end: ½ − t Γ((k+1)/2) / (√(kπ) Γ(k/2)) ₂F₁(½, (k+1)/2; 3/2; −t²/k).
    front = mpmath.exp(mpmath.loggamma((k + 1) / 2) - mpmath.loggamma(k / 2)) / mpmath.sqrt(k * mpmath.pi)
    return mpf(1) / 2 - t * front * mpmath.hyp2f1(mpf(1) / 2, (k + 1) / 2, mpf(3) / 2, -t * t / k)


for k in [1, 2, 3.5, 5, 10, 29, 120, 1000]:
    for t in [-3.0, -0.5, 0.0, 1e-4, 0.5, 1.0, 1.96, 4.0, 12.0]:
        value = student_tail(abs(mpf(t)), mpf(k))
        add("studentUpperTail", [t, k], value if t >= 0 else 1 - value)
    for p in [1e-12, 1e-6, 0.001, 0.025, 0.2, 0.4999, 0.6, 0.95, 0.975, 0.9999]:
        target = min(mpf(p), 1 - mpf(p))
        t = quantile("student", [p, k], lambda t: student_tail(t, mpf(k)), target, 1e-10, 1e13)
        add("studentQuantile", [p, k], t if p > 0.5 else -t)
    add("studentQuantile", [0.5, k], mpf(0))

for a, b, c in [(0.2426, 2.4259, 2.2188), (2.2426, 4.4259, 4.2188), (52.0, 54.4, 53.6), (1.5, 1.0, 2.0),
                (300.0, 302.0, 301.5), (0.01, 5.0, 0.02)]:
    for z in [0.0, 1e-6, 0.1, 0.47, 0.9, 0.99, 0.9995]:
        value = mpmath.hyp2f1(mpf(a), mpf(b), mpf(c), mpf(z), maxterms=10**7, maxprec=10**5)
        add("logHypergeometric", [a, b, c, z], mpmath.log(value))



def beta_expectation(a, b, k, u):
    """E[(1 − (1 + u p)^−k) / p] for p ~ Beta(a, b), integrated over y = ln(p / (1 − p)) with 30 digits."""
    a, b, k, u = map(mpf, [a, b, k, u])
    log_normal = mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)

    def density(y):
        p, rest = 1 / (1 + mpmath.exp(-y)), 1 / (1 + mpmath.exp(y))
        return p, mpmath.exp(a * mpmath.log(p) + b * mpmath.log(rest) - log_normal)

    def value(y):
        p, weight = density(y)
        return weight * -mpmath.expm1(-k * mpmath.log1p(u * p)) / p

    middle = mpmath.log(a / b)
    width = mpmath.sqrt(1 / a + 1 / b) if a * b > a + b else mpf(1)
    moves = [width * mpf(2) ** i for i in range(-1, 30)]
    left = [middle - move for move in moves if move < 200 / a + 16 * width]
    right = [middle + move for move in moves if move < 200 / b + 16 * width]
    nodes = [*reversed(left), middle, *right]
    with mpmath.workdps(30):
        assert abs(mpmath.quad(lambda y: density(y)[1], nodes) - 1) < mpf(10) ** -18, (a, b)
        return mpmath.quad(value, nodes)


for a, b in [(1e-3, 0.5), (0.7929, 2.4259), (1.0, 1.0), (2.5, 40.0), (200.0, 3.5), (1500.0, 2500.0), (3.0, 1e5)]:
    for k, u in [(0.2426, 0.01), (0.2426, 3.7), (2.2426, 0.9), (30.0, 0.7), (2.2426, 900.0)]:
        add("betaExpectation", [a, b, k, u], beta_expectation(a, b, k, u))

lines = ",\n".join("  " + json.dumps(vector) for vector in vectors)
pathlib.Path(__file__).with_suffix(".golden.json").write_text(f"[\n{lines}\n]\n")
print(f"{len(vectors)} vectors")
