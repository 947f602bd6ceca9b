"""Prints the polynomials of the scalar functions: minimax by Remez's exchange, in 60 digits. Needs mpmath.

Each line is a polynomial in z for a function of z on an interval, such that the greatest error of the result it serves,
weight(z) |polynomial(z) - function(z)| (relative to the result), is least; `error` is that greatest error.
"""

import struct

from mpmath import cos, coth, erf, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, nstr, pi, polyval, sin, sqrt, tanh

mp.dps = 60
GRID = 2000


def minimax(function, weight, count, low, high):
    place = lambda i, n: (low + high) / 2 - (high - low) / 2 * cos(pi * i / n)
    # Where a weight vanishes, at the low end, the error would not alternate.
    floor = weight(high) / 1000
    grid = [(z, function(z), weight(z) + floor) for z in (place(i, GRID) for i in range(GRID + 1))]
    points = [grid[round(GRID * i / count)] for i in range(count + 1)]
    while True:
        # The error is ±e in turn at the points: linear equations for the coefficients and e.
        rows = [[w * z**k for k in range(count)] + [(-1) ** i] for i, (z, _, w) in enumerate(points)]
        *coefficients, _ = lu_solve(matrix(rows), matrix([w * f for _, f, w in points]))
        # The new points: the extremum of each run of errors of one sign.
        extrema = []
        for z, f, w in grid:
            error = w * (f - polyval(coefficients[::-1], z))
            if extrema and (extrema[-1][0] > 0) == (error > 0):
                if abs(error) > abs(extrema[-1][0]):
                    extrema[-1] = (error, (z, f, w))
            else:
                extrema.append((error, (z, f, w)))
        while len(extrema) > count + 1:
            extrema.pop(0 if abs(extrema[0][0]) < abs(extrema[-1][0]) else -1)
        sizes = [abs(error) for error, _ in extrema]
        if max(sizes) < min(sizes) * mpf("1.001"):
            return coefficients, max(sizes)
        points = [point for _, point in extrema]


def shortest(value, single):
    """The fewest digits that round to the same float."""
    if not single:
        return repr(float(value))
    rounded = lambda text: struct.pack("f", float(text))
    return next(text for text in (nstr(value, n) for n in range(1, 10)) if rounded(text) == rounded(value))


def show(name, function, weight, count, low, high):
    for single, n in zip((True, False), count):
        if n:
            coefficients, error = minimax(function, weight, n, low, high)
            digits = ", ".join(shortest(c, single) for c in coefficients)
            print(f"{name} float{32 if single else 64}: error 2^{nstr(log(error, 2), 4)}\n  [{digits}]")


slack = mpf("1.001")  # over the interval's end, for arguments rounded across it
near = mpf("1e-12")  # instead of 0, where the quotients below are 0/0

# With w = r coth(r/2) - 2: e^r - 1 = 2 r / (2 + w - r), whose derivative by w is -2 r / (2 + w - r)^2.
# The worse sign of r is the negative.
half = (log(2) / 2 * slack) ** 2
excess = lambda z: (sqrt(z) * coth(sqrt(z) / 2) - 2) / z
sensitivity = lambda z: -z * expm1(-sqrt(z)) / (2 * sqrt(z))
show("coth", excess, sensitivity, (2, 5), near, half)

curve = lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z
show("tanh", curve, lambda z: z * sqrt(z) / tanh(sqrt(z)), (5, 0), near, mpf(5) ** 2 / 64)

# ln((1 + s) / (1 - s)) = 2 s + s z L(z) with z = s^2
steepest = ((sqrt(2) - 1) / (sqrt(2) + 1) * slack) ** 2
artanh = lambda z: log((1 + sqrt(z)) / (1 - sqrt(z))) / sqrt(z)
show("log", lambda z: (artanh(z) - 2) / z, lambda z: z / artanh(z), (3, 7), near, steepest)
show("log of pow", lambda z: (artanh(z) - 2) / z, lambda z: z / artanh(z), (0, 4), near, steepest)
show("artanh of pow", lambda z: (artanh(z) * 3 / 2 - 3 - z) / z**2, lambda z: z * z / 3, (0, 7), mpf("1e-8"), steepest)

quarter = (pi / 4 * slack) ** 2
show("sin", lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, lambda z: z * sqrt(z) / sin(sqrt(z)), (3, 6), near, quarter)
show("cos", lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, lambda z: z * z / cos(sqrt(z)), (3, 6), near, quarter)

# erf x = x + x S(x^2) below 1, and 1 - e^(-x^2) T((x - 2) / (x + 2)) above
show("erf series", lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: sqrt(z) / erf(sqrt(z)), (7, 12), near, mpf(1))
x = lambda q: 2 * (1 + q) / (1 - q)
scaled = lambda q: exp(x(q) ** 2) * erfc(x(q))
show("erf tail", scaled, lambda q: exp(-x(q) ** 2) / erf(x(q)), (6, 0), mpf(-1) / 3, mpf(1) / 3)
show("erf tail", scaled, lambda q: exp(-x(q) ** 2) / erf(x(q)), (0, 13), mpf(-1) / 3, mpf(1) / 2)
