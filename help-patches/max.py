# SPDX-License-Identifier: MIT
"""max -- what Max wants beside the external: a help patcher, a reference page, and the package's own description.

What they say of messages comes from the externals' own table, as in the help patches for Pd.
"""
import json
from xml.sax.saxutils import escape, quoteattr

VERSION = "0.1.0"
DIGEST = "a polyphonic modular synthesizer that is rewired while it plays"
DESCRIPTION = ("Plays a patch: a graph of modules, as a file (.json, .sexp, .msgpack), from a [dict], or built by messages. "
               "Notes, knobs, parameters and edits are messages; edits crossfade, held notes keep sounding.")
ATTRIBUTES = [("voices", "int", "Voices", "How many notes may sound at once, 1 to 4096; 0: as the patch says"),
              ("file", "symbol", "Patch File", "The patch that is loaded with the object"),
              ("chans", "int", "Output Channels", "Signal outlets, 1 to 64; only in the box"),
              ("in", "int", "Input Channels", "Signal inlets for `input` nodes, 0 to 64; only in the box"),
              ("embed", "int", "Save Patch With Patcher", "The patch, with all values as they are, is kept in the patcher's file")]
OWN_MESSAGES = [("dictionary name", "loads a patch from a [dict]"),
                ("read [file]", "loads a patch; without a name a dialog asks for it"),
                ("write [file]", "saves the patch with all values as they are now; without a name a dialog asks for it")]


class Patcher:
    """Boxes and cords."""

    def __init__(self, width, height):
        self.boxes, self.lines, self.rect = [], [], [80.0, 100.0, float(width), float(height)]

    def box(self, maxclass, x, y, width, height, inlets, outlets, **more):
        id = f"obj-{len(self.boxes) + 1}"
        types = more.pop("outlettype", [""] * outlets)
        self.boxes.append({"box": {"id": id, "maxclass": maxclass, "numinlets": inlets, "numoutlets": outlets, "outlettype": types,
                                   "patching_rect": [float(x), float(y), float(width), float(height)], **more}})
        return id

    def comment(self, x, y, text, width=420, **more):
        return self.box("comment", x, y, width, 20, 1, 0, text=text, **more)

    def message(self, x, y, text):
        return self.box("message", x, y, 14 + 7 * len(text), 22, 2, 1, text=text)

    def object(self, x, y, text, inlets, types):
        return self.box("newobj", x, y, 20 + 7 * len(text), 22, inlets, len(types), text=text, outlettype=types)

    def connect(self, source, outlet, target, inlet=0):
        self.lines.append({"patchline": {"source": [source, outlet], "destination": [target, inlet]}})

    def text(self):
        return json.dumps({"patcher": {"fileversion": 1, "classnamespace": "box", "rect": self.rect, "boxes": self.boxes,
                                       "lines": self.lines}}, indent=1) + "\n"


def help_patcher():
    p = Patcher(760, 640)
    p.comment(20, 14, "megasynth~", 300, fontsize=22.0)
    p.comment(20, 44, DIGEST + ". Turn the sound on, then click from top to bottom.", 700)
    synth = p.object(40, 470, "megasynth~ 2 keys.json @voices 8", 1, ["signal", "signal", ""])
    keyboard = p.box("kslider", 40, 84, 336, 53, 2, 2, outlettype=["int", "int"])
    pack = p.object(40, 150, "pack 60 100", 2, [""])
    p.connect(keyboard, 0, pack)
    p.connect(keyboard, 1, pack, 1)
    p.connect(pack, 0, synth)
    p.comment(390, 100, "a list is a note: key, velocity 0..127 (0 ends it), and if you like a name of its own", 350)
    y = 186
    for messages, said in [(["60 100", "60 0"], "one note on and off; as from [notein]"),
                           (["knob cutoff 0.2", "knob cutoff 0.8 500"], "knobs, 0..1; the last number is a ramp in ms"),
                           (["set filt.res 0.6", "get filt.res"], "parameters, in their units"),
                           (["add lp onepole freq 900", "remove lp", "undo"], "rewire while it plays; everything can be undone"),
                           (["read toy.json", "read", "write"], "other patches; without a name a dialog opens"),
                           (["dictionary mypatch"], "a patch from a [dict mypatch]"),
                           (["nodes", "dump", "commands"], "questions; the answers come out of the right outlet"),
                           (["panic"], "silences everything")]:
        x = 60
        for message in messages:
            p.connect(p.message(x, y, message), 0, synth)
            x += 26 + 7 * len(message)
        p.comment(390, y, said, 350)
        y += 32
    gains = [p.object(40 + 90 * i, 520, "*~ 0.3", 2, ["signal"]) for i in range(2)]
    dac = p.box("ezdac~", 40, 566, 45, 45, 2, 0)
    for i, gain in enumerate(gains):
        p.connect(synth, i, gain)
        p.connect(gain, 0, dac, i)
    print_box = p.object(300, 520, "print megasynth", 1, [])
    p.connect(synth, 2, print_box)
    p.comment(100, 580, "click to turn the sound on", 200)
    p.comment(300, 548, "attributes: " + " ".join("@" + row[0] for row in ATTRIBUTES), 440)
    return p.text()


def reference_page(messages):
    rows = [row for _, rows in messages for row in rows]
    own = {text.split()[0] for text, _ in OWN_MESSAGES}
    rows = [row for row in rows if row[0].split()[0] not in own] + OWN_MESSAGES
    lines = ['<?xml version="1.0" encoding="utf-8" standalone="yes"?>',
             '<?xml-stylesheet href="./_c74_ref.xsl" type="text/xsl"?>', "",
             '<c74object name="megasynth~" module="msp" category="MSP Synthesis">',
             f"  <digest>{escape(DIGEST)}</digest>", f"  <description>{escape(DESCRIPTION)}</description>",
             "  <metadatalist>", '    <metadata name="author">Megasynth</metadata>', '    <metadata name="tag">MSP</metadata>',
             '    <metadata name="tag">MSP Synthesis</metadata>', "  </metadatalist>", "  <inletlist>",
             '    <inlet id="0" type="signal/message"><digest>notes, messages, and the first signal for `input` nodes</digest></inlet>',
             "  </inletlist>", "  <outletlist>", '    <outlet id="0" type="signal"><digest>a signal for each channel</digest></outlet>',
             '    <outlet id="1" type="message"><digest>answers and events: ready, loaded, value, error</digest></outlet>',
             "  </outletlist>", "  <objarglist>",
             '    <objarg name="channels" optional="1" type="int"><digest>signal outlets; 2 if left out</digest></objarg>',
             '    <objarg name="file" optional="1" type="symbol"><digest>the patch to load</digest></objarg>', "  </objarglist>",
             "  <methodlist>",
             '    <method name="list"><arglist><arg name="key" optional="0" type="float" /><arg name="velocity" optional="0" type="float" />'
             '<arg name="id" optional="1" type="symbol" /></arglist><digest>a note; velocity 0..127, 0 ends it</digest></method>']
    for usage, doc in sorted(rows):
        name, _, arguments = usage.partition(" ")
        described = f'<arglist><arg name={quoteattr(arguments)} optional="0" type="list" /></arglist>' if arguments else "<arglist />"
        lines.append(f"    <method name={quoteattr(name)}>{described}<digest>{escape(doc)}</digest></method>")
    lines += ["  </methodlist>", "  <attributelist>"]
    for name, type, label, doc in ATTRIBUTES:
        lines.append(f'    <attribute name="{name}" get="1" set="1" type="{type}" size="1"><digest>{escape(label)}</digest>'
                     f"<description>{escape(doc)}</description></attribute>")
    lines += ["  </attributelist>", "</c74object>", ""]
    return "\n".join(lines)


def package_info():
    return json.dumps({"name": "Megasynth", "displayname": "Megasynth", "version": VERSION, "author": "Megasynth", "license": "MIT",
                       "description": DIGEST, "tags": ["synthesizer", "polyphonic", "modular"], "max_version_min": "8.0",
                       "package_extra": {"reverse_domain": "org.megasynth", "copyright": "MIT licence"}}, indent=1) + "\n"


def package(messages):
    """Files of the package's folder, by their paths in it."""
    return {"package-info.json": package_info(), "help/megasynth~.maxhelp": help_patcher(),
            "docs/megasynth~.maxref.xml": reference_page(messages)}
