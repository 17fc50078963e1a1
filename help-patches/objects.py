# SPDX-License-Identifier: MIT
"""objects -- a help patch for each object."""
from sheet import CHAR_WIDTH, LINE_HEIGHT, Sheet, rows

WIDTH = 790
MESSAGE_COLUMNS = 60  # Pd breaks longer boxes


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


def output(sheet, synth, x, y, outlets=2):
    """A quiet way to the loudspeakers. @param outlets of `synth` that are heard"""
    left, right = sheet.obj(x, y, "*~ 0.3"), sheet.obj(x + 70, y, "*~ 0.3")
    dac = sheet.obj(x, y + 30, "dac~ 1 2")
    sheet.connect(synth, left, 0)
    sheet.connect(synth, right, outlets - 1)
    sheet.connect(left, dac)
    sheet.connect(right, dac, 0, 1)


def sound_switch(sheet, x, y):
    """Takes two lines of text."""
    switch = sheet.toggle(x, y + 6)
    dsp = sheet.msg(x + 50, y, "; pd dsp $1")
    sheet.connect(switch, dsp)
    sheet.text(x + 160, y + 6, "sound on and off")


ARGUMENTS = {"megasynth.tap~": " help osc.out", "megasynth.get": " help", "megasynth.midi": " help"}
SHOWN = ("megasynth.knob", "megasynth.meter", "megasynth.scope")  # they are pictures: named only


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


def synth_help(messages):
    s = Sheet(WIDTH, 600)
    s.title("megasynth~", "a modular, polyphonic synthesizer in one object")
    s.text(10, 52, "A patch of nodes and cables is built by messages or read from a file, and rewired while it plays: what stays "
           "goes on, cables fade in and out, held notes are never lost.", 106)
    sound_switch(s, 20, 90)
    s.text(330, 96, "then click the messages from top to bottom")
    sources, y = boxes(s, 20, 136, (
        ("60 100, 64 100, 67 100", "a list is a note: key, velocity 0..127"),
        ("60 0, 64 0, 67 0", "velocity 0 ends it"),
        ("knob cutoff 0.15", "a knob of the patch, 0..1"),
        ("knob cutoff 0.85 1500", "in a second and a half"),
        ("set filt.res 0.7", "any parameter of any node"),
        ("add wobble lfo freq 6, connect wobble.out filt.freq 1 octaves", "a new node, a cable"),
        ("remove wobble", "and away again, without a click"),
        ("undo", "takes back the last change. `redo` makes it again"),
        ("read pad.json, 48 90, 55 90, 60 90", "another patch: held notes go on"),
        ("preset morph waves 4000", "to one of its presets, in four seconds"),
        ("read keys.json", "back"),
        ("panic", "all sound off")), step=27)
    y += 12
    synth = s.obj(20, y, "megasynth~ 2 keys.json -name help")
    for source in sources:
        s.connect(source, synth)
    output(s, synth, 20, y + 40)
    told = s.obj(244, y + 40, "print megasynth")
    s.connect(synth, told, 2)
    s.text(380, y + 40, "the last outlet tells what happens: ready, loaded, swapped, errors with a hint", 54)
    s.sub(590, y, reference(
        "[megasynth~ 2 patch.json -name synth -voices 16]",
        [("signals, with -in", "what the patch's `input` nodes hear, one block late"),
         ("first: list", "a note: key (fractions are microtones), velocity 0..127, and an id to know it by"),
         ("first: messages", "see below; `commands` prints them")],
        [("signals", "left and right, or as many as the first argument says; with -m one multichannel outlet"),
         ("last: ready", "a patch given as an argument is loaded"),
         ("loaded name", "a patch that was read is heard"), ("swapped name frames", "a change is heard"),
         ("value path v", "a knob or parameter was changed, or asked for"), ("voices n, cpu pct", "as `poll` asks for"),
         ("error code text", "what went wrong, where, and what to do; the console has it too")],
        [("number", "outlets, 2 unless told"), ("file", "patch to begin with: .json, .sexp or .msgpack"),
         ("-name synth", "for [megasynth.tap~], [megasynth.get], the abstractions, and messages sent to it"),
         ("-in number", "signal inlets"), ("-voices number", "instead of what the patch says"),
         ("-m", "all outputs in one multichannel outlet, where Pd has it"),
         ("-k", "keeps its state in the Pd patch when that is saved")], messages))
    s.text(690, y, "all of it")
    see_also(s, y + 100, ["megasynth.tap~", "megasynth.get", "megasynth.knob", "megasynth.meter", "megasynth.scope",
                      "megasynth.midi"])
    y = s.height
    s.obj(20, y, "megasynth-modules")
    s.text(156, y, "what patches are made of")
    s.text(370, y, "examples: megasynth-1-first-sound.pd and those after it")
    s.height = y + 30
    return s


def boxes(s, x, y, lines, step=28, gap=230):
    """Messages one below the other, each with what it does. @return (numbers, y below)"""
    numbers = []
    for message, doc in lines:
        numbers.append(s.msg(x, y, message))
        columns = max(len(part) for part in broken(message))
        if doc:
            s.text(x + max(columns * CHAR_WIDTH + 30, gap), y, doc)
        y += step + (len(broken(message)) - 1) * LINE_HEIGHT
    return numbers, y


def broken(message):
    """The lines that Pd makes of a message."""
    lines = [""]
    for word in message.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > MESSAGE_COLUMNS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def synth_below(s, x, y, arguments="2 keys.json -name help"):
    synth = s.obj(x, y, f"megasynth~ {arguments}")
    output(s, synth, x, y + 36)
    return synth


def tap_help():
    s = Sheet(WIDTH, 500)
    s.title("megasynth.tap~", "a signal from inside a [megasynth~]")
    s.text(10, 52, "Any output of any node, by the name of the synth: all voices summed, or each in an outlet of its own.", 106)
    sound_switch(s, 20, 80)
    notes = s.msg(20, 126, "48 100, 55 100, 64 100")
    off = s.msg(210, 126, "alloff")
    synth = synth_below(s, 20, 160)
    s.chain(notes, synth)
    s.connect(off, synth)
    s.heading(10, 256, WIDTH - 20, "the sum of the voices")
    tap = s.obj(20, 286, "megasynth.tap~ help osc.out")
    scope = s.obj(20, 316, "megasynth.scope")
    s.connect(tap, scope)
    s.text(260, 286, "before the filter")
    lfo = s.obj(420, 286, "megasynth.tap~ help lfo.out")
    snapshot = s.obj(420, 346, "snapshot~")
    metro = s.obj(420, 316, "metro 100")
    load = s.obj(510, 316, "loadbang")
    shown = s.number(420, 376)
    s.connect(lfo, snapshot)
    s.chain(load, metro, snapshot, shown)
    s.text(630, 286, "a control signal")
    s.heading(10, 436, WIDTH - 20, "each voice for itself")
    voices = s.obj(20, 466, "megasynth.tap~ help aenv.out 4")
    begin, clock = s.obj(420, 466, "loadbang"), s.obj(420, 496, "metro 100")
    s.connect(begin, clock)
    for i in range(4):
        snap, number = s.obj(20 + i * 90, 530, "snapshot~"), s.number(20 + i * 90, 558)
        s.connect(voices, snap, i)
        s.connect(clock, snap)
        s.connect(snap, number)
    s.text(520, 466, "the envelopes of four voices", 40)
    s.sub(600, 558, reference("[megasynth.tap~ name node.port voices]", [],
                              [("signals", "the port's signal, late by a block (Pd's 64 samples, or the longer of synth's and tap's), whichever object was made first; with -m in one multichannel outlet")],
                              [("name", "of a [megasynth~ -name name]; it may come later"),
                               ("node.port", "an output of a node"), ("voices", "how many to give apart; none: their sum"),
                               ("-m", "the voices in one multichannel outlet, where Pd has it")]))
    see_also(s, 598, ["megasynth~", "megasynth.get", "megasynth.scope"])
    return s


def get_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.get", "asks a [megasynth~] and gives the answers")
    s.text(10, 52, "The same questions can be sent to [megasynth~] itself; here the answers come apart from everything else.", 106)
    questions = [("dump", "the patch, as the messages that build it"), ("nodes", "nodes, knobs and cables"),
                 ("get filt.res", "a value"), ("get cutoff", "a knob"), ("modules", "what patches can be made of"),
                 ("modules svf", "all about one"), ("commands", "all messages"), ("voices", "how many sound")]
    y, boxes = 90, []
    for message, doc in questions:
        boxes.append(s.msg(20, y, message))
        s.text(150, y, doc)
        y += 26
    get = s.obj(20, y + 10, "megasynth.get help")
    for box in boxes:
        s.connect(box, get)
    s.connect(get, s.obj(20, y + 40, "print answer"))
    s.text(150, y + 40, "look at Pd's window")
    synth_below(s, 460, 90)
    s.sub(600, y + 10, reference("[megasynth.get name]", [("messages", "dump, nodes, get, values, modules, commands, voices, version"),
                                                          ("bang", "as nodes")],
                                 [("answers", "as [megasynth~] gives them at its last outlet")],
                                 [("name", "of a [megasynth~ -name name]")]))
    see_also(s, y + 90, ["megasynth~", "megasynth.tap~"])
    return s


def knob_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.knob", "a slider for a knob")
    sound_switch(s, 20, 56)
    note = s.msg(20, 104, "48 100, 55 100")
    off = s.msg(150, 104, "alloff")
    for i, (knob, doc) in enumerate((("cutoff", "the filter's frequency"), ("resonance", "its resonance"), ("space", "reverb"))):
        s.obj(20, 142 + i * 34, f"megasynth.knob help {knob}")
        s.text(200, 144 + i * 34, f"{knob}: {doc}")
    synth = synth_below(s, 20, 258)
    s.connect(note, synth)
    s.connect(off, synth)
    s.sub(600, 258, reference("[megasynth.knob name knob]",
                              [("number 0..1", "turns the knob, and shows it"),
                               ("value knob v", "from the synth's last outlet: only shows it")],
                              [("knob knob value", "what it sends to the synth")],
                              [("name", "of a [megasynth~ -name name]"), ("knob", "of its patch")]))
    see_also(s, 352, ["megasynth~", "megasynth.meter", "megasynth.midi"])
    return s


def meter_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.meter", "how loud a signal is, in dB below full scale")
    sound_switch(s, 20, 56)
    note, off = s.msg(20, 104, "48 100, 55 100, 64 100"), s.msg(210, 104, "alloff")
    synth = synth_below(s, 20, 140)
    meter = s.obj(420, 170, "megasynth.meter")
    shown = s.number(420, 320)
    s.connect(note, synth)
    s.connect(off, synth)
    s.connect(synth, meter)
    s.connect(meter, shown)
    s.sub(600, 140, reference("[megasynth.meter]", [("signal", "to be measured")],
                              [("number", "dB below full scale, RMS over 2,048 samples")], []))
    see_also(s, 360, ["megasynth~", "megasynth.scope", "megasynth.tap~"])
    return s


def scope_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.scope", "the wave of a signal")
    sound_switch(s, 20, 56)
    note, off = s.msg(20, 104, "45 100"), s.msg(110, 104, "alloff")
    synth = synth_below(s, 20, 140)
    scope = s.obj(360, 126, "megasynth.scope")
    s.connect(note, synth)
    s.connect(off, synth)
    s.connect(synth, scope)
    s.sub(600, 140, reference("[megasynth.scope]", [("signal", "drawn from where it rises through zero, so that it stands still")],
                              [], []))
    see_also(s, 264, ["megasynth~", "megasynth.meter", "megasynth.tap~"])
    return s


def midi_help():
    s = Sheet(WIDTH, 400)
    s.title("megasynth.midi", "plays a [megasynth~] from Pd's MIDI input")
    s.text(10, 52, "Notes, pedals, bend, pressure, controllers; MPE zones are understood: each finger bends its own note.", 106)
    sound_switch(s, 20, 80)
    s.obj(20, 128, "megasynth.midi help")
    s.text(190, 128, "choose the device in Media > MIDI settings")
    mapped = s.msg(20, 162, "map 74 cutoff")
    s.text(190, 162, "controller 74 turns the knob `cutoff`")
    synth = synth_below(s, 20, 200)
    s.connect(mapped, synth)
    s.sub(600, 200, reference("[megasynth.midi name]", [("number", "more bytes, as from another device")],
                              [("midi byte", "what it sends to the synth")], [("name", "of a [megasynth~ -name name]")]))
    see_also(s, 306, ["megasynth~", "megasynth.knob"])
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
            "megasynth.scope-help": scope_help(), "megasynth.midi-help": midi_help(), "megasynth-meta": meta()}
