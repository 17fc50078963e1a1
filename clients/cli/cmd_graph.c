// SPDX-License-Identifier: MIT
// graph -- a patch as a drawing, in the language of Graphviz: voices in a box, knobs, ports,
// amounts.
#include <getopt.h>
#include <string.h>

#include "cli.h"

/// A text inside a quoted record label: what DOT would read as its own signs is escaped.
static void print_label(const char *text) {
    for (; *text; text++) {
        if (strchr("\"\\{}|<> ", *text)) putchar('\\');
        putchar(*text == '\n' ? ' ' : *text);
    }
}

static size_t node_index(const mega_patch *patch, const char *id) {
    size_t i = 0;
    while (i < mega_patch_node_count(patch) && strcmp(mega_patch_node(patch, i).id, id) != 0) i++;
    return i;
}

static size_t knob_index(const mega_patch *patch, const char *name) {
    size_t i = 0;
    while (i < mega_patch_knob_count(patch) && strcmp(mega_patch_knob(patch, i), name) != 0) i++;
    return i;
}

/// The port of `id` that cable `index` uses on that side, or NULL.
static const char *port_of(const mega_patch *patch, size_t index, const char *id, bool output) {
    mega_cable_info c = mega_patch_cable(patch, index);
    const char *node = output ? c.from_node : c.to_node;
    if (!node || strcmp(node, id) != 0) return NULL;
    return output ? c.from_port : c.to_port;
}

/// The ports of a node that cables use, each once, as fields of its record.
static void print_ports(const mega_patch *patch, const char *id, bool output) {
    bool first = true;
    for (size_t i = 0; i < mega_patch_cable_count(patch); i++) {
        const char *port = port_of(patch, i, id, output);
        if (!port) continue;
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            const char *earlier = port_of(patch, j, id, output);
            seen = earlier && strcmp(earlier, port) == 0;
        }
        if (seen) continue;
        printf("%s<%s_%s> ", first ? "" : "|", output ? "o" : "i", port);
        print_label(port);
        first = false;
    }
}

static bool has_ports(const mega_patch *patch, const char *id, bool output) {
    for (size_t i = 0; i < mega_patch_cable_count(patch); i++)
        if (port_of(patch, i, id, output)) return true;
    return false;
}

static void print_node(const mega_patch *patch, size_t index) {
    mega_node_info n = mega_patch_node(patch, index);
    printf("    n%zu [fillcolor=\"%s\", label=\"{", index, n.per_voice ? "#dce9f7" : "#f4ead5");
    if (has_ports(patch, n.id, false)) {
        putchar('{');
        print_ports(patch, n.id, false);
        printf("}|");
    }
    print_label(n.id);
    printf("\\n(");
    print_label(n.type);
    putchar(')');
    if (has_ports(patch, n.id, true)) {
        printf("|{");
        print_ports(patch, n.id, true);
        putchar('}');
    }
    printf("}\"];\n");
}

static void print_nodes(const mega_patch *patch) {
    size_t count = mega_patch_node_count(patch), per_voice = 0;
    for (size_t i = 0; i < count; i++) per_voice += mega_patch_node(patch, i).per_voice;
    if (per_voice) {
        printf(
            "  subgraph cluster_voice {\n    label=\"per voice (%u)\"; style=\"rounded,dashed\";\n",
            mega_patch_voices(patch));
        for (size_t i = 0; i < count; i++)
            if (mega_patch_node(patch, i).per_voice) print_node(patch, i);
        printf("  }\n");
    }
    for (size_t i = 0; i < count; i++)
        if (!mega_patch_node(patch, i).per_voice) print_node(patch, i);
    for (size_t i = 0; i < mega_patch_knob_count(patch); i++) {
        printf("    k%zu [shape=ellipse, fillcolor=\"#e3f2dc\", label=\"", i);
        print_label(mega_patch_knob(patch, i));
        printf("\"];\n");
    }
}

static void print_cable(const mega_patch *patch, size_t index) {
    mega_cable_info c = mega_patch_cable(patch, index);
    if (c.from_node) printf("  n%zu:\"o_%s\":e", node_index(patch, c.from_node), c.from_port);
    else printf("  k%zu", knob_index(patch, c.from_port));
    printf(" -> n%zu:\"i_%s\":w", node_index(patch, c.to_node), c.to_port);
    bool adds = strcmp(c.as, "add") == 0;
    if (!adds || c.amount != 1)
        printf(" [label=\"%g%s%s\"]", c.amount, adds ? "" : " ", adds ? "" : c.as);
    printf("%s;\n", c.from_node ? "" : " [style=dashed]");
}

static void print_graph(const mega_patch *patch) {
    printf("digraph patch {\n  label=\"");
    print_label(mega_patch_name(patch));
    printf("\";\n  labelloc=t; rankdir=LR; fontname=\"sans-serif\";\n"
           "  node [shape=record, style=\"filled\", fontname=\"sans-serif\", fontsize=11];\n"
           "  edge [fontname=\"sans-serif\", fontsize=9];\n");
    print_nodes(patch);
    for (size_t i = 0; i < mega_patch_cable_count(patch); i++) print_cable(patch, i);
    printf("}\n");
}

static int run(int argc, char **argv) {
    int option = next_option(&command_graph, argc, argv);
    if (option == OPTIONS_HELP) return CLI_OK;
    if (option != OPTIONS_END || !operands_are(&command_graph, argc, argv, 1)) return CLI_USAGE;
    mega_patch *patch = NULL;
    int code = patch_open(argv[optind], false, &patch);
    if (code == CLI_OK) print_graph(patch);
    mega_patch_destroy(patch);
    return code;
}

const cli_command command_graph = {
    .name = "graph",
    .operands = "PATCH",
    .doc = "draw a patch with Graphviz",
    .examples = "  megasynth graph examples/keys.json | dot -Tsvg > keys.svg\n"
                "  megasynth graph examples/keys.json | dot -Tpng -o keys.png\n",
    .notes =
        "It prints input for `dot` of Graphviz (https://graphviz.org). Nodes in the dashed box "
        "exist once per\nvoice, ellipses are knobs, and numbers on cables are amounts other than "
        "1.\n",
    .run = run,
};
