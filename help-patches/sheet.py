# SPDX-License-Identifier: MIT
"""sheet -- patches for Pure Data on a grid, so that all help looks alike."""

FONT = 12
CHAR_WIDTH, LINE_HEIGHT = 7, 16  # of that font, in pixels
STAIR = 6  # pixels
BAR, PAPER, LINE = "#d8dee9", "#fcfcfc", "#5e81ac"


def escape(text):
    return text.replace("\\", "\\\\").replace(",", " \\,").replace(";", " \\;").replace("$", "\\$")


class Sheet:
    """One canvas; what is added gives a number, which `connect` takes."""

    def __init__(self, width, height, name=None):
        self.width, self.height, self.name = width, height, name
        self.lines, self.count = [], 0

    def _add(self, line):
        self.lines.append(line)
        self.count += 1
        return self.count - 1

    def obj(self, x, y, text):
        return self._add(f"#X obj {x} {y} {escape(text)};")

    def msg(self, x, y, text):
        """@param text of one message; several are separated by `, `"""
        return self._add(f"#X msg {x} {y} {escape(text)};")

    def number(self, x, y, low=0, high=0):
        return self._add(f"#X floatatom {x} {y} 6 {low} {high} 0 - - - 0;")

    def toggle(self, x, y):
        return self._add(f"#X obj {x} {y} tgl 18 0 empty empty empty 20 9 0 12 #fcfcfc #000000 #000000 0 1;")

    def bang(self, x, y):
        return self._add(f"#X obj {x} {y} bng 18 250 50 0 empty empty empty 20 9 0 12 #fcfcfc #000000 #000000;")

    def slider(self, x, y, low, high):
        return self._add(f"#X obj {x} {y} hsl 128 16 {low} {high} 0 0 empty empty empty -2 -8 0 10 #fcfcfc #000000 "
                         "#000000 0 1;")

    def text(self, x, y, text, columns=None):
        """A comment. Pd begins a new line at each semicolon: it gets a full stop."""
        text = text.replace("; ", ". ")
        return self._add(f"#X text {x} {y} {escape(text)}" + (f", f {columns}" if columns else "") + ";")

    def panel(self, x, y, width, height, colour=PAPER, label=""):
        label = label.replace(",", "\\,").replace(" ", "\\ ") or "empty"
        return self._add(f"#X obj {x} {y} cnv 10 {width} {height} empty empty {label} 10 {height // 2} 0 "
                         f"{18 if height > 30 else 13} {colour} #2e3440 0;")

    def staircase(self, x, y, lines, columns=46, step=27):
        """Messages one below the other, each further to the right, so that no cord runs through another box; what each
        does stands in one column beside them. @return (numbers, y below)"""
        numbers, at = [], y
        widths = [max(map(len, broken(message, columns))) for message, _ in lines]
        beside = max(x + i * STAIR + width * CHAR_WIDTH for i, width in enumerate(widths)) + 34
        for i, (message, doc) in enumerate(lines):
            numbers.append(self._add(f"#X msg {x + i * STAIR} {at} {escape(message)}, f {widths[i] + 1};"))
            room = (self.width - beside - 10) // CHAR_WIDTH
            if doc:
                self.text(beside, at, doc, room)
            high = max(len(broken(message, columns)), text_lines(doc, room))
            at += step + (high - 1) * LINE_HEIGHT
        return numbers, at

    def title(self, name, what):
        self.panel(0, 0, self.width, 44, BAR, name)
        self.text(len(name) * 12 + 30, 14, what)

    def heading(self, x, y, width, label):
        self.panel(x, y, width, 20, BAR, label)

    def sub(self, x, y, sheet):
        """A subpatch, shown when it is clicked."""
        self.lines += sheet.canvas(f"{sheet.name} 0")
        return self._add(f"#X restore {x} {y} pd {sheet.name};")

    def connect(self, source, sink, outlet=0, inlet=0):
        self.lines.append(f"#X connect {source} {outlet} {sink} {inlet};")

    def chain(self, *items):
        for source, sink in zip(items, items[1:]):
            self.connect(source, sink)

    def canvas(self, tail):
        # the window's menu and frame take a part of it
        return [f"#N canvas 120 80 {self.width + 30} {self.height + 60} {tail};", *self.lines]

    def write(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(self.canvas(FONT)) + "\n")


def broken(message, columns):
    """The lines of a message box. Pd breaks it after its columns, as it breaks a comment."""
    lines = [""]
    for word in message.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > columns:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def text_lines(text, columns):
    """How many lines Pd breaks a comment into."""
    return len(broken(text, columns))


def rows(sheet, x, y, left_columns, right_columns, items):
    """A table of two columns of text. @return y below it"""
    for left, right in items:
        sheet.text(x, y, left, left_columns)
        sheet.text(x + left_columns * CHAR_WIDTH + 14, y, right, right_columns)
        lines = max(text_lines(left, left_columns), text_lines(right, right_columns))
        y += lines * LINE_HEIGHT + 6
    return y
