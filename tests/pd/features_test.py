#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""features_test -- taps, questions, state in the patch, inputs, MIDI, OSC's words, dumps: each in the real Pd.
usage: features_test.py EXTERNALS EXAMPLES
"""
import json
import os
import re
import sys

import pd


def run(externals, folder, patch, script, milliseconds):
    """A patch with its own objects, driven by [qlist]."""
    start, read, player = patch.add("loadbang"), patch.message("read script.txt , bang"), patch.add("qlist")
    patch.connect(start, read)
    patch.connect(read, player)
    with open(os.path.join(folder, "script.txt"), "w") as file:
        file.write(pd.qlist([(0, "pd dsp 1"), *script, (milliseconds, "pd quit")]))
    with open(os.path.join(folder, "main.pd"), "w") as file:
        file.write(patch.text())
    return pd.pd(externals, folder, "main.pd")


def tables(patch, names, frames):
    """[tabwrite~]s with their tables, begun by `record`, written by `write`. @return their numbers"""
    record, numbers = patch.add("r record"), []
    for name in names:
        patch.add(f"table {name} {frames}")
        numbers.append(patch.add(f"tabwrite~ {name}"))
        patch.connect(record, numbers[-1])
    patch.connect(patch.add("r write"), patch.add("soundfiler"))
    return numbers


def check_taps(externals, examples):
    """A tap of what goes to the output is the output; taps of each voice sum up to the sum."""
    document = {"voices": 4, "nodes": {"note": {"type": "note"}, "osc": {"type": "osc.sine"}, "vca": {"type": "gain"},
                                       "out": {"type": "output"}},
                "connections": [{"from": ["note", "freq"], "to": ["osc", "freq"]}, {"from": ["osc", "out"], "to": ["vca", "in"]},
                                {"from": ["note", "gate"], "to": ["vca", "amp"]}, {"from": ["vca", "out"], "to": ["out", "in"]}]}
    with pd.folder() as folder:
        with open(os.path.join(folder, "poly.json"), "w") as file:
            json.dump(document, file)
        patch = pd.Patch()
        synth = patch.add("megasynth~ 1 poly.json -name foo")
        info = patch.add("print info")
        patch.connect(synth, info, 1)
        total, voices = patch.add("megasynth.tap~ foo vca.out"), patch.add("megasynth.tap~ foo vca.out 4")
        names = ["output", "total", "v0", "v1", "v2", "v3"]
        writers = tables(patch, names, 9600)
        patch.connect(synth, writers[0])
        patch.connect(total, writers[1])
        for c in range(4):
            patch.connect(voices, writers[2 + c], c)
        script = [(0, "foo sync"), (0, "record bang"), (10, "foo 60 100"), (30, "foo 64 100"), (50.3, "foo 67 100"), (80, "foo 60 0"),
                  (100, "foo 72 100"), (150, "foo 64 0"), (201, "write write -wave -bytes 4 all.wav " + " ".join(names))]
        said = run(externals, folder, patch, script, 210)
        waves = pd.read_wave(os.path.join(folder, "all.wav"))
    assert not pd.messages(said, "error"), said
    output, total, *voices = waves
    # one channel of output is half of left and right, of which the tap is either; voices are summed in another order
    delay = next(d for d in (0, 64) if all(abs(a - b) < 1e-6 for a, b in zip(output[:9600 - d], total[d:])))
    assert max(map(abs, output)) > 0.5
    peaks = [max(map(abs, voice)) for voice in voices]
    assert all(peak > 0.5 for peak in peaks), peaks
    worst = max(abs(sum(parts) - whole) for *parts, whole in zip(*voices, total))
    assert worst < 1e-6, worst
    print(f"taps: the sum is the output, {delay} frames later; four voices in four channels differ from it by {worst:.1e}")


def check_questions(externals, examples):
    """Answers come out of [megasynth.get]; `dump` rebuilds the same patch in another object."""
    with pd.folder() as folder:
        patch = pd.Patch()
        first = patch.add(f"megasynth~ 2 {examples}/keys.json -name one")
        second = patch.add("megasynth~ 2 -name two")
        get, route, out = patch.add("megasynth.get one"), patch.add("route dump"), patch.add("print info")
        ask, trim = patch.add("r ask"), patch.add("list trim")
        patch.connect(ask, get)
        patch.connect(get, route)
        patch.connect(route, trim)
        patch.connect(trim, second)
        patch.connect(route, out, 1)
        names = ["a", "b"]
        writers = tables(patch, names, 9600)
        patch.connect(first, writers[0])
        patch.connect(second, writers[1])
        script = [(1, "one knob cutoff 0.6"), (1, "one add extra svf freq 300"), (1, "one connect extra.low out.left"),
                  (1, "one set aenv.attack 0.02"), (1, "one set extra.res 0"), (1, "one sync"), (20, "ask dump"), (20, "one sync"), (20, "two sync"),
                  (60, "ask get cutoff"), (60, "ask get aenv.attack"), (60, "ask get osc.wave3"), (60, "ask get fenv.sustain"),
                  (60, "ask nodes"), (60, "ask modules svf"), (60, "ask version"), (60, "one sync"),
                  (100, "one panic"), (100, "two panic"), (150, "one write one.json"), (150, "two write two.json"),
                  (150, "one sync"), (150, "two sync")]
        said = run(externals, folder, patch, script, 400)
        documents = []
        for name in ("one.json", "two.json"):
            with open(os.path.join(folder, name)) as file:
                documents.append(json.load(file))
    assert not pd.messages(said, "error"), said
    values = {path: value for path, value in pd.messages(said, "value")}
    assert values == {"cutoff": "0.6", "aenv.attack": "0.02", "osc.wave3": "pulse", "fenv.sustain": "0.3"}, values
    listed = [node for node, *_ in pd.messages(said, "node")]
    assert "extra" in listed and "filt" in listed and pd.messages(said, "version"), said
    one, two = ({key: document.get(key) for key in ("voices", "nodes", "knobs", "connections")} for document in documents)
    assert one["nodes"]["extra"]["params"]["res"] == 0, one["nodes"]["extra"]
    assert one == two, f"{json.dumps(one)}\n{json.dumps(two)}"
    print(f"questions: 4 values, {len(listed)} nodes; a dump into another object gives the same document")


def check_state(externals, examples):
    """-k keeps the patch, with what was turned, in Pd's own file; opened again it is what it was."""
    with pd.folder() as folder:
        with open(os.path.join(folder, "kept.pd"), "w") as file:
            patch = pd.Patch()
            patch.add("megasynth~ 2 -k -name kept")
            file.write(patch.text())
        opener = pd.Patch()
        script = [(5, f"pd open kept.pd {folder}"), (10, "kept begin"), (10, "kept add o osc.saw freq 110.5"),
                  (10, "kept newknob level 0.25 0 1 lin dB"), (10, "kept connect o.out out.in 0.3"),
                  (10, "kept connect level o.amp"), (10, "kept commit"), (10, "kept sync"), (30, "kept knob level 0.75"),
                  (40, "pd-kept.pd menusave"), (40, f"pd-kept.pd savetofile kept.pd {folder}"), (60, "pd-kept.pd menuclose 1")]
        said = run(externals, folder, opener, script, 100)
        assert "error" not in said, said
        with open(os.path.join(folder, "kept.pd")) as file:
            text = file.read()
        assert "\n#A restore add o osc.saw freq 110.5;\n" in text and "#A state" not in text, text
        again = pd.Patch()
        script = [(5, f"pd open kept.pd {folder}"), (20, f"kept write {folder}/after.json"), (20, "kept sync")]
        said = run(externals, folder, again, script, 100)
        assert "error" not in said, said
        with open(os.path.join(folder, "after.json")) as file:
            after = json.load(file)
    node, knob = after["nodes"]["o"], after["knobs"]["level"]
    assert node == {"type": "osc.saw", "params": {"freq": 110.5}} and knob["value"] == 0.75 and knob["unit"] == "dB", after
    print(f"state: {len(text)} bytes in the patch, opened again with its knob as it was turned")


def check_inputs(externals, examples):
    """What goes in comes out: at once where blocks are whole, a block later where they are not."""
    document = {"nodes": {"a": {"type": "input", "params": {"channel": 1}}, "b": {"type": "input", "params": {"channel": 2}}, "out": {"type": "output"}},
                "connections": [{"from": ["a", "out"], "to": ["out", "left"]}, {"from": ["b", "out"], "to": ["out", "right"]}]}
    for block, delay in ((64, 0), (256, 0), (16, 64)):
        with pd.folder() as folder:
            with open(os.path.join(folder, "through.json"), "w") as file:
                json.dump(document, file)
            patch, inner = pd.Patch(), pd.Patch()
            synth = inner.add("megasynth~ 2 through.json -in 2 -name foo")
            left, right = inner.add("osc~ 441"), inner.add("phasor~ 99")
            inner.connect(left, synth)
            inner.connect(right, synth, 0, 1)
            names = ["il", "ir", "ol", "or"]
            record = inner.add("r record")
            for name, (source, outlet) in zip(names, ((left, 0), (right, 0), (synth, 0), (synth, 1))):
                inner.add(f"table {name} 4800")
                writer = inner.add(f"tabwrite~ {name}")
                inner.connect(record, writer)
                inner.connect(source, writer, outlet)
            inner.add(f"block~ {block}")
            patch.sub(inner)
            patch.connect(patch.add("r write"), patch.add("soundfiler"))
            said = run(externals, folder, patch, [(10, "record bang"), (150, "write write -wave -bytes 4 all.wav " + " ".join(names))], 160)
            waves = pd.read_wave(os.path.join(folder, "all.wav"))
        assert "error" not in said, said
        for source, result in ((waves[0], waves[2]), (waves[1], waves[3])):
            assert max(map(abs, result)) > 0.5 and list(result[delay:]) == list(source[:len(source) - delay]), (block, delay)
        print(f"inputs: at blocks of {block} what goes in comes out {delay} frames later")


def check_words(externals, examples):
    """MIDI bytes, OSC's words and messages that say the same give the same sound."""
    path = os.path.join(examples, "keys.json")
    spellings = {
        "messages": [(20, "synth 60 100"), (40, "synth note 64 90"), (60, "synth knob cutoff 0.7"), (80, "synth noteoff 60"),
                     (90, "synth set vca.amp 0.2"), (120, "synth 64 0"), (150, "synth bend 0.5"), (150, "synth 50 127")],
        "bytes": [(20, "synth midi 144 60 100"), (40, "synth midi 64 90"), (50, "synth map 3 cutoff"), (60, "synth knob cutoff 0.7"),
                  (80, "synth noteoff 60"), (90, "synth set vca.amp 0.2"), (120, "synth noteoff 64"), (150, "synth bend 0.5"),
                  (150, "synth midi 248 144 50 127")],
        "words": [(20, f"synth list note on 60 {100 / 127:.9g}"), (40, f"synth note on 64 {90 / 127:.9g}"),
                  (60, "synth list knob set cutoff 0.7"), (80, "synth note off 60"), (90, "synth param set vca amp 0.2"),
                  (120, "synth note off 64"), (150, "synth bend 0.5"), (150, "synth note on 50 1")],
    }
    results = {}
    for name, script in spellings.items():
        with pd.folder() as folder:
            results[name], said = pd.session(externals, folder, path, script, milliseconds=300)
            assert not pd.messages(said, "error"), said
    assert results["messages"] == results["bytes"] == results["words"]
    print(f"words: messages, MIDI bytes and OSC's words: the same {len(results['words'][0])} frames")


def check_mpe(externals, examples):
    """In a zone each channel bends its own note; the same by ids."""
    path = os.path.join(examples, "keys.json")
    bend = 8192 + 2048  # a quarter of 48 semitones
    by_midi = [(5, "synth midi 176 101 0 100 6 6 15"), (20, "synth midi 145 60 100 146 64 100"),
               (50, f"synth midi 225 {bend & 127} {bend >> 7}"), (80, "synth midi 209 50")]
    by_id = [(20, "synth 60 100 a"), (20, "synth 64 100 b"), (50, f"synth bend a {48 * 2048 / 8191:.9g}"),
             (80, f"synth press a {50 / 127:.9g}")]
    waves = []
    for script in (by_midi, by_id):
        with pd.folder() as folder:
            wave, said = pd.session(externals, folder, path, script, milliseconds=200)
            assert not pd.messages(said, "error"), said
            waves.append(wave)
    assert waves[0] == waves[1]
    print("MPE: a zone's channels bend and press their notes as ids do")


def check_midi_facts(externals, examples):
    """What MIDI says of channels, the same by ids."""
    path = os.path.join(examples, "keys.json")
    facts = {
        "a bend before its note": ([(20, "synth midi 224 127 127"), (40, "synth midi 144 60 100")],
                                   [(40, "synth 60 100 a"), (40, "synth bend a 2")]),
        "RPN 0 of one member, for member 16": (
            [(5, "synth midi 176 101 0 100 6 6 15 177 101 0 100 0 6 24"), (20, "synth midi 159 48 100"), (50, "synth midi 239 0 96")],
            [(20, "synth 48 100 a"), (50, f"synth bend a {24 * 4096 / 8191:.9g}")]),
        "CC 121": ([(20, "synth midi 224 127 127 144 60 100"), (60, "synth midi 176 121 0"), (100, "synth midi 144 64 90")],
                   [(20, "synth 60 100 a"), (20, "synth bend a 2"), (60, "synth bend a 0"), (100, "synth 64 90")]),
        "bends of two channels": ([(20, "synth midi 145 60 100 146 60 100"), (50, "synth midi 225 127 127"), (80, "synth midi 129 60 64")],
                                  [(20, "synth 60 100 a"), (20, "synth 60 100 b"), (50, "synth bend a 2"), (80, "synth noteoff a 64")]),
        "a pedal of one channel": ([(20, "synth midi 177 64 127 145 60 100 146 64 100"), (50, "synth midi 129 60 0 130 64 0")],
                                   [(20, "synth 60 100 a"), (20, "synth 64 100 b"), (50, "synth noteoff b 0")]),
    }
    for name, scripts in facts.items():
        waves = []
        for script in scripts:
            with pd.folder() as folder:
                wave, said = pd.session(externals, folder, path, script, milliseconds=200)
                assert not pd.messages(said, "error"), said
                waves.append(wave)
        assert waves[0] == waves[1] and max(map(abs, waves[0][0])) > 0.01, name
    print(f"MIDI: {', '.join(facts)}: as by ids")


def check_program(externals, examples):
    """Program change: the preset of that place in the document."""
    waves = []
    for script in ([(10, "synth preset save one"), (20, "synth knob cutoff 0.9"), (30, "synth preset save two"),
                    (40, f"synth {recall}"), (60, "synth 60 100")] for recall in ("midi 192 0", "preset recall one")):
        with pd.folder() as folder:
            wave, said = pd.session(externals, folder, os.path.join(examples, "keys.json"), script, milliseconds=200)
            assert not pd.messages(said, "error"), said
            waves.append(wave)
    assert waves[0] == waves[1]
    print("MIDI: a program change recalls the preset of its number")


def check_steal(externals, examples):
    """`steal 0`: a note too many is not played."""
    counts = []
    for steal in (0, 1):
        with pd.folder() as folder:
            script = [(1, f"synth steal {steal}")] + [(20 + i, f"synth {50 + i} 100") for i in range(12)]
            script += [(200, "synth voices"), (200, "synth panic"), (250, "synth voices")]
            _, said = pd.session(externals, folder, f"{examples}/keys.json", script, milliseconds=300)
            counts.append([int(float(n)) for n, in pd.messages(said, "voices")])
    assert counts == [[8, 0], [8, 0]], counts
    print(f"stealing on and off: {counts}")


def check_panic(externals, examples):
    """`panic` stops a patch that sounds without notes, echoes and all, until something is played or loaded."""
    with pd.folder() as folder:
        script = [(100, "synth panic"), (300, "synth 60 100"), (400, "synth panic"), (600, f"synth read {examples}/tremolo.json")]
        wave, said = pd.session(externals, folder, f"{examples}/tremolo.json -wait", script, milliseconds=800)
    assert not pd.messages(said, "error"), said
    peaks = [max(map(abs, wave[0][at * 48:(at + 90) * 48])) for at in range(5, 800, 100)]
    sounds = [peak > 0.05 for peak in peaks]
    assert sounds == [True, False, False, True, False, False, True, True], peaks
    print(f"panic: peaks of 100 ms each {[round(peak, 2) for peak in peaks]}")


def check_presets(externals, examples):
    """Saved, recalled, morphed, kept in the document, and rebuilt by a dump."""
    with pd.folder() as folder:
        script = [(20, "synth knob cutoff 0.2"), (20, "synth set osc.wave3 saw"), (40, "synth preset save dark"), (40, "synth sync"),
                  (50, "synth knob cutoff 0.9"), (50, "synth set osc.wave3 pulse"),
                  (50, "synth newpreset bright cutoff 0.8 vca.amp 0.1"), (50, "synth sync"),
                  (60, "synth preset recall dark"), (80, "synth get cutoff"), (80, "synth get osc.wave3"), (80, "synth sync"),
                  (90, "synth preset morph bright 50"), (180, "synth get cutoff"), (180, "synth get vca.amp"), (180, "synth sync"),
                  (185, "synth preset list"), (185, "synth dump"), (185, "synth write kept.json"), (185, "synth sync"),
                  (190, "synth preset remove dark"), (190, "synth sync"), (210, "synth preset recall dark")]
        _, said = pd.session(externals, folder, f"{examples}/keys.json", script, milliseconds=250)
        with open(os.path.join(folder, "kept.json")) as file:
            kept = json.load(file)
    values = pd.messages(said, "value")
    for value in (["cutoff", "0.2"], ["osc.wave3", "saw"], ["cutoff", "0.8"], ["vca.amp", "0.1"]):
        assert value in values, values
    names = [words[0] for words in pd.messages(said, "preset") if words[0] != "saved"]
    assert names == ["dark", "bright"] and set(kept["presets"]) == {"dark", "bright"}, (names, said)
    assert kept["presets"]["bright"] == {"knobs": {"cutoff": 0.8}, "params": {"vca": {"amp": 0.1}}}, kept["presets"]
    assert ["newpreset", "bright", "cutoff", "0.8", "vca.amp", "0.1"] in pd.messages(said, "dump"), said
    assert len(pd.messages(said, "error")) == 1, said
    print(f"presets: {len(values)} values told, {len(kept['presets'])} kept in the document")


def check_abstractions(externals, examples):
    """They open, the knob turns the synth's and follows it, the meter and the scope take its sound."""
    with pd.folder() as folder:
        patch = pd.Patch()
        knob, synth = patch.add("megasynth.knob syn cutoff"), patch.add(f"megasynth~ 2 {examples}/keys.json -name syn")
        meter, scope, midi = patch.add("megasynth.meter"), patch.add("megasynth.scope"), patch.add("megasynth.midi syn")
        turn, info, level, bytes_in = patch.add("r turn"), patch.add("print info"), patch.add("print level"), patch.add("r bytes")
        patch.connect(turn, knob)
        patch.connect(bytes_in, midi)
        for sink in (meter, scope):
            patch.connect(synth, sink)
        patch.connect(synth, info, 2)
        patch.connect(synth, knob, 2)
        patch.connect(meter, level)
        script = [(20, "turn 0.75"), (30, "syn get cutoff"), (30, "syn sync")]
        script += [(40, f"bytes {byte}") for byte in (144, 60, 100)] + [(300, "syn voices")]
        said = run(externals, folder, patch, script, 400)
    assert "error" not in said, said
    assert ["cutoff", "0.75"] in pd.messages(said, "value") and pd.messages(said, "voices") == [["1"]], said
    loud = max(float(line.split()[1]) for line in said.splitlines() if line.startswith("level:"))
    assert -40 < loud < 0, loud
    print(f"abstractions: a knob turned, a note by MIDI bytes, {loud:.1f} dB on the meter")


def check_name_and_rate(externals, examples):
    """A synth whose sampling rate changes starts afresh at the new one, with its knobs as they were turned."""
    with pd.folder() as folder:
        script = [(20, "synth knob cutoff 0.9"), (30, "synth get cutoff"), (30, "synth sync")]
        _, said = pd.session(externals, folder, f"{examples}/keys.json", script, milliseconds=100, upsample=4)
    assert pd.messages(said, "value")[-1] == ["cutoff", "0.9"], said
    print("rate: at 192 kHz in a subpatch, knobs and all")


def check_toy(externals, examples):
    """The toy of the first brief by messages, on a fresh object whose document holds `out`: what is there already is no error."""
    script = [(20, "synth add osc1 osc.sine freq 440"), (20, "synth add gain1 gain amp 0.5"), (20, "synth add out output"),
              (20, "synth connect osc1.out gain1.in"), (20, "synth connect gain1.out out.in")]
    with pd.folder() as folder:
        channels, said = pd.session(externals, folder, "", [*script, (20, "synth sync"), *((60, line) for _, line in script), (60, "synth sync")],
                                    milliseconds=200)
    assert not pd.messages(said, "error"), said
    peak = max(abs(sample) for sample in channels[0])
    assert 0.49 < peak < 0.51, peak
    print(f"toy: by messages, twice, peak {peak:.3f}")


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    for check in (check_taps, check_questions, check_state, check_inputs, check_words, check_mpe, check_midi_facts, check_program, check_steal, check_panic,
                  check_presets, check_abstractions, check_name_and_rate, check_toy):
        check(externals, examples)


main()
