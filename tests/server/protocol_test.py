#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""protocol_test -- a real server spoken to over its three transports: every command, errors, bundles, order, resends.

usage: protocol_test.py MEGASYNTHD
"""
import struct
import sys
import time

from wire import Client, Failed, PATCH, Server, bundle, message, pack, parse, raw, request, run

server = Server(sys.argv[1], "--state", "none")
KINDS = [("unix", "length"), ("tcp", "length"), ("tcp", "slip"), ("udp", "length")]


def loaded(kind="tcp"):
    c = server.client(kind)
    c.call("/patch/load", patch=PATCH)
    return c


def transports():
    for kind, framing in KINDS:
        c = server.client(kind, framing=framing)
        hello = c.call("/hello", proto=1, client="tést")
        assert hello["rate"] == 48000 and hello["block"] == 64 and len(hello["session"]) == 32
        assert hello["limits"]["frame_bytes_max"] == 16 << 20
        rev = c.call("/patch/load", patch=PATCH)["rev"]
        note = c.call("/note/on", key=60, velocity=0.5)["note"]
        done = c.call("/knob/set", name="cutoff", value=0.3)
        assert done["frame"] > 0 and done["rev"] == rev
        c.call("/param/set", node="filt", param="res", value=0.3, ramp_ms=5)
        edit = c.call("/patch/edit", ops=[{"op": "set", "id": "filt", "param": "res", "value": 0.4}])
        assert edit["rev"] == rev + 1 and edit["undo"][0]["op"] == "set"
        c.call("/note/off", note=note)
        assert c.call("/sync")["applied"]
        c.close()


def every_command():
    """Each row of the table, called without arguments, is answered once; none is unknown."""
    c = loaded()
    rows = c.call("/command/list")["commands"]
    before = c.call("/status")["counts"]["commands"]
    numbers = {c.ask(row["address"]): row for row in rows if row["address"] != "/quit"}
    failed = {}
    for number, row in numbers.items():
        try: c.answer(number)
        except Failed as failure:
            failed[row["address"]] = failure.code
            wants = [a for a in row["arguments"] if not a["optional"]]
            assert failure.code in ("bad-type", "not-found", "bad-value") or not wants, failure
            assert failure.code != "internal"
    for row in rows:
        missing = [a for a in row["arguments"] if not a["optional"]]
        assert not missing or failed[row["address"]] == "bad-type", row["address"]
    return f"{len(rows)} commands, {c.call('/status')['counts']['commands'] - before} answers"


def plain_and_errors():
    c = loaded()
    c.send(message("/knob/set", "cutoff", 1), message("/note/on", 60, 0.8, 7), message("/note/set", 7, "bend", 2.0),
           message("/note/off", 7), message("/note/on", 61.5, 1), message("/note/off", 61))
    c.call("/sync")
    assert not c.unasked, c.unasked
    cases = [(("/knob/set", "cutof", 0.5), "not-found"), (("/knob/set", "cutoff"), "bad-type"),
             (("/knob/set", "cutoff", 0.5, 3), "bad-type"), (("/knob/set", 3, 0.5), "bad-type"),
             (("/knob/set", "cutoff", 1.5), "bad-value"), (("/nothing",), "not-found"), (("/*",), "bad-value"),
             (("/note/on", 200, 1.0), "bad-value"), (("/param/set", "filt", "rez", 0.5), "not-found"),
             (("/synth/none/note/on", 60, 0.5), "not-found"), (("/knob/set", "cutoff", float("nan")), "bad-value")]
    for arguments, code in cases:
        c.unasked.clear()
        time.sleep(0.06)  # under twenty a second
        c.plain(*arguments)
        assert len(c.told()) == 1 and c.unasked[0][2] == code, (arguments, code, c.unasked)
    assert "/patch/edit" in c.fails("bad-value", "/param/set", node="out", param="first", value=2)["hint"]
    c.call("/preset/save", name="all")  # which leaves out what cannot change
    c.call("/preset/recall", name="all")
    fixed = dict(PATCH, presets={"p": {"params": {"out": {"first": 3}}}})
    assert c.fails("bad-type", "/patch/load", patch=fixed)["path"] == "presets.p.params.out.first"
    assert c.fails("not-found", "/knob/set", name="cutof", value=0.5)["hint"] == "did you mean `cutoff`?"
    assert c.fails("bad-value", "/knob/set", nam="cutoff", value=0.5)["path"] == "nam"
    assert c.fails("bad-value", "/note/on", key=60, velocity=2)["want"] == "0..1"
    bad = dict(PATCH, nodes=dict(PATCH["nodes"], filt={"type": "svff"}))
    assert c.fails("not-found", "/patch/load", patch=bad)["path"] == "nodes.filt.type"
    c.fails("cycle", "/patch/edit", ops=[{"op": "add", "id": "a", "type": "gain"}, {"op": "connect", "from": ["vca", "out"], "to": ["a", "in"]},
                                         {"op": "connect", "from": ["a", "out"], "to": ["filt", "in"]}])
    rev = c.call("/patch/get")["rev"]
    c.fails("conflict", "/patch/edit", ops=[{"op": "voices", "count": 5}], rev=rev + 7)
    assert c.call("/patch/get")["rev"] == rev


def payloads():
    c = loaded()
    cases = [(b"\x81\xa4name\xa6cutoff", "bad-type"), (b"\x80\x80", "bad-packet"), (b"\x90", "bad-type"), (b"\xc1", "bad-packet"),
             (b"\xdf\xff\xff\xff\xff", "bad-packet"), (b"\x82\xa4name\xa1a\xa4name\xa1b", "bad-value"),
             (b"\x81\x01\x02", "bad-type"), (b"\x81\xa1a\xa2\xc0\x80", "bad-packet"), (b"\x81\xa1a\xa1\x00", "bad-packet"),
             (b"\x81\xa5value\xcb\x7f\xf8\0\0\0\0\0\0", "bad-value"), (b"\x81\xa1a" * 17 + b"\x80", "limit"),
             (b"\x81\xa1a\xd4\x01\x00", "bad-packet"), (b"\x81\xa1a\xdb\xff\xff\xff\xff", "bad-packet"), (b"\x81\xa0\x01", "bad-value")]
    for blob, code in cases:
        c.send(message("/knob/set", c.next, blob))
        c.next += 1
        try: raise AssertionError((blob, c.answer(c.next - 1)))
        except Failed as failed: assert failed.code == code, (blob, failed)


def answered_once():
    """Repeating a request gives its answer again and does not run it again."""
    for kind in ("tcp", "udp"):
        c = loaded(kind)
        packet = request(1000, "/note/on", key=60, velocity=0.5)
        answers = []
        for _ in range(3):
            c.send(packet)
            answers.append(c.answer(1000))
        assert answers[0] == answers[1] == answers[2]
        again = c.call("/note/on", key=60, velocity=0.5)
        assert again["note"] == answers[0]["note"] + 1


def numbers_come_again():
    """A number that is used again after 1,024 others, while its first request is still being carried out."""
    c = loaded()
    c.again = True
    c.send(request(1 << 20, "/patch/check", patch=PATCH), request(1 << 20, "/patch/profile"))
    c.send(*[request(9000 + i, "/ping") for i in range(1100)], request(1 << 20, "/ping"))
    for i in range(1100): c.answer(9000 + i)
    c.call("/sync")
    assert c.answer(1 << 20)


def bundles():
    c = loaded()
    rev = c.call("/patch/get")["rev"]
    notes = c.call("/status")["synths"]["main"]["notes"]
    # one wrong message: nothing happens, one /fail with the index
    c.send(bundle(message("/note/on", 60, 0.5), message("/knob/set", "cutoff", 0.1), message("/knob/set", "nothing", 0.5)))
    assert len(c.told()) == 1 and c.unasked[0][2] == "not-found" and c.unasked[0][3]["index"] == 2, c.unasked
    c.send(bundle(message("/note/on", 60, 0.5), message("/nothing")))
    assert c.told(2)[1][2] == "not-found" and c.unasked[1][3]["index"] == 1, c.unasked
    assert c.call("/status")["synths"]["main"]["notes"] == notes
    # requests within: each answered once
    c.send(bundle(request(5001, "/note/on", key=60, velocity=0.5), request(5002, "/knob/set", name="x", value=1), request(5003, "/note/on", key=62, velocity=0.5)))
    codes = {}
    for number in (5001, 5002, 5003):
        try: c.answer(number)
        except Failed as failed: codes[number] = failed.code
    assert codes == {5001: "not-applied", 5002: "not-found", 5003: "not-applied"}, codes
    # all at one frame
    c.send(bundle(*[request(6000 + i, "/note/on", key=50 + i, velocity=0.2) for i in range(3)]))
    frames = {c.answer(6000 + i)["frame"] for i in range(3)}
    assert len(frames) == 1, frames
    # structure and events together: all or nothing
    c.send(bundle(request(7001, "/knob/new", name="fresh", value=0.5), request(7002, "/knob/set", name="frish", value=0.5)))
    for number, code in ((7002, "not-found"), (7001, "not-applied")):
        try: raise AssertionError(c.answer(number))
        except Failed as failed: assert failed.code == code, failed
    assert c.call("/patch/get")["rev"] == rev
    c.send(bundle(request(7003, "/knob/new", name="fresh", value=0.5), request(7004, "/knob/set", name="fresh", value=0.75),
                  request(7005, "/patch/add", id="more", type="gain"), request(7006, "/param/set", node="more", param="amp", value=0.5)))
    frames = {c.answer(7003 + i)["frame"] for i in range(4)}
    assert len(frames) == 1, frames
    assert c.call("/knob/get", name="fresh")["value"] == 0.75
    assert c.call("/patch/get")["rev"] == rev + 1
    # a note's own value of a parameter of a node that comes with it
    sounding = c.call("/note/on", key=60, velocity=0.5)["note"]
    c.send(bundle(request(7010, "/patch/edit", ops=[{"op": "add", "id": "own", "type": "gain"},
                                                    {"op": "connect", "from": ["saw", "out"], "to": ["own", "in"]},
                                                    {"op": "connect", "from": ["own", "out"], "to": ["vca", "in"]}]),
                  request(7011, "/note/set", note=sounding, node="own", param="amp", value=0.5)))
    dropped = c.call("/status")["synths"]["main"]["dropped"]
    assert c.answer(7010)["frame"] == c.answer(7011)["frame"]
    c.call("/sync")
    assert c.call("/status")["synths"]["main"]["dropped"] == dropped
    c.call("/note/all_off")
    # the messages' own frame, if it is one
    at = {"frame": c.call("/clock")["frame"] // 64 * 64 + 9600}
    edit = [{"op": "voices", "count": 5}]
    c.send(bundle(request(7012, "/patch/edit", ops=edit, at=at), request(7013, "/note/on", key=60, velocity=0.5, at=at)))
    assert c.answer(7012)["frame"] == c.answer(7013)["frame"] == at["frame"]
    at["frame"] += 48000
    c.send(bundle(request(7014, "/patch/edit", ops=edit, at=at), request(7015, "/note/on", key=60, velocity=0.5)))
    for number, code in ((7015, "bad-value"), (7014, "not-applied")):
        try: raise AssertionError(c.answer(number))
        except Failed as failed: assert failed.code == code, failed
    # what is refused although it is known only when the change is: a value of a knob, a note, that come with the bundle or do not
    for number, last, code in ((7020, ("/knob/set", {"name": "wide", "value": 7}), "bad-value"), (7030, ("/note/set", {"id": 77, "bend": 1}), "not-found"),
                               (7040, ("/note/off", {"id": 77}), "not-found")):
        c.call("/sync")
        rev, notes = c.call("/patch/get")["rev"], c.call("/status")["synths"]["main"]["notes"]
        c.send(bundle(request(number, "/knob/new", name="wide", value=0.5), request(number + 1, "/note/on", key=60, velocity=0.5),
                      request(number + 2, last[0], **last[1])))
        for at, wanted in ((number + 2, code), (number + 1, "not-applied"), (number, "not-applied")):
            try: raise AssertionError(c.answer(at))
            except Failed as failed: assert failed.code == wanted, (last, failed)
        until = c.call("/clock")["frame"] + 24000
        while c.call("/clock")["frame"] < until: time.sleep(0.02)
        assert c.call("/patch/get")["rev"] == rev, last
        assert c.call("/status")["synths"]["main"]["notes"] == notes, last
    # a note that the bundle starts is known in it
    c.send(bundle(request(7050, "/note/on", key=60, velocity=0.5, id=78), request(7051, "/note/set", id=78, bend=1), request(7052, "/note/off", id=78)))
    for number in (7050, 7051, 7052): c.answer(number)
    # not within a bundle, too deep, too many
    for packet, code in ((bundle(message("/quit")), "bad-value"),
                         (bundle(bundle(bundle(bundle(bundle(message("/ping")))))), "limit"),
                         (bundle(*[message("/note/on", 60, 0.1)] * 1025), "limit")):
        c.unasked.clear()
        c.send(packet)
        assert len(c.told()) == 1 and c.unasked[0][2] == code, (code, c.unasked)


def full():
    """Where the queue to the audio role has no room for all of a bundle, none of it is played."""
    with Server(sys.argv[1], "--latency", "1000") as slow:
        c = slow.client()
        c.call("/patch/load", patch=PATCH)
        c.call("/sync")
        c.send(*[bundle(*[message("/note/on", 60, 0.1)] * 3, *[message("/note/control", "timbre", 0.5)] * 990,
                        request(1000 + i, "/note/control", what="timbre", value=0.5)) for i in range(40)])
        codes = []
        for i in range(40):
            try: c.answer(1000 + i); codes.append("done")
            except Failed as failed: codes.append(failed.code)
        assert set(codes) == {"done", "not-applied"}, set(codes)
        assert c.told()[0][2] == "full" and c.unasked[0][3]["index"] == 0, c.unasked
        c.call("/sync")
        status = c.call("/status")["synths"]["main"]
        assert status["notes"] + status["dropped"] == 3 * codes.count("done"), (status, codes)
        return f"{codes.count('done')} of 40 bundles of 994 were played, the others told `full`"


def order_and_waiting():
    """What names something still being built waits for it."""
    c = server.client("tcp")
    big = dict(PATCH, knobs=dict(PATCH["knobs"]), nodes=dict(PATCH["nodes"]), connections=list(PATCH["connections"]))
    for i in range(300):
        big["nodes"][f"g{i}"] = {"type": "delay"}
        big["connections"] += [{"from": ["filt", "low"], "to": [f"g{i}", "in"]}, {"from": [f"g{i}", "out"], "to": ["out", "in"], "amount": 0.001}]
    big["knobs"]["late"] = {"value": 0.1}
    name = f"s{time.monotonic_ns()}"
    sent = [c.ask("/synth/new", name=name), c.ask(f"/synth/{name}/patch/load", patch=big), c.ask(f"/synth/{name}/note/on", key=60, velocity=0.5),
            c.ask(f"/synth/{name}/knob/set", name="late", value=0.9), c.ask(f"/synth/{name}/param/set", node="g299", param="time", value=0.1),
            c.ask(f"/synth/{name}/knob/set", name="never", value=0.9), c.ask("/sync")]
    for number in sent[:5]: c.answer(number)
    try: raise AssertionError(c.answer(sent[5]))
    except Failed as failed: assert failed.code == "not-found"
    c.answer(sent[6])
    assert c.call(f"/synth/{name}/knob/get", name="late")["value"] == 0.9
    # the perform queue does not wait for another synth's build
    load = c.ask(f"/synth/{name}/patch/load", patch=dict(big, voices=16))
    at_once = c.ask("/note/on", key=60, velocity=0.1)
    c.answer(at_once)
    overtaken = load not in c.answers
    c.answer(load)
    c.call("/synth/free", name=name)
    c.fails("not-found", f"/synth/{name}/note/on", key=60, velocity=0.5)
    return f"a note overtook a build: {overtaken}"


def timed():
    c = loaded()
    c.call("/subscribe", topics=["note", "late"])
    now = c.call("/clock")["frame"]
    ends = {}
    for i in range(50):
        on = c.call("/note/on", key=60 + i % 12, velocity=0.3, at={"frame": now + 4800 + 37 * i})
        assert on["frame"] == now + 4800 + 37 * i
        c.call("/note/off", note=on["note"], at={"frame": now + 7200 + 37 * i})
    first = c.next
    c.call("/knob/set", name="cutoff", value=0.1, at={"frame": now + 4800})
    after = c.call("/knob/set", name="cutoff", value=0.9, at={"after": first, "frames": 480})
    assert after["frame"] == now + 5280, after
    edit = c.call("/patch/edit", ops=[{"op": "voices", "count": 6}], at={"frame": now + 6400})
    assert (now + 6400) // 64 * 64 <= edit["frame"] <= now + 6400, (edit, now)
    # a time tag: a quarter of a second from now
    clock = c.call("/clock")
    tag = ((clock["ntp_seconds"] << 32) | clock["ntp_fraction"]) + (1 << 30)
    c.send(bundle(request(9001, "/note/on", key=40, velocity=0.2), time=tag))
    frame = c.answer(9001)["frame"]
    assert abs(frame - clock["frame"] - 12000) < 600, (frame, clock)
    # late: played, told; refused where the client wants that
    assert c.call("/note/on", key=60, velocity=0.1, at={"frame": 1})["frame"] > 1
    c.call("/sync")
    assert any(topic == "late" for topic, _ in c.notices), c.notices
    c.call("/hello", late="error")
    c.fails("late", "/note/on", key=60, velocity=0.1, at={"frame": 1})
    c.call("/hello", late="drop")
    c.plain("/note/on", 60, 0.1)
    c.fails("unsupported", "/note/on", key=60, velocity=0.1, at={"beat": 4})
    far = c.call("/patch/edit", ops=[{"op": "voices", "count": 7}], at={"frame": now + 48000 * 1000})
    c.call("/patch/cancel", scheduled=far["scheduled"])
    return f"late by the tag: {frame - clock['frame'] - 12000} frames"


def edits_overlap():
    """An edit behind one that fades for 2 s is in force in the next block, and so is told; /sync waits for that alone."""
    c = loaded()
    c.call("/sync")
    waited = 0
    for i in range(20):
        op = "disconnect" if i % 2 else "connect"
        ops = [{"op": op, "from": ["saw", "out"], "to": ["out", "in"], **({} if i % 2 else {"amount": 0.05})}]
        before = c.call("/clock")["frame"]
        done = c.call("/patch/edit", ops=ops, fade_ms=2000)
        assert c.call("/sync")["applied"]
        after = c.call("/clock")["frame"]
        # the clock may be ahead of the audio role by what the device has been given: a period or more
        assert before - 4800 <= done["frame"] <= after, (i, before, done["frame"], after)
        waited += after - before
    assert waited < 20 * 24000, waited  # of 96,000 each, had it waited for the fades
    return f"{waited / 20:.0f} frames for an edit and its /sync"


def numbers():
    """A key with a fraction, integers, doubles, T and F where numbers are wanted; a number where a switch is."""
    c = loaded()
    keys = lambda: sorted(note["key"] for note in c.call("/voice/list")["notes"])
    def comes_to(wanted):
        until = time.monotonic() + 20
        while (got := keys()) != wanted:
            assert time.monotonic() < until, (got, wanted)
            c.settle(0.02)
    c.call("/panic")
    comes_to([])
    c.plain("/note/on", 60.5, 0.5)
    c.plain("/note/on", 61, 1)
    c.send(raw("/note/on", "dd", 62.25, 0.5))
    c.send(raw("/note/on", "hT", 63))
    comes_to([60.5, 61, 62.25, 63])
    bend = lambda which: c.plain("/note/set", which, "bend", 2)
    bend(60.5)
    c.plain("/note/off", 60.5)
    comes_to([61, 62.25, 63])
    c.send(raw("/note/off", "d", 62.25))
    c.plain("/note/off", 61.0)
    c.plain("/note/off", 63)
    comes_to([])
    for sent, value in ((raw("/knob/set", "sT", "cutoff"), 1), (raw("/knob/set", "sF", "cutoff"), 0), (raw("/knob/set", "si", "cutoff", 1), 1),
                        (raw("/knob/set", "sd", "cutoff", 0.25), 0.25)):
        c.send(sent)
        c.call("/sync")
        assert abs(c.call("/knob/get", name="cutoff")["value"] - value) < 1e-6, (sent, value)
    c.call("/knob/map", address="/toggle/1", name="cutoff")
    c.send(raw("/toggle/1", "T"))
    c.call("/sync")
    assert c.call("/knob/get", name="cutoff")["value"] == 1
    c.settle(0.05)
    assert not c.unasked, c.unasked
    c.plain("/note/off", 200.5)
    assert c.told()[0][2] == "bad-value", c.unasked
    c.fails("bad-type", "/note/on", key=True, velocity=0.5)  # MessagePack knows what it sends


def at_once():
    """Time tags of those who know no time; how late is late."""
    c = loaded()
    c.call("/subscribe", topics=["late"])
    for number, tag in ((8101, 0), (8102, 1), (8103, 12345)):
        now = c.call("/clock")["frame"]
        c.send(bundle(request(number, "/note/on", key=50, velocity=0.2), bundle(request(number + 10, "/knob/set", name="cutoff", value=0.5), time=tag), time=tag))
        frame = c.answer(number)["frame"]
        assert c.answer(number + 10)["frame"] == frame and frame - now < 48000 * 20, (tag, now, frame)
    c.settle(0.05)
    assert not c.notices, c.notices
    clock = c.call("/clock")
    seconds = 1000  # more than the server is old
    tag = ((clock["ntp_seconds"] << 32) | clock["ntp_fraction"]) - (seconds << 32)
    c.send(bundle(message("/note/on", 50, 0.2), time=tag))
    until = time.monotonic() + 20
    while not c.notices: assert time.monotonic() < until and not c.settle(0.02)
    late = c.notices[0][1]["late_frames"]
    assert abs(late - seconds * 48000) < 48000 * 20, late
    return f"late by {late} frames of {seconds * 48000}"


def notices():
    c, other = loaded(), server.client("tcp")
    assert "meter" not in c.call("/subscribe")["topics"]  # 25 a second would hide all else
    c.settle(0.2)
    assert not [n for n in c.notices if n[0] == "meter"]
    c.call("/subscribe", topics=["meter"])
    note = c.call("/note/on", key=60, velocity=0.5, id=5)["note"]
    c.call("/note/off", id=5)
    other.call("/knob/set", name="cutoff", value=0.2)
    other.call("/patch/edit", ops=[{"op": "name", "name": "other"}])
    until = time.monotonic() + 5
    def seen(topic, **what): return any(t == topic and all(m.get(k) == v for k, v in what.items()) for t, m in c.notices)
    while time.monotonic() < until and not (seen("note", event="ended", note=note) and seen("knob", name="cutoff") and
                                            seen("patch", event="changed") and seen("meter")):
        c.settle(0.05)
    assert seen("note", event="started", note=note) and seen("note", event="ended", note=note, id=5), [n for n in c.notices if n[0] != "meter"]
    assert seen("knob", name="cutoff", value=0.2) and seen("patch", event="changed") and seen("meter")
    # a note that is yet to begin has not started and does not sound; released before, it never does
    ahead = c.call("/note/on", key=61, velocity=0.5, id=6, at={"frame": c.call("/clock")["frame"] + 480000})["note"]
    assert all(n["note"] != ahead for n in c.call("/voice/list")["notes"])
    c.call("/note/off", id=6)
    until = time.monotonic() + 5
    while time.monotonic() < until and not seen("note", event="ended", note=ahead): c.settle(0.05)
    assert seen("note", event="ended", note=ahead) and not seen("note", event="started", note=ahead)
    soon = c.call("/note/on", key=62, velocity=0.5, id=7, at={"frame": c.call("/clock")["frame"] + 9600})["note"]
    assert not seen("note", event="started", note=soon)
    until = time.monotonic() + 5
    while time.monotonic() < until and not seen("note", event="started", note=soon): c.settle(0.05)
    assert seen("note", event="started", note=soon)
    c.call("/note/off", id=7)
    c.call("/unsubscribe")
    c.settle(0.1)
    c.notices.clear()
    other.call("/knob/set", name="cutoff", value=0.3)
    c.settle(0.1)
    assert not c.notices


def big_answers():
    u = server.client("udp")
    u.fails("use-stream", "/command/list")
    assert len(server.client("tcp").call("/command/list")["commands"]) > 50


def burst():
    """Five thousand requests at once: every one is answered on streams; over UDP after sending again."""
    said = []
    for kind in ("tcp", "unix", "udp"):
        c = server.client(kind)
        packets = {n: request(n, "/ping") for n in range(10000, 15000)}
        start = time.monotonic()
        c.send(*packets.values())
        waiting = set(packets)
        lost = None
        while waiting and time.monotonic() < start + 15:
            while c.receive(0.1): pass
            waiting -= set(c.answers)
            if kind != "udp": continue
            if lost is None: lost = len(waiting)
            c.answers.clear()  # what is sent again may be answered again
            c.send(*[packets[n] for n in list(waiting)[:200]])
        assert not waiting, (kind, len(waiting))
        said.append(f"{kind} {time.monotonic() - start:.2f} s" + (f", {lost} sent again" if lost else ""))
    return "; ".join(said)


def round_trips():
    said = []
    for command in ("/status", "/sync"):
        c, times = server.client("tcp"), []
        for _ in range(200):
            start = time.monotonic()
            c.call(command)
            times.append(1e3 * (time.monotonic() - start))
        times.sort()
        said.append(f"{command} p50 {times[100]:.2f} ms, p99 {times[198]:.2f} ms")
    return "; ".join(said)


with server:
    run([transports, every_command, plain_and_errors, payloads, answered_once, numbers_come_again, bundles, full, order_and_waiting, timed, edits_overlap, numbers, at_once, notices,
         big_answers, burst, round_trips], "protocol_test")
