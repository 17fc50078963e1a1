# SPDX-License-Identifier: MIT
"""Oscillators by the real `megasynth`: patches, renders, spectra, and what is ideal. For `oscillators`."""
import functools
import json
import os
import subprocess

import numpy as np

SETTLE = 8192
BAND = 20000.0  # what lies above is not heard


class Wave:
    """A node's type and parameters, and the ideal amplitude of its k-th harmonic and its value at a phase in turns."""

    def __init__(self, name, kind, params, shape, width=0.5):
        self.name, self.kind, self.params, self.shape, self.width = name, kind, params, shape, width

    def amplitude(self, k):
        if self.shape == "sine":
            return np.where(k == 1, 1.0, 0.0)
        if self.shape == "saw":
            return 2 / (np.pi * k)
        if self.shape == "pulse":
            return 4 / (np.pi * k) * np.abs(np.sin(np.pi * k * self.width))
        return np.where(k % 2 == 1, 8 / (np.pi * k) ** 2, 0.0)

    def value(self, phase):
        phase = phase - np.floor(phase)
        if self.shape == "sine":
            return np.sin(2 * np.pi * phase)
        if self.shape == "saw":
            return 2 * np.where(phase < 0.5, phase, phase - 1)
        if self.shape == "pulse":
            return np.where(phase < self.width, 2.0, 0.0) - 2 * self.width
        return np.where(phase < 0.25, 4 * phase, np.where(phase < 0.75, 2 - 4 * phase, 4 * phase - 4))


def osc3(name, shape, width=0.5):
    return Wave(name, "osc3", {"wave1": shape, "level1": 1, "level2": 0, "level3": 0, "width": width}, shape, width)


SINE = Wave("sine", "osc.sine", {}, "sine")
PLAIN = [Wave("saw", "osc.saw", {}, "saw"), Wave("pulse", "osc.pulse", {"width": 0.5}, "pulse"),
         Wave("pulse .13", "osc.pulse", {"width": 0.13}, "pulse", 0.13), Wave("triangle", "osc.triangle", {}, "triangle")]
THREE = [osc3("osc3 sine", "sine"), osc3("osc3 triangle", "triangle"), osc3("osc3 saw", "saw"),
         osc3("osc3 pulse", "pulse"), osc3("osc3 p .13", "pulse", 0.13)]
MASTERS = {"sine": "osc.sine", "saw": "osc.saw", "pulse": "osc.pulse", "triangle": "osc.triangle"}


def frames_of(rate):
    """Frames that a spectrum is made from: bins of about 0.7 Hz at every rate."""
    return 1 << 16 if rate < 60000 else 1 << 17 if rate < 120000 else 1 << 18


def decibels(power):
    return 10 * np.log10(power + 1e-30)


@functools.lru_cache(maxsize=None)
def exact(hz, rate):
    """The frequency next to hz on an odd bin, to the last bit of the engine's phase: (bin, frequency)."""
    frames, seconds = frames_of(rate), np.float32(1) / np.float32(rate)
    middle = int(hz * frames / rate / 2) * 2 + 1
    for away in range(0, 2000, 2):
        for m in (middle + away, middle - away):
            f = np.float32(m * rate / frames)
            for g in (f, np.nextafter(f, np.float32(0)), np.nextafter(f, np.float32(1e9))):
                if m > 0 and g * seconds == np.float32(m / frames):
                    return m, float(g)
    raise ValueError("no exact frequency near %g" % hz)


def bin_hz(number, rate):
    return float(np.float32(number * rate / frames_of(rate)))


def patch(wave, hz, others=(), cables=()):
    """A drone of `wave`, as JSON. @param others more nodes @param cables (from, port, amount, param of the wave or None)"""
    params = {**wave.params, "freq": hz}
    connections = [{"from": ["wave", "out"], "to": ["out", "in"]}]
    for source, port, amount, value in cables:
        connections.append({"from": [source, "out"], "to": ["wave", port], "amount": amount})
        if value is not None:
            params[port] = value
    return json.dumps({"nodes": {"wave": {"type": wave.kind, "params": params}, "out": {"type": "output"}, **dict(others)},
                       "connections": connections})


def render(program, document, rate, isa=""):
    """The first channel's frames as float64."""
    frames = SETTLE + frames_of(rate)
    command = [program, "render", "-", "-s", repr((frames + 64) / rate), "-r", str(rate), "-c", "1", "--bits", "32f",
               "-f", "wav", "-q", "-o", "-"]
    done = subprocess.run(command, input=document.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "MEGASYNTH_ISA": isa}, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode() + document)
    at = done.stdout.index(b"data") + 8
    return np.frombuffer(done.stdout[at:at + 4 * frames], "<f4").astype(float)


def powers(sound):
    """Power of each bin: 1 for a sine of peak 1 on a bin."""
    bins = np.abs(np.fft.rfft(sound[SETTLE:])) * 2 / (len(sound) - SETTLE)
    bins[0] /= 2
    return bins ** 2


def windowed_powers(sound):
    """The same through a window whose side lobes lie 170 dB down, 7 bins to a side: for waves that drift by a rounding."""
    window = np.kaiser(len(sound) - SETTLE, 22)
    return (np.abs(np.fft.rfft(sound[SETTLE:] * window)) * 2 / window.sum()) ** 2


def below(hz, rate):
    return int(hz * frames_of(rate) / rate)


def strange(power, step, rate, reach=0):
    """Power below 20 kHz that lies at no multiple of `step` bins (nor within `reach` of one), and power that does."""
    bins = np.arange(1 + reach, below(BAND, rate) + 1)
    away = np.minimum(bins % step, step - bins % step)
    return power[bins[away > reach]].sum(), power[bins[away <= reach]].sum()


def ideal_amplitudes(wave, phase_at, count):
    """Amplitudes of harmonics 0..count-1 of a periodic wave without limit of band, and its phase over one period."""
    points = 1 << 17
    t = (np.arange(points) + 0.5) / points
    return np.abs(np.fft.rfft(wave.value(phase_at(t))))[:count] * 2 / points
