# SPDX-License-Identifier: MIT
"""examples -- patches that teach, one thing each, in the order to be read."""
from objects import WIDTH, keyboard, synth_below
from sheet import LINE_HEIGHT, Sheet, text_lines

WORDS = 104  # columns


def page(number, name, what, words, arguments, lines, keys=None):
    """Some words, keys where there is a name for them, messages, the synth. @return (sheet, the synth, y below it)"""
    s = Sheet(WIDTH, 400)
    s.title(f"{number} {name}", what)
    s.text(10, 52, words, WORDS)
    y = 62 + text_lines(words, WORDS) * LINE_HEIGHT
    y = keyboard(s, 20, y, keys) if keys else y
    sources, y = s.staircase(20, y, lines)
    synth, y = synth_below(s, 20, y + 6, sources, arguments)
    s.height = y + 10
    return s, synth, y


def first_sound():
    return page(1, "first sound", "a synth from nothing, by messages",
                "Without a file a [megasynth~] holds nothing but `out`. Four nodes make a synth: the note, an oscillator, an envelope, a "
                "gain. Whatever depends on `note` exists once for each voice: you never mark nodes as polyphonic.",
                "2 -name $0-first", [
                    ("add n note, add osc osc.saw, add env env, add vca gain", "nodes: a name and a type"),
                    ("connect n.freq osc.freq, connect n.gate env.gate", "pitch and gate of the key"),
                    ("connect osc.out vca.in, connect env.out vca.amp, connect vca.out out.in", "the way of the sound"),
                    ("60 100, 64 100, 67 100", "a chord"), ("60 0, 64 0, 67 0", "and its end"),
                    ("set env.attack 0.5, set env.release 2", "softer"),
                    ("write mine.json", "keep it: [megasynth~ 2 mine.json]")], keys="$0-first")[0]


def tremolo():
    s, synth, y = page(2, "tremolo", "knobs that mean something",
                       "A knob is a number from 0 to 1 that may turn many things, each over its own range. This patch has three: volume, "
                       "speed and depth.", "2 tremolo.json -name $0-trem", [
                           ("knob speed 0.2", "slow"), ("knob speed 0.9 3000", "faster, in three seconds"),
                           ("knob vibrato 0 0 30, connect vibrato osc0.freq", "a new knob, 0..30 Hz, on another parameter"),
                           ("knob vibrato 1 500", "turned")])
    s.heading(10, y, WIDTH - 20, "its knobs: they follow the messages, too")
    for i, (knob, doc) in enumerate((("volume", "how loud"), ("speed", "of the tremolo"), ("depth", "of the tremolo"))):
        s.obj(20, y + 32 + i * 34, f"megasynth.knob $0-trem {knob}")
        s.text(190, y + 34 + i * 34, f"{knob}: {doc}")
    s.height = y + 140
    return s


def keys():
    s, synth, y = page(3, "keyboard", "notes from MIDI, notes at random, notes with names",
                       "Each note may carry an id, and then be bent and pressed for itself. Voices are taken from released notes first, and "
                       "a voice that is taken fades: nothing clicks.", "2 keys.json -name $0-keyboard -voices 16", [
                           ("60 100 a, 67 100 b", "two notes with ids"), ("bend a 2", "one goes up by two semitones"),
                           ("alloff", "all are released"), ("mode legato", "one voice: keys that overlap glide"),
                           ("set note.glide 0.15", "so long"), ("mode poly", "back")], keys="$0-keyboard")
    s.heading(10, y, 360, "a MIDI keyboard")
    s.obj(20, y + 34, "megasynth.midi $0-keyboard")
    s.text(20, y + 64, "its device: Media > MIDI settings")
    s.heading(400, y, WIDTH - 410, "at random")
    on, metro = s.toggle(410, y + 30), s.obj(410, y + 56, "metro 180")
    rand, plus, make = s.obj(410, y + 82, "random 36"), s.obj(410, y + 108, "+ 40"), s.obj(410, y + 134, "makenote 90 400")
    both, send = s.obj(410, y + 160, "pack f f"), s.obj(410, y + 186, "s $0-keyboard")
    s.chain(on, metro, rand, plus, make, both, send)
    s.connect(make, both, 1, 1)
    s.height = y + 220
    return s


def rewiring():
    return page(4, "rewiring", "change everything while it sounds",
                "Play a chord and click. All messages of one logical time become one change, which is compiled in the background and "
                "swapped in between two blocks of 64 samples. Unchanged nodes keep their state, changed cables crossfade.",
                "2 keys.json -name $0-rewire", [
                    ("45 90, 52 90, 59 90, 64 90", "hold this"),
                    ("replace filt svf, connect filt.low vca.in", "another filter in its place"),
                    ("add echo delay time 0.3 feedback 0.6, connect vca.out echo.in, connect echo.out out.in 0.5", "an echo"),
                    ("connect lfo.out osc.detune 20", "the filter's LFO bends the oscillators too"),
                    ("begin, remove echo, voices 32, commit 500", "one change of several, faded over half a second"),
                    ("undo", "back"), ("undo", "further"), ("redo", "and forth"),
                    ("connect vca.out filt.in", "a mistake: an error in Pd's window, and nothing changes"),
                    ("alloff", "the end of the notes")])[0]


def presets():
    return page(5, "presets", "named values, and ways between them",
                "A patch may hold presets: values of knobs and parameters. They are recalled at once, or morphed to while notes sound.",
                "2 pad.json -name $0-preset", [
                    ("48 90, 55 90, 60 90, 67 90", "hold this"), ("preset recall noon", "smoothed as each parameter is"),
                    ("preset morph waves 3000", "in three seconds"), ("preset morph dusk 8000", "in eight"),
                    ("knob bright 0.9", "turn something"), ("preset save mine", "all as it is now"),
                    ("preset recall pluck", "another"), ("preset recall mine", "and back"), ("preset list", "their names"),
                    ("alloff", "the end of the notes")], keys="$0-preset")[0]


def taps():
    s, synth, y = page(6, "taps", "signals out of the synth, voice by voice",
                       "Any output of any node can be had in Pd: summed, or each voice apart, to be processed by Pd's own objects.",
                       "2 keys.json -name $0-tapped", [("48 100, 55 100, 60 100, 64 100", "four notes"), ("alloff", "their end")])
    s.heading(10, y, WIDTH - 20, "the oscillators: each voice to another side")
    tap = s.obj(20, y + 30, "megasynth.tap~ $0-tapped osc.out 4")
    left, right, out = s.obj(20, y + 80, "*~ 0.15"), s.obj(140, y + 80, "*~ 0.15"), s.obj(20, y + 116, "megasynth.output~")
    for voice in range(4):
        s.connect(tap, left if voice % 2 == 0 else right, voice)
    s.connect(left, out)
    s.connect(right, out, 0, 1)
    scope_tap, scope = s.obj(420, y + 30, "megasynth.tap~ $0-tapped lfo.out"), s.obj(420, y + 64, "megasynth.scope")
    s.connect(scope_tap, scope)
    s.height = y + 190
    return s


def examples():
    made = (first_sound(), tremolo(), keys(), rewiring(), presets(), taps())
    names = ("1-first-sound", "2-tremolo", "3-keyboard", "4-rewiring", "5-presets", "6-taps")
    return {f"megasynth-{name}": sheet for name, sheet in zip(names, made)}
