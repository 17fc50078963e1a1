// SPDX-License-Identifier: MIT
#include "synths/buses.h"

#include <stdio.h>
#include <stdlib.h>

/// Ports that the builder is to close.
struct closing {
    size_t count;
    struct {
        synth *synth; ///< held
        int32_t engine_bus;
    } ports[BUS_PORTS_MAX];
};

struct buses {
    mixer *mixer;
    bus made[MIXER_BUSES_MAX];
    bus ports[BUS_PORTS_MAX];
    uint32_t port_count;
    struct closing closing; ///< free, but open in the engines
};

buses *buses_create(mixer *m) {
    buses *b = calloc(1, sizeof *b);
    if (b) b->mixer = m;
    return b;
}

void buses_destroy(buses *b) {
    for (size_t i = 0; b && i < b->closing.count; i++) synth_release(b->closing.ports[i].synth);
    free(b);
}

bus *bus_new(buses *b, bool control, const char *name) {
    for (int32_t i = 0; i < MIXER_BUSES_MAX; i++) {
        bus *at = &b->made[i];
        if (at->number) continue;
        *at = (bus){.number = i + 1, .control = control};
        snprintf(at->name, sizeof at->name, "%s", name ? name : "");
        mixer_bus_set(b->mixer, (uint32_t)i + 1, 0);
        mixer_bus_open(b->mixer, (uint32_t)i + 1, true, control);
        return at;
    }
    return NULL;
}

void bus_close_port(buses *b, synth *of, int32_t engine_bus) {
    struct closing *c = &b->closing;
    if (c->count == BUS_PORTS_MAX) return; // more than all there are, within a tick: stays open
    c->ports[c->count].synth = of;
    c->ports[c->count++].engine_bus = engine_bus;
    synth_hold(of);
}

bus *bus_of_port(buses *b, synth *of, const char *node, const char *port, int32_t engine_bus,
                 mega_note voice) {
    for (int32_t i = 0; i < BUS_PORTS_MAX; i++) {
        bus *at = &b->ports[i];
        if (at->number) continue;
        *at = (bus){
            .number = BUS_PORT_FIRST + i, .synth = of, .engine_bus = engine_bus, .voice = voice};
        snprintf(at->node, sizeof at->node, "%s", node);
        snprintf(at->port, sizeof at->port, "%s", port);
        synth_hold(of);
        b->port_count++;
        return at;
    }
    bus_close_port(b, of, engine_bus);
    return NULL;
}

bus *bus_find(buses *b, int64_t number) {
    bus *at = NULL;
    if (number >= 1 && number <= MIXER_BUSES_MAX) at = &b->made[number - 1];
    else if (number >= BUS_PORT_FIRST && number < BUS_PORT_FIRST + BUS_PORTS_MAX)
        at = &b->ports[number - BUS_PORT_FIRST];
    return at && at->number ? at : NULL;
}

tap *bus_tap(const bus *b, uint32_t every) {
    tap *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->engine = b->synth ? b->synth->input.engine : NULL;
    t->engine_bus = b->engine_bus;
    t->voice = b->voice;
    t->client_bus = b->synth ? 0 : (uint32_t)b->number;
    t->every = every;
    return t;
}

bus *bus_next(buses *b, uint32_t *at) {
    while (*at < MIXER_BUSES_MAX + BUS_PORTS_MAX) {
        uint32_t i = (*at)++;
        bus *next = i < MIXER_BUSES_MAX ? &b->made[i] : &b->ports[i - MIXER_BUSES_MAX];
        if (next->number) return next;
    }
    return NULL;
}

void bus_free(buses *b, bus *which) {
    if (which->synth) {
        bus_close_port(b, which->synth, which->engine_bus);
        synth_release(which->synth);
        b->port_count--;
    } else {
        mixer_bus_open(b->mixer, (uint32_t)which->number, false, false);
    }
    *which = (bus){0};
}

void buses_forget(buses *b, const synth *of, mega_note voice) {
    for (uint32_t i = 0; i < BUS_PORTS_MAX && b->port_count; i++)
        if (b->ports[i].number && b->ports[i].synth == of && (!voice || b->ports[i].voice == voice))
            bus_free(b, &b->ports[i]);
}

// ---- closed in the engines --------------------------------------------------------------------

/// On the builder: those of one engine at once, since each time its program is made anew.
static void close_ports(void *closing) {
    const struct closing *c = closing;
    static int32_t of_one[BUS_PORTS_MAX]; // the builder's
    for (size_t i = 0, count; i < c->count; i += count) {
        synth *s = c->ports[i].synth;
        for (count = 0; i + count < c->count && c->ports[i + count].synth == s; count++)
            of_one[count] = c->ports[i + count].engine_bus;
        mega_bus_close(s->input.engine, of_one, count);
    }
}

static void closed(void *closing) {
    struct closing *c = closing;
    for (size_t i = 0; i < c->count; i++) synth_release(c->ports[i].synth);
    free(c);
}

void buses_tick(server *s) {
    struct closing *now = &s->buses->closing;
    if (!now->count) return;
    struct closing *kept = malloc(sizeof *kept);
    if (!kept) return; // no memory: the next time
    *kept = *now;
    if (s->on_builder(s, close_ports, closed, kept)) now->count = 0;
    else free(kept);
}
