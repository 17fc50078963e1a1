# SPDX-License-Identifier: MIT
"""objects -- a help patch for each object."""
from sheet import CHAR_WIDTH, Sheet, rows

WIDTH = 790
NAME = "$0-help"  # several help patches may be open at once


def reference(objects, inlets, outlets, arguments, messages=()):
    """[pd reference]: tables of two columns."""
    left, right = 38, 60
    sheet = Sheet((left + right) * CHAR_WIDTH + 60, 100, "reference")
    sheet.title("reference", objects)
    y = 54
    sections = [("inlets", inlets), ("outlets", outlets), ("arguments", arguments)]
    sections += [(f"messages: {heading}", items) for heading, items in messages]
    for heading, items in sections:
        if not items:
            continue
        sheet.heading(10, y, sheet.width - 20, heading)
        y = rows(sheet, 20, y + 26, left, right, items) + 4
    sheet.height = y + 10
    if sheet.height > 700 and messages:  # two sheets are easier to read than one that leaves the screen
        front = reference(objects, inlets, outlets, arguments)
        inner = [sub_reference(heading, items) for heading, items in messages]
        front.heading(10, front.height - 4, front.width - 20, "messages: click")
        for i, page in enumerate(inner):
            front.sub(20 + (i % 5) * 140, front.height + 24 + (i // 5) * 30, page)
        front.height += 60 + (len(inner) - 1) // 5 * 30
        return front
    return sheet


def sub_reference(heading, items):
    left, right = 38, 60
    sheet = Sheet((left + right) * CHAR_WIDTH + 60, 100, heading.replace(" ", "-"))
    sheet.title(heading, "messages to [megasynth~]")
    sheet.height = rows(sheet, 20, 58, left, right, items) + 10
    return sheet


OUTPUT_WIDTH, OUTPUT_HEIGHT = 142, 50
KEYBOARD_WIDTH, KEYBOARD_HEIGHT = 360, 46


def synth_below(s, x, y, sources, arguments=f"2 keys.json -name {NAME}"):
    """The synth, below what goes into it, with its way to the loudspeakers and to Pd's window.
    @return (the synth, y below)"""
    synth = s.obj(x, y, f"megasynth~ {arguments}")
    for source in sources:
        s.connect(source, synth)
    out = s.obj(x, y + 40, "megasynth.output~")
    s.connect(synth, out, 0, 0)
    s.connect(synth, out, 1, 1)
    width = len(f"megasynth~ {arguments}") * CHAR_WIDTH
    printed = s.obj(max(x + width - 20, x + OUTPUT_WIDTH + 20), y + 40, "print megasynth")
    s.connect(synth, printed, 2)
    return synth, y + 40 + OUTPUT_HEIGHT + 10


def keyboard(s, x, y, name=NAME):
    """@return y below"""
    s.obj(x, y, f"megasynth.keyboard {name}")
    s.text(x + KEYBOARD_WIDTH + 20, y, "click keys: each sounds until it is clicked again, or until `off`", 40)
    return y + KEYBOARD_HEIGHT + 14


ARGUMENTS = {"megasynth.tap~": f" {NAME} osc.out", "megasynth.get": f" {NAME}", "megasynth.midi": f" {NAME}"}
# they are pictures: named only
SHOWN = ("megasynth.knob", "megasynth.meter", "megasynth.scope", "megasynth.keyboard", "megasynth.output~")


def see_also(sheet, y, names):
    sheet.heading(10, y, sheet.width - 20, "see also")
    x, y = 20, y + 28
    for name in names:
        text = name + ARGUMENTS.get(name, "")
        if x + len(text) * CHAR_WIDTH > sheet.width - 20:
            x, y = 20, y + 30
        (sheet.text if name in SHOWN else sheet.obj)(x, y, text)
        x += len(text) * CHAR_WIDTH + 30
    sheet.height = y + 36


# ---- megasynth~ ----------------------------------------------------------------------------------

def in_abstractions():
    s = Sheet(700, 400, "in-abstractions")
    s.title("in abstractions", "a synth in a patch of its own, used several times")
    s.text(10, 54, "Name it after the instance, [megasynth~ 2 keys.json -name $0-synth], so that two of them do not share a name. "
           "The abstractions and [megasynth.tap~] take that name too: [megasynth.knob $0-synth cutoff].", 94)
    s.text(10, 118, "Its state is kept in two ways. With -k in the patch that holds the object, as messages that can be read there. "
           "With [savestate] in the patch that uses the abstraction, one state for each use:", 94)
    save, state = s.msg(20, 240, "save"), s.obj(150, 204, "savestate")
    again, trim = s.obj(150, 240, "list prepend state"), s.obj(150, 268, "list trim")
    synth, route = s.obj(20, 310, "megasynth~ 2 keys.json"), s.obj(164, 340, "route state")
    back = s.obj(164, 370, "s $0-keep")
    s.connect(s.obj(150, 176, "r $0-keep"), state)
    s.connect(state, again)
    s.chain(again, trim, synth)
    s.connect(state, save, 1)
    s.connect(save, synth)
    s.connect(synth, route, 2)
    s.connect(route, back)
    s.text(330, 204, "`save` answers `state` and bytes at once; `state` restores them at once", 48)
    s.height = 410
    return s


def in_batch():
    s = Sheet(700, 300, "batch")
    s.title("batch", "rendering faster than sound, the same each time")
    s.text(10, 54, "Patches are compiled beside the sound. While Pd renders with -batch its time runs ahead of that: a patch that is read "
           "is heard a little later in each run. With the flag -wait, or after the message `wait 1`, each logical time ends when all "
           "it asked for is in force: each run gives the same samples.", 94)
    s.text(20, 130, "[megasynth~ 2 -wait]", 40)
    s.text(330, 130, "all edits and files are in force in the next block of samples", 50)
    s.text(20, 170, "wait", 40)
    s.text(330, 170, "the same once: after it values and presets of a patch just read can be set", 50)
    s.text(20, 210, "sync", 40)
    s.text(330, 210, "as wait, and answers `synced`", 50)
    s.text(10, 246, "In live playing neither is needed: the sound never waits.", 94)
    s.height = 280
    return s


def in_clone():
    s = Sheet(700, 300, "clone")
    s.title("clone", "why one object is enough, and when it is not")
    s.text(10, 54, "A [megasynth~] has voices of its own: up to 4096, 16 of them computed at once. [clone] or [poly] around it would only make "
           "it slower: for chords use one object and `voices 16`.", 94)
    s.text(10, 110, "Use [clone] for several different sounds, say one for each MIDI channel. In an abstraction `part` that holds "
           "[inlet] - [megasynth~ 2 keys.json -name part-$1] - [outlet~] [outlet~], [clone part 4] has four; `2 60 100` plays a note of "
           "the second, `2 read pad.json` gives it another patch, [megasynth.knob part-2 bright] turns its knob.", 94)
    s.height = 200
    return s


def in_inputs():
    s = Sheet(700, 420, "inputs")
    s.title("inputs", "effects: sound from Pd through a patch")
    s.text(10, 54, "With -in N the object has N signal inlets. A node `input` gives a channel; what it feeds exists once for all "
           "voices. At blocks of 64 samples or multiples the sound passes without delay, else a block of 64 late.", 94)
    messages, y = s.staircase(20, 112, [
        ("add in1 input, add echo delay time 0.25 feedback 0.6, connect in1.out echo.in, connect echo.out out.in", "an echo"),
        ("set echo.time 0.4", "slower"), ("replace echo chorus, connect echo.out out.in", "a chorus instead"), ("clear, add out output", "nothing again")])
    source, gain = s.obj(420, y, "phasor~ 110"), s.obj(420, y + 28, "*~ 0.1")
    s.connect(source, gain)
    synth = s.obj(20, y + 60, "megasynth~ 2 -in 1")
    s.connect(gain, synth)
    for message in messages:
        s.connect(message, synth)
    out = s.obj(20, y + 96, "megasynth.output~")
    s.connect(synth, out)
    s.connect(synth, out, 1, 1)
    s.height = y + 170
    return s


EXAMPLES = ("1-first-sound", "2-tremolo", "3-keyboard", "4-rewiring", "5-presets", "6-taps")


def opener():
    """Opens the patch whose name comes in, from the folder of this one."""
    s = Sheet(300, 240, "open")
    inlet, both = s.obj(20, 20, "inlet"), s.obj(20, 50, "route open")
    order, folder, control = s.obj(20, 80, "t a b"), s.msg(120, 110, "dir"), s.obj(120, 140, "pdcontrol")
    pack, send = s.obj(20, 170, "pack s s"), s.msg(20, 200, "; pd open $1 $2")
    s.chain(inlet, both, order, pack, send)
    s.connect(order, folder, 1)
    s.chain(folder, control)
    s.connect(control, pack, 0, 1)
    return s


def example_boxes(s, y):
    """@return y below"""
    for first in range(0, len(EXAMPLES), 3):
        opened = [s.msg(20 + i * 250, y, f"open megasynth-{name}.pd") for i, name in enumerate(EXAMPLES[first:first + 3])]
        inner = s.sub(20, y + 38, opener())
        for box in opened:
            s.connect(box, inner)
        y += 66
    return y + 4


def synth_help(messages):
    s = Sheet(WIDTH, 600)
    s.title("megasynth~", "a modular, polyphonic synthesizer in one object")
    s.text(10, 52, "A patch of nodes and cables is built by messages or read from a file, and rewired while it plays: unchanged nodes keep "
           "their state, changed cables crossfade, held notes keep sounding.", 106)
    y = keyboard(s, 20, 92)
    sources, y = s.staircase(20, y, (
        ("60 100, 64 100, 67 100", "a list is a note: key, velocity 0..127"),
        ("60 0, 64 0, 67 0", "velocity 0 ends it"),
        ("note C4 100", "keys have names too"),
        ("knob cutoff 0.15", "a knob of the patch, 0..1"),
        ("knob cutoff 0.85 1500", "in a second and a half"),
        ("set filt.res 0.7", "any parameter of any node"),
        ("add wobble lfo freq 6, connect wobble.out filt.freq 1 octaves", "a new node, a cable"),
        ("remove wobble", "and away again, without a click"),
        ("undo", "takes back the last change; `redo` makes it again"),
        ("read pad.json, 48 90, 55 90, 60 90", "another patch: held notes keep sounding"),
        ("preset morph waves 4000", "to one of its presets, in four seconds"),
        ("read keys.json", "back"),
        ("panic", "silences all, drones too")))
    synth, below = synth_below(s, 20, y + 4, sources)
    s.text(420, y + 4, "first turn the sound on, then click from top to bottom", 50)
    s.text(420, y + 44, "the last outlet, and [r NAME.info], tell what happens: ready, loaded, swapped, values that change, "
           "errors with a hint", 50)
    y = below + 6
    s.heading(10, y, WIDTH - 20, "more: click")
    s.sub(20, y + 30, reference(
        "[megasynth~ 2 patch.json -name synth -voices 16]",
        [("signals, with -in", "the channels of the patch's `input` nodes"),
         ("first: list", "a note: key (fractions are microtones), velocity 0..127, and an id by which messages name it"),
         ("first: messages", "see below; `commands` prints them")],
        [("signals", "left and right, or as many as the first argument says; with -m one multichannel outlet"),
         ("last: ready", "the object can be asked"),
         ("loaded name", "a patch has been read"), ("swapped name frame", "a change is in force, from this frame on"),
         ("value path v", "a knob or parameter has changed, or was asked for; at most every 20 ms"),
         ("undone, redone message", "what `undo` has taken back, what `redo` has made again"),
         ("state byte...", "answer to `save`"),
         ("voices n, cpu pct", "as `poll` asks for"),
         ("warning code text, warning more n", "of the patch, each once; past 20 their number"),
         ("error code text", "what went wrong, where, and what to do; the console has it too")],
        [("number", "signal outlets, 2 if it is left out"),
         ("file", "patch to begin with: .json, .sexp or .msgpack; beside the patch, in Pd's paths, or beside the external"),
         ("-name synth", "for [megasynth.tap~], [megasynth.get], the abstractions, and messages sent to it"),
         ("-in number", "signal inlets"), ("-voices number", "instead of what the patch says"),
         ("-m", "all outputs in one multichannel outlet, where Pd has it"),
         ("-k", "keeps its state in the Pd patch when that is saved, as messages"),
         ("-wait", "as `wait 1`: renders in -batch are the same each time")], messages))
    x = 140
    for page in (in_abstractions(), in_batch(), in_clone(), in_inputs()):
        s.sub(x, y + 30, page)
        x += (len(page.name) + 3) * CHAR_WIDTH + 30
    s.obj(x, y + 30, "megasynth-modules")
    y += 62
    s.heading(10, y, WIDTH - 20, "examples: click")
    y = example_boxes(s, y + 30)
    see_also(s, y, ["megasynth.tap~", "megasynth.get", "megasynth.knob", "megasynth.meter", "megasynth.scope",
                    "megasynth.midi", "megasynth.keyboard", "megasynth.output~"])
    return s


# ---- the others ----------------------------------------------------------------------------------

def tap_help():
    s = Sheet(WIDTH, 500)
    s.title("megasynth.tap~", "a signal from inside a [megasynth~]")
    s.text(10, 52, "Any output of any node, by the name of the synth: all voices summed, or each in an outlet of its own.", 106)
    y = keyboard(s, 20, 80)
    sources, y = s.staircase(20, y, [("48 100, 55 100, 64 100", "a chord"), ("alloff", "its end")])
    synth, y = synth_below(s, 20, y + 4, sources)
    s.heading(10, y, WIDTH - 20, "the sum of the voices")
    tap = s.obj(20, y + 30, f"megasynth.tap~ {NAME} osc.out")
    scope = s.obj(20, y + 60, "megasynth.scope")
    s.connect(tap, scope)
    s.text(250, y + 30, "before the filter")
    lfo = s.obj(420, y + 30, f"megasynth.tap~ {NAME} lfo.out")
    snapshot, metro, load = s.obj(420, y + 120, "snapshot~"), s.obj(480, y + 90, "metro 100"), s.obj(480, y + 62, "loadbang")
    shown = s.number(420, y + 148)
    s.connect(lfo, snapshot)
    s.chain(load, metro, snapshot, shown)
    s.text(650, y + 30, "a control signal", 16)
    y += 180
    s.heading(10, y, WIDTH - 20, "each voice for itself")
    voices = s.obj(20, y + 30, f"megasynth.tap~ {NAME} aenv.out 4")
    begin, clock = s.obj(460, y + 30, "loadbang"), s.obj(460, y + 58, "metro 100")
    s.connect(begin, clock)
    for i in range(4):
        snap, number = s.obj(20 + i * 90, y + 92, "snapshot~"), s.number(20 + i * 90, y + 122)
        s.connect(voices, snap, i)
        s.connect(clock, snap)
        s.connect(snap, number)
    s.text(540, y + 30, "the envelopes of four voices", 30)
    s.sub(600, y + 122, reference(
        "[megasynth.tap~ name node.port voices]", [],
        [("signals", "the port's signal, late by one block of Pd (64 samples), or by the longer of the synth's and the tap's, "
          "whichever of the two was made first; several voices in one multichannel outlet, where Pd has it")],
        [("name", "of a [megasynth~ -name name]; it may come later"),
         ("node.port", "an output of a node"), ("voices", "how many to give apart; none: their sum")]))
    see_also(s, y + 164, ["megasynth~", "megasynth.get", "megasynth.scope"])
    return s


def get_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.get", "asks a [megasynth~] and gives the answers")
    s.text(10, 52, "The same questions can be sent to [megasynth~] itself; here the answers come apart from everything else, and before "
           "the next message.", 106)
    boxes, y = s.staircase(20, 94, [
        ("dump", "the patch, as the messages that build it"), ("nodes", "nodes, knobs and cables; a bang does the same"),
        ("get filt.res", "a value"), ("get cutoff", "a knob"), ("values", "all knobs"), ("modules", "what patches can be made of"),
        ("modules svf", "all about one"), ("commands", "all messages"), ("voices", "how many sound"), ("save", "the patch as bytes")])
    get = s.obj(20, y + 6, f"megasynth.get {NAME}")
    for box in boxes:
        s.connect(box, get)
    s.connect(get, s.obj(20, y + 36, "print answer"))
    s.text(150, y + 36, "look at Pd's window")
    s.sub(600, y + 6, reference(
        "[megasynth.get name]", [("messages", "dump, nodes, get, values, modules, commands, voices, save, version"), ("bang", "as nodes")],
        [("answers", "as [megasynth~] gives them at its last outlet")], [("name", "of a [megasynth~ -name name]")]))
    synth, y = synth_below(s, 20, y + 76, [])
    see_also(s, y + 4, ["megasynth~", "megasynth.tap~"])
    return s


def knob_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.knob", "a slider for a knob")
    s.text(10, 52, "It shows where the knob is when the patch is opened, and follows it, whoever turns it: no cord is needed.", 106)
    y = keyboard(s, 20, 80)
    for i, (knob, doc) in enumerate((("cutoff", "the filter's frequency"), ("resonance", "its resonance"), ("space", "reverb"))):
        s.obj(20, y + i * 34, f"megasynth.knob {NAME} {knob}")
        s.text(200, y + 2 + i * 34, f"{knob}: {doc}")
    sources, y = s.staircase(20, y + 108, [("knob cutoff 0.9 2000", "the slider follows"), ("read keys.json", "so it does here")])
    synth, below = synth_below(s, 20, y + 4, sources)
    s.sub(600, y + 4, reference(
        "[megasynth.knob name knob]",
        [("number 0..1", "turns the knob, and shows it"), ("bang", "sends where it is"),
         ("value knob v", "from the synth's last outlet: only shows it")],
        [("knob knob value", "what it sends to the synth")],
        [("name", "of a [megasynth~ -name name]"), ("knob", "of its patch")]))
    see_also(s, below, ["megasynth~", "megasynth.meter", "megasynth.midi"])
    return s


def meter_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.meter", "how loud a signal is, in dB below full scale")
    y = keyboard(s, 20, 58)
    sources, y = s.staircase(20, y, [("48 100, 55 100, 64 100", "a chord"), ("alloff", "its end")])
    synth, below = synth_below(s, 20, y + 4, sources)
    meter, shown = s.obj(520, y + 34, "megasynth.meter"), s.number(520, y + 186)
    s.connect(synth, meter)
    s.connect(meter, shown)
    s.sub(640, y + 4, reference("[megasynth.meter]", [("signal", "to be measured")],
                                [("number", "dB below full scale, RMS over 2,048 samples")], []))
    see_also(s, y + 220, ["megasynth~", "megasynth.scope", "megasynth.tap~"])
    return s


def scope_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.scope", "the wave of a signal")
    y = keyboard(s, 20, 58)
    sources, y = s.staircase(20, y, [("45 100", "a note"), ("alloff", "its end")])
    synth, below = synth_below(s, 20, y + 4, sources)
    scope = s.obj(520, y + 40, "megasynth.scope")
    s.connect(synth, scope)
    s.sub(640, y + 4, reference("[megasynth.scope]", [("signal", "drawn from where it rises through zero, so that it stands still")],
                                [], []))
    see_also(s, y + 160, ["megasynth~", "megasynth.meter", "megasynth.tap~"])
    return s


def midi_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.midi", "plays a [megasynth~] from Pd's MIDI input")
    s.text(10, 52, "Notes, pedals, bend, pressure, controllers; MPE zones are understood: each finger bends its own note.", 106)
    s.obj(20, 84, f"megasynth.midi {NAME}")
    s.text(220, 84, "choose the device in Media > MIDI settings")
    sources, y = s.staircase(20, 118, [("map 74 cutoff", "controller 74 turns the knob `cutoff`"), ("map 74", "no longer")])
    synth, below = synth_below(s, 20, y + 4, sources)
    s.sub(600, y + 4, reference("[megasynth.midi name]", [("number", "more bytes, as from another device")],
                                [("midi byte", "what it sends to the synth")], [("name", "of a [megasynth~ -name name]")]))
    see_also(s, below, ["megasynth~", "megasynth.knob", "megasynth.keyboard"])
    return s


def keyboard_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.keyboard", "two octaves for the mouse")
    y = keyboard(s, 20, 64)
    synth, below = synth_below(s, 20, y + 4, [])
    s.sub(600, y + 4, reference("[megasynth.keyboard name]", [], [("key velocity", "what it sends to the synth")],
                                [("name", "of a [megasynth~ -name name]")]))
    see_also(s, below, ["megasynth~", "megasynth.midi"])
    return s


def output_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.output~", "sound on and off, and how loud")
    y = keyboard(s, 20, 64)
    synth, below = synth_below(s, 20, y + 4, [])
    s.sub(600, y + 4, reference("[megasynth.output~]", [("first signal", "left"), ("second signal", "right")], [], []))
    see_also(s, below, ["megasynth~", "megasynth.meter"])
    return s


def meta():
    s = Sheet(460, 260, None)
    sheet = Sheet(420, 240, "META")
    for i, line in enumerate((
            "NAME Megasynth", "DESCRIPTION a modular, polyphonic synthesizer in one object, rewired while it plays",
            "AUTHOR the Megasynth authors", "LICENSE MIT", "KEYWORDS signal synth polyphony modular oscillator filter",
            "LIBRARY megasynth")):
        sheet.text(10, 10 + i * 34, line, 54)
    s.sub(20, 20, sheet)
    return s


def helps(messages):
    return {"megasynth~-help": synth_help(messages), "megasynth.tap~-help": tap_help(), "megasynth.get-help": get_help(),
            "megasynth.knob-help": knob_help(), "megasynth.meter-help": meter_help(),
            "megasynth.scope-help": scope_help(), "megasynth.midi-help": midi_help(),
            "megasynth.keyboard-help": keyboard_help(), "megasynth.output~-help": output_help(), "megasynth-meta": meta()}
