# SPDX-License-Identifier: MIT
"""reference -- megasynth-modules.pd: all that a synth can be made of, a subpatch for each module."""
from sheet import CHAR_WIDTH, LINE_HEIGHT, Sheet, rows, text_lines

LEFT, RIGHT = 34, 62
WIDTH = (LEFT + RIGHT) * CHAR_WIDTH + 60
ORDER = ["source", "filter", "control", "math", "effect", "io"]
HEADINGS = {"source": "sources", "filter": "filters", "control": "control", "math": "arithmetic", "effect": "effects",
            "io": "ways in and out"}


def number(value):
    return f"{value:.6g}"


def of_param(p):
    if p.get("choices"):
        return f"{p['name']} {' | '.join(p['choices'])}"
    unit = f" {p['unit']}" if p["unit"] else ""
    return f"{p['name']} {number(p['min'])}..{number(p['max'])}{unit}, {number(p['default'])}"


def module_sheet(m):
    sheet = Sheet(WIDTH, 100, m["name"])
    sheet.title(m["name"], m["doc"])
    y = 56
    for heading, items in (("inputs", [(i["name"], i["doc"]) for i in m["inputs"]]),
                           ("parameters: range, default", [(of_param(p), p["doc"]) for p in m["params"]]),
                           ("outputs", [(o["name"], o["doc"]) for o in m["outputs"]])):
        if not items:
            continue
        sheet.heading(10, y, WIDTH - 20, heading)
        y = rows(sheet, 20, y + 26, LEFT, RIGHT, items) + 6
    sheet.height = y + 10
    return sheet


def module_sheets(modules):
    columns = 64
    sheet = Sheet(700, 100)
    sheet.title("modules", "what a synth of [megasynth~] is made of; click one")
    y = 56
    for category in ORDER:
        sheet.heading(10, y, 680, HEADINGS[category])
        y += 28
        for m in (m for m in modules if m["category"] == category):
            sheet.sub(20, y, module_sheet(m))
            sheet.text(160, y, m["doc"], columns)
            y += text_lines(m["doc"], columns) * LINE_HEIGHT + 8
    rest = {m["category"] for m in modules} - set(ORDER)
    if rest:
        raise SystemExit(f"reference.py knows no heading for {rest}")
    sheet.text(10, y + 6, "every parameter takes cables too: [connect lfo1.out filt.freq 2 octaves(. "
               "printed from the modules' own tables", 92)
    sheet.height = y + 50
    return {"megasynth-modules": sheet}
