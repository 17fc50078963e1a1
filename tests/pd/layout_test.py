#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""layout_test -- help and examples can be read: no box or comment lies on another or leaves its window, no cord runs through
a message. usage: layout_test.py EXTERNALS SOURCES
"""
import glob
import os
import re
import sys

CHAR, LINE = 7, 15  # Pd's font of 12, in pixels
SEEN = {"megasynth.knob": (142, 23), "megasynth.meter": (46, 132), "megasynth.scope": (202, 102), "megasynth.output~": (142, 50),
        "megasynth.keyboard": (362, 46)}  # abstractions that show a part of themselves


def lines_of(text, columns):
    lines = [0]
    for word in text.split(" "):
        if lines[-1] and lines[-1] + 1 + len(word) > columns:
            lines.append(0)
        lines[-1] += len(word) + (lines[-1] > 0)
    return lines


class Box:
    def __init__(self, kind, x, y, text):
        self.kind, self.x, self.y, self.text = kind, x, y, text
        columns = 60 if kind != "text" else 80
        if match := re.search(r" ?, f (\d+)$", text):
            columns, text = int(match[1]), text[:match.start()]
        text = re.sub(r"\\([,;$ ])", r"\1", text).replace(" ,", ",").replace(" ;", ";")
        lines = [line for part in re.split("(?<=;) ", text.strip()) for line in lines_of(part, columns)]
        self.width, self.height = max(lines) * CHAR, len(lines) * LINE
        if kind == "msg":
            self.width, self.height = self.width + 12, self.height + 4
        name = text.split(" ")[0]
        if name in ("tgl", "bng"):
            self.width = self.height = int(text.split(" ")[1])
        elif name == "floatatom" or kind == "floatatom":
            self.width, self.height = 46, 18
        elif kind == "obj":
            self.width, self.height = SEEN.get(name, (self.width + 4, self.height + 4))

    def meets(self, other):
        return (self.x < other.x + other.width and other.x < self.x + self.width
                and self.y < other.y + other.height and other.y < self.y + self.height)

    def crossed(self, a, b):
        """By a straight cord, looked at every pixel of its height."""
        for step in range(1, 200):
            x, y = (p + (q - p) * step / 200 for p, q in zip(a, b))
            if self.x + 1 < x < self.x + self.width - 1 and self.y + 1 < y < self.y + self.height - 1:
                return True
        return False


def canvases(path):
    """(name, width, height, boxes by number, cords) of a patch and its subpatches."""
    with open(path) as file:
        records = [r.replace("\n", " ") for r in re.findall(r"#(.*?)(?<!\\);\n", file.read(), re.S)]
    stack, done = [], []
    for record in records:
        words = record.split(" ")
        if words[:2] == ["N", "canvas"]:
            stack.append((words[6], int(words[4]), int(words[5]), [], []))
        elif words[1] == "connect":
            stack[-1][4].append([int(word) for word in words[2:6]])
        elif words[1] == "restore":
            done.append(stack.pop())
            stack[-1][3].append(Box("obj", int(words[2]), int(words[3]), " ".join(words[4:])))
        elif words[1] in ("obj", "msg", "text", "floatatom"):
            text = " ".join(words[4:])
            panel = words[1] == "obj" and text.startswith("cnv")
            stack[-1][3].append(None if panel else Box(words[1], int(words[2]), int(words[3]), text))
    return done + stack


def check(path):
    wrong, count = [], 0
    for name, width, height, boxes, cords in canvases(path):
        shown = [box for box in boxes if box]
        count += len(shown)
        wrong += [f"{name}: `{a.text[:40]}` and `{b.text[:40]}` overlap" for i, a in enumerate(shown) for b in shown[i + 1:] if a.meets(b)]
        wrong += [f"{name}: `{box.text[:40]}` leaves the window" for box in shown if box.x + box.width > width or box.y + box.height > height]
        for source, _, sink, _ in cords:
            a, b = boxes[source], boxes[sink]
            if a.kind != "msg":
                continue
            start, end = (a.x + 3, a.y + a.height), (b.x + 3, b.y)
            wrong += [f"{name}: the cord of `{a.text[:40]}` crosses `{box.text[:40]}`" for box in shown
                      if box not in (a, b) and box.crossed(start, end)]
    assert not wrong, f"{os.path.basename(path)}:\n" + "\n".join(wrong)
    return count


def main():
    paths = sorted(glob.glob(os.path.join(sys.argv[2], "help-patches", "*.pd")))
    counts = [check(path) for path in paths]
    print(f"{sum(counts)} boxes and comments in {len(paths)} patches: none on another, no cord through a message")


main()
