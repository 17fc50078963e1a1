#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""step_tables -- makes engine/modules/sources/step_tables.c: what band-limited steps and corners still lack.

    tools/step_tables.py > engine/modules/sources/step_tables.c        (a minute; plain Python, no packages)

A step that passes through a low-pass filter of minimum phase begins at once and is whole after
`taps` frames. The filter's impulse response is a cubic spline with a knot each eighth of a frame.
Its power response is the best there is in the sense of Chebyshev (Remez exchange), flat up to 20
kHz and flattest below, as low as it can be where images fold below 20 kHz and lowest where they
fold below 5 kHz. Its spectral factor of minimum phase comes by the cepstrum (O. Herrmann, W.
Schuessler, "Design of nonrecursive digital filters with minimum phase", 1970). Sums of the spline's
coefficients are the coefficients of its integrals, so all is exact at each place between frames.

`wide` is for 48 kHz and above, `steep` for lower rates, 44.1 kHz among them; what they reach stands
above each table.
"""
import cmath
import math

KNOTS = 8  # a frame
PLACES = 128  # between two frames, of steps and corners
FEW = 32  # the same of what is smoother
TABLES = [
    # name, taps, flat to, stopped from, ripple of the power at the band's end, first guess of the
    # floor, how much lower that is around the sampling rate
    ("wide", 24, 20 / 48, 28 / 48, 0.008, 9e-12, 0.1),
    ("steep", 32, 20 / 44.1, 24.1 / 44.1, 0.044, 8e-10, 0.8),
]


def sinc(x):
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def spline_power(f):
    """Power response of the cubic spline at f of the rate."""
    return sinc(f / KNOTS) ** 8


# ---- Remez exchange ------------------------------------------------------------------------------


def grid_of(n, bands):
    """Points, desired values and weights, and the last index of each band."""
    points, ends, total = [], [], sum(b[1] - b[0] for b in bands)
    for low, high, desired, weight in bands:
        count = max(8, int(16 * n * (high - low) / total))
        for i in range(count + 1):
            f = low + (high - low) * i / count
            points.append((math.cos(2 * math.pi * f / KNOTS), desired(f), weight(f)))
        ends.append(len(points) - 1)
    return points, ends


def through(points, places):
    """The polynomial that errs evenly at these places. @return its error, and a function"""
    x = [points[p][0] for p in places]
    logs, signs = [], []
    for a in x:
        logs.append(-sum(math.log(2 * abs(a - b)) for b in x if b != a))
        signs.append(-1 if sum(b > a for b in x) % 2 else 1)
    most = max(logs)
    bary = [s * math.exp(v - most) for s, v in zip(signs, logs)]
    turn = [1 if k % 2 == 0 else -1 for k in range(len(x))]
    error = sum(b * points[p][1] for b, p in zip(bary, places)) / sum(
        b * t / points[p][2] for b, t, p in zip(bary, turn, places))
    y = [points[p][1] - t * error / points[p][2] for t, p in zip(turn, places)]
    terms = [(a, v, b * (a - x[-1])) for a, v, b in zip(x[:-1], y, bary)]

    def value(at):
        over = under = 0.0
        for a, v, b in terms:
            if at == a:
                return v
            over += b / (at - a) * v
            under += b / (at - a)
        return over / under

    return abs(error), value


def peaks_of(error, ends, count):
    """Where the error is largest, by turns above and below."""
    peaks, start = [], 0
    for end in ends:
        for i in range(start, end + 1):
            around = error[max(start, i - 1):min(end, i + 1) + 1]
            if error[i] != (max(around) if error[i] > 0 else min(around)):
                continue
            if peaks and (error[peaks[-1]] > 0) == (error[i] > 0):
                if abs(error[i]) > abs(error[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        start = end + 1
    while len(peaks) > count:
        sizes = [abs(error[p]) for p in peaks]
        if len(peaks) == count + 1:
            peaks.pop(0 if sizes[0] < sizes[-1] else -1)
            continue
        least = min(range(len(peaks) - 1), key=lambda i: max(sizes[i], sizes[i + 1]))
        del peaks[least:least + 2]
    if len(peaks) < count:
        raise RuntimeError("too few peaks")
    return peaks


def remez(n, bands):
    """The best polynomial of n cosines. @return its weighted error, and a function of cos w"""
    points, ends = grid_of(n, bands)
    places = [round(i * (len(points) - 1) / n) for i in range(n + 1)]
    for _ in range(60):
        level, value = through(points, places)
        error = [w * (d - value(x)) for x, d, w in points]
        worst = max(abs(e) for e in error)
        if worst - level < 1e-3 * worst:
            break
        places = peaks_of(error, ends, n + 1)
    return worst, value


# ---- minimum phase -------------------------------------------------------------------------------


def fft(a, sign):
    if len(a) == 1:
        return a
    even, odd = fft(a[0::2], sign), fft(a[1::2], sign)
    half = len(even)
    odd = [cmath.exp(sign * 2j * math.pi * k / len(a)) * odd[k] for k in range(half)]
    return [e + o for e, o in zip(even, odd)] + [e - o for e, o in zip(even, odd)]


def minimum_phase(power, n, size=1 << 15):
    """The n coefficients whose power response this is."""
    half = [0.5 * math.log(power(math.cos(2 * math.pi * k / size))) for k in range(size // 2 + 1)]
    cepstrum = [v.real / size for v in fft(half + half[-2:0:-1], 1)]
    folded = cepstrum[:1] + [2 * v for v in cepstrum[1:size // 2]] + cepstrum[size // 2:size // 2 + 1]
    spectrum = [cmath.exp(v) for v in fft(folded + [0] * (size // 2 - 1), -1)]
    return [v.real / size for v in fft(spectrum, 1)[:n]]


def design(taps, flat, stopped, ripple, floor, deeper):
    """Coefficients of the spline; their sum is KNOTS. The floor is raised until power stays > 0."""
    n = taps * KNOTS - 3

    def most(f):  # power that images may have: a step's own spectrum falls as well
        return floor * deeper ** (math.cos(math.pi * f) ** 2) * (f / stopped) ** 2 / spline_power(f)

    while True:
        level, power = remez(n, [
            (0, flat, lambda f: 1 / spline_power(f),
             lambda f: spline_power(f) / (ripple * (0.2 + 0.8 * (f / flat) ** 2))),
            (stopped, KNOTS / 2, most, lambda f: 1 / most(f)),
        ])
        if level < 0.97:
            break
        floor *= level / 0.9
    c = minimum_phase(power, n)
    return [v * KNOTS / sum(c) for v in c]


def backs(c):
    """What is drawn of a phase is as far behind it as these parts of its last three differences:
    those of a plain delay, changed so that the spline's second moment is met too. And what that
    leaves of the third moment, over 6."""
    def mean(power):
        return sum(v * i ** power for i, v in enumerate(c)) / KNOTS
    delay = (mean(1) + 2) / KNOTS
    second = (mean(2) + 4 * mean(1) + 13 / 3) / KNOTS ** 2
    third = (mean(3) + 6 * mean(2) + 13 * mean(1) + 10) / KNOTS ** 3
    change = (second - (1 + 3 + 5 * (delay - 2))) / 4
    back = 1 - change, 1, delay - 2 + change
    return back, (third - (back[0] + 7 * back[1] + 19 * back[2])) / 6


# ---- integrals -----------------------------------------------------------------------------------


def b_spline(order, x):
    if order == 0:
        return 1.0 if 0 <= x < 1 else 0.0
    if not 0 <= x < order + 1:
        return 0.0
    return (x * b_spline(order - 1, x) + (order + 1 - x) * b_spline(order - 1, x - 1)) / order


def summed(c, length):
    out, total = [], 0.0
    for i in range(length):
        total += c[i] if i < len(c) else 0.0
        out.append(total)
    return out


class Spline:
    """Values of sum c[i] B(KNOTS t - i) / KNOTS^times, B of order 3 + times."""

    def __init__(self, c, order, scale):
        self.c, self.order, self.scale, self.kept = c, order, scale, {}

    def at(self, place):  # in PLACES of a frame
        knot, rest = divmod(place * KNOTS, PLACES)
        if rest not in self.kept:
            self.kept[rest] = [b_spline(self.order, rest / PLACES + j) for j in range(self.order + 1)]
        return self.scale * sum(b * self.c[knot - j] for j, b in enumerate(self.kept[rest])
                                if 0 <= knot - j < len(self.c))


def figures(c, flat, stopped):
    """Ripple about 0 Hz's level, and what is left beside a step's own fall, in dB."""

    def db(f):
        w = 2j * math.pi * f / KNOTS
        sound = abs(sum(v * cmath.exp(-w * i) for i, v in enumerate(c))) / KNOTS
        return 20 * math.log10(sound) + 10 * math.log10(spline_power(f))

    beyond = [stopped + (4 - stopped) * i / 4000 for i in range(4001)]
    return (max(abs(db(flat * i / 200)) for i in range(201)),
            max(db(f) - 20 * math.log10(f / stopped) for f in beyond))


def rows(name, values):
    print("static const float %s[] __attribute__((aligned(64))) = {" % name)
    for row in values:
        for i in range(0, len(row), 8):
            print("    " + " ".join("%s," % c_float(v) for v in row[i:i + 8]))
    print("};\n")


def c_float(v):
    text = "%.9g" % v
    return text + ("f" if "." in text or "e" in text else ".0f")


def make(name, taps, flat, stopped, *limits):
    c = design(taps, flat, stopped, *limits)
    length, end = (taps + 2) * KNOTS, taps * PLACES
    sums = [summed(c, length)]
    for _ in range(3):
        sums.append(summed(sums[-1], length))
    step, corner, bend, swing = (Spline(v, 4 + i, KNOTS ** -(1 + i)) for i, v in enumerate(sums))
    late = taps - corner.at(end)

    def upto(place):  # of what a corner lacks, the integral
        t = place / PLACES
        return late * t - t * t / 2 + bend.at(place)

    def twice(place):  # of what a bend lacks
        t = place / PLACES
        return upto(end) * t - (late * t * t / 2 - t ** 3 / 6 + swing.at(place))

    def places(count):
        return [[k * PLACES + place * PLACES // count for k in range(taps)]
                for place in range(count + 1)]

    print("// %s: flat within %.3f dB, images at %.1f dB" % (name, *figures(c, flat, stopped)))
    rows(name + "_step", [[2 ** 28 * (1 - step.at(p)) for p in row] for row in places(PLACES)])
    rows(name + "_corner", [[p / PLACES - late - corner.at(p) for p in row]
                            for row in places(PLACES)])
    rows(name + "_bend", [[upto(end) - upto(p) for p in row] for row in places(FEW)])
    rows(name + "_swing", [[twice(p) - twice(end) for p in row] for row in places(FEW)])
    return backs(c)


def main():
    print("// SPDX-License-Identifier: MIT")
    print("// step_tables -- made by tools/step_tables.py, which says how: do not edit.")
    print("// clang-format off")
    print('#include "modules/sources/step_tables.h"\n')
    made = [(t, make(*t)) for t in TABLES]
    print("const mega_step_table mega_step_tables[] = {")
    for (name, taps, *_), (back, third) in made:
        print("    {%d, {%s}, %s, %s_step, %s_corner, %s_bend, %s_swing}," %
              (taps, ", ".join(c_float(v) for v in back), c_float(third), name, name, name, name))
    print("};")


if __name__ == "__main__":
    main()
