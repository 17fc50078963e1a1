// SPDX-License-Identifier: MIT
#include "protocol/print.h"

#include <string.h>

#include "protocol/bounds.h"
#include "protocol/codes.h"
#include "protocol/command.h"

static void print_flags(FILE *out, const command *c) {
    static const struct {
        unsigned flag;
        const char *text;
    } known[] = {{FLAG_SYNTH, "of a synth"},
                 {FLAG_TIMED, "timed"},
                 {FLAG_BUNDLE, "in bundles"},
                 {FLAG_OPEN, "before admission"},
                 {FLAG_OWNER, "this machine only"}};
    fprintf(out, "%s", route_name(c->route));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (c->flags & known[i].flag) fprintf(out, ", %s", known[i].text);
}

static void print_arguments(FILE *out, const command *c) {
    bool named = false;
    for (size_t i = 0; i < c->count; i++) {
        const argument *a = &c->parsed[i];
        if (a->named && !named) fputs(i ? " · in requests: " : "in requests: ", out);
        else if (i) fputs(", ", out);
        named = a->named;
        fprintf(out, "`%s` %s%s", a->key, argument_type_name(a->type),
                a->rest                    ? "…"
                : a->optional && !a->named ? " (optional)"
                                           : "");
    }
    if (!c->count) fputs("–", out);
}

/// "list of {`note` integer, `key` number}", "map from names to integer"
static void print_type(FILE *out, const argument *a, const shape *s) {
    static const char *const forms[] = {"map {", "list of {", "map from names to {"};
    if (!s) {
        fputs(argument_type_name(a->type), out);
        return;
    }
    bool scalar = !*s->holds[0].key;
    const char *form = forms[s->form];
    fprintf(out, "%.*s", (int)strlen(form) - scalar, form);
    for (size_t i = 0; i < s->count; i++) {
        const argument *h = &s->holds[i];
        if (scalar) fputs(argument_type_name(h->type), out);
        else
            fprintf(out, "%s`%s` %s%s", i ? ", " : "", h->key, argument_type_name(h->type),
                    h->optional ? " (or none)" : "");
    }
    if (!scalar) fputs("}", out);
}

static void print_answer(FILE *out, const command *c) {
    for (size_t i = 0; i < c->answer_count; i++) {
        const argument *a = &c->answers[i];
        fprintf(out, "%s`%s` ", i ? ", " : "", a->key);
        print_type(out, a, command_shape(c, a->key));
        fputs(a->optional ? " (or none)" : "", out);
    }
    if (!c->answer_count) fputs("–", out);
}

static void print_commands(FILE *out) {
    fputs("\n## Commands\n\n| address | arguments | answer | |\n| --- | --- | --- | --- |\n", out);
    for (size_t i = 0; i < command_count(); i++) {
        const command *c = command_get(i);
        fprintf(out, "| `%s` | ", c->address);
        print_arguments(out, c);
        fputs(" | ", out);
        print_answer(out, c);
        fprintf(out, " | %s. *", c->doc);
        print_flags(out, c);
        fputs("* |\n", out);
    }
}

bool print_protocol(FILE *out) {
    fputs("# Protocol\n\n"
          "Printed by `megasynthd --print-protocol` from the server's tables.\n\n"
          "A **plain** message carries the arguments in the order of the row: `/knob/set ,sf "
          "cutoff 0.7`. It is answered only\n"
          "when it fails. A **request** is `,ib` with an id other than 0 and a MessagePack map "
          "with the arguments by name; it is\n"
          "answered exactly once, by `/done ,isb id address map` or `/fail ,issb id address code "
          "map` (keys `message`, `path`,\n"
          "`hint`, `got`, `want`, `limit`, `index` as far as known). Commands that are *of a "
          "synth* take `/synth/<name>` in front. *Timed*\n"
          "ones take `at` in the request form: `{frame}`, `{after, frames}` (after the frame that "
          "another request affected), or\n"
          "`{mono_ns}`.  Keys that begin with `x-` are "
          "left alone.\n\n"
          "The same command in both forms: plain `/knob/set ,sf cutoff 0.7`; as a request "
          "`/knob/set ,ib 1 {\"name\": \"cutoff\", \"value\": 0.7}`\n"
          "(the map as MessagePack), with the reply `/done ,isb 1 /knob/set {\"frame\": 48064, "
          "\"rev\": 1}`.\n\n"
          "The last column says how the server runs a command. *direct*: at once. *build*: in the "
          "background, where patches are\n"
          "compiled. *perform*: in the sound, on an exact frame.\n\n"
          "Streams carry packets after a 4-byte big-endian length, or as SLIP if the first byte is "
          "0xC0. A connection whose first\n"
          "packet is malformed is closed without a reply; malformed datagrams are dropped. "
          "Programs of the "
          "server's own user on this machine\n"
          "need no token; others send it in `/hello`: it is `token` in "
          "`$XDG_RUNTIME_DIR/megasynth/NAME.json`, which only that user\n"
          "can read. [security.md](security.md) says what this protects from.\n",
          out);
    print_commands(out);
    fputs("\n## Notices\n\n"
          "`/notice ,sb topic map`, to those who have asked with `/subscribe`; `/tap ,ib bus map` "
          "to those who tap a bus:\n"
          "`frame peak rms` and, with `every`, `channels every rate samples` (little-endian "
          "float32). `frame` is that of the first of\n"
          "the samples; without them, of the end of what `peak` and `rms` are of.\n\n"
          "| topic | what has happened, and the keys |\n| --- | --- |\n",
          out);
    // Example: TOPIC(note, "...")  Becomes: fprintf(out, "| `%s` | %s |\n", "note", "...");
#define TOPIC(name, doc) fprintf(out, "| `%s` | %s |\n", #name, doc);
#include "protocol/topics.def"
#undef TOPIC
    fputs("\n## Codes of failures\n\n| code | meaning |\n| --- | --- |\n", out);
    // Example: CODE(LATE, "late", "...")  Becomes: fprintf(out, "| `%s` | %s |\n", "late", "...");
#define CODE(name, word, doc) fprintf(out, "| `%s` | %s |\n", word, doc);
#include "protocol/codes.def"
#undef CODE
    fputs("\n## Limits\n\n| limit | value | of |\n| --- | ---: | --- |\n", out);
#define LIMIT(name, value, why)                                                                    \
    fprintf(out, "| `%s` | %lld | %s |\n", #name, (long long)(value), why);
#include "protocol/bounds.def"
#undef LIMIT
    return fflush(out) == 0;
}
