# SPDX-License-Identifier: MIT
"""examples -- patches that teach, one thing each, in the order to be read."""
from objects import WIDTH, boxes, output, sound_switch
from sheet import Sheet


def page(number, name, what, words, arguments, lines, gap=230):
    """Sound, some words, messages, the synth. @return (sheet, the synth, y below it)"""
    s = Sheet(WIDTH, 400)
    s.title(f"{number} {name}", what)
    s.text(10, 52, words, 106)
    sound_switch(s, 20, 96)
    sources, y = boxes(s, 20, 146, lines, gap=gap)
    synth = s.obj(20, y + 14, f"megasynth~ {arguments}")
    for source in sources:
        s.connect(source, synth)
    output(s, synth, 20, y + 50)
    told = s.obj(244, y + 50, "print megasynth")
    s.connect(synth, told, 2)
    s.height = y + 120
    return s, synth, y + 110


def first_sound():
    return page(1, "first sound", "a synth from nothing, by messages",
                "Without a file a [megasynth~] holds nothing but `out`. Four nodes make a synth: the note, an oscillator, an envelope, a "
                "gain. Whatever depends on `note` exists once for each voice: nothing has to be said about polyphony.",
                "2", [
                    ("add n note, add osc osc.saw, add env env, add vca gain", "nodes: a name and a type"),
                    ("connect n.freq osc.freq, connect n.gate env.gate", "what the key says"),
                    ("connect osc.out vca.in, connect env.out vca.amp, connect vca.out out.in", "what is heard"),
                    ("60 100, 64 100, 67 100", "a chord"), ("60 0, 64 0, 67 0", "and its end"),
                    ("set env.attack 0.5, set env.release 2", "softer"),
                    ("write mine.json", "keep it: [megasynth~ 2 mine.json]")])[0]


def tremolo():
    s, synth, y = page(2, "tremolo", "knobs that mean something",
                       "A knob is a number from 0 to 1 that may turn many things, each over its own range. This patch has three: volume, "
                       "speed and depth.", "2 tremolo.json -name trem", [
                           ("knob speed 0.2", "slow"), ("knob speed 0.9 3000", "faster, in three seconds"),
                           ("knob vibrato 0 0 30, connect vibrato osc0.freq", "a new knob, 0..30 Hz, on another parameter"),
                           ("knob vibrato 1 500", "turned")])
    for i, knob in enumerate(("volume", "speed", "depth")):
        s.obj(480, 146 + i * 34, f"megasynth.knob trem {knob}")
        s.text(650, 148 + i * 34, knob)
    return s


def keyboard():
    s, synth, y = page(3, "keyboard", "notes from MIDI, notes at random, notes with names",
                       "Each note may carry an id, and then be bent and pressed for itself. Voices are taken from released notes first, and "
                       "what is taken fades: nothing clicks.", "2 keys.json -name keyboard -voices 16", [
                           ("60 100 a, 67 100 b", "two notes with ids"), ("bend a 2", "one goes up by two semitones"),
                           ("alloff", "all are released"), ("mode legato", "one voice: keys that overlap glide"),
                           ("set note.glide 0.15", "so long"), ("mode poly", "back")], gap=150)
    s.obj(440, 150, "megasynth.midi keyboard")
    s.text(620, 150, "a MIDI keyboard")
    s.heading(430, 190, 330, "at random")
    on, metro = s.toggle(440, 220), s.obj(440, 246, "metro 180")
    rand, plus, pack = s.obj(440, 272, "random 36"), s.obj(440, 298, "+ 40"), s.obj(440, 324, "makenote 90 400")
    both, send = s.obj(440, 350, "pack 0 0"), s.obj(440, 376, "s keyboard")
    s.chain(on, metro, rand, plus, pack, both, send)
    s.connect(pack, both, 1, 1)
    return s


def rewiring():
    return page(4, "rewiring", "change everything while it sounds",
                "Play a chord and click. What one logical time brings is one change, which is compiled aside and swapped between two blocks of "
                "64 samples. What stays keeps its state, cables fade, notes go on.", "2 keys.json", [
                    ("45 90, 52 90, 59 90, 64 90", "hold this"),
                    ("replace filt svf, connect filt.low vca.in", "another filter in its place"),
                    ("add echo delay time 0.3 feedback 0.6, connect vca.out echo.in, connect echo.out out.in 0.5", "an echo"),
                    ("connect lfo.out osc.detune 20", "the filter's LFO bends the oscillators too"),
                    ("begin, remove echo, voices 32, commit 500", "one change of several, faded over half a second"),
                    ("undo", "back"), ("undo", "further"), ("redo", "and forth"),
                    ("connect vca.out filt.in", "a mistake: told in the console, and nothing changes"),
                    ("alloff", "")])[0]


def presets():
    return page(5, "presets", "named values, and ways between them",
                "A patch may hold presets: values of knobs and parameters. They are recalled at once, or morphed to while notes sound.",
                "2 pad.json", [
                    ("48 90, 55 90, 60 90, 67 90", "hold this"), ("preset recall noon", "smoothed as each parameter is"),
                    ("preset morph waves 3000", "in three seconds"), ("preset morph dusk 8000", "in eight"),
                    ("knob bright 0.9", "turn something"), ("preset save mine", "all as it is now"),
                    ("preset recall pluck", "another"), ("preset recall mine", "and back"), ("preset list", "what there is"),
                    ("alloff", "")])[0]


def taps():
    s, synth, y = page(6, "taps", "signals out of the synth, voice by voice",
                       "Any output of any node can be had in Pd: summed, or each voice apart, to be processed by Pd's own objects.",
                       "2 keys.json -name tapped", [("48 100, 55 100, 60 100, 64 100", "four notes"), ("alloff", "")])
    s.heading(10, y, WIDTH - 20, "the oscillators: each voice to another side")
    tap = s.obj(20, y + 30, "megasynth.tap~ tapped osc.out 4")
    left, right = s.obj(20, y + 100, "*~ 0.05"), s.obj(140, y + 100, "*~ 0.05")
    for voice in range(4):
        s.connect(tap, left if voice % 2 == 0 else right, voice)
    dac = s.obj(20, y + 130, "dac~ 1 2")
    s.connect(left, dac)
    s.connect(right, dac, 0, 1)
    scope_tap = s.obj(420, y + 30, "megasynth.tap~ tapped lfo.out")
    scope = s.obj(420, y + 60, "megasynth.scope")
    s.connect(scope_tap, scope)
    s.height = y + 200
    return s


def examples():
    made = (first_sound(), tremolo(), keyboard(), rewiring(), presets(), taps())
    names = ("1-first-sound", "2-tremolo", "3-keyboard", "4-rewiring", "5-presets", "6-taps")
    return {f"megasynth-{name}": sheet for name, sheet in zip(names, made)}
