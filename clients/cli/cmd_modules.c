// SPDX-License-Identifier: MIT
// modules -- what patches can be made of: a list, a page on one module, JSON, the Markdown
// reference.
//
// Pages are printed from the JSON description, which is all that other clients have as well.
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { JSON, MARKDOWN };
static const cli_option options[] = {
    [JSON] = {"json", '\0', NULL, "for machines: names, ranges, defaults, units, docs"},
    [MARKDOWN] = {"markdown", '\0', NULL, "as a reference page (docs/modules.md)"},
};

static const char *string(const json_t *object, const char *key) {
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}
static double number(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

/// The description of one module, or of all.
static json_t *describe(const mega_module *module) {
    char *text = mega_module_describe_json(module);
    json_t *root = text ? json_loads(text, 0, NULL) : NULL;
    mega_free(text);
    return root;
}

// ---- the list -----------------------------------------------------------------------------------

static void print_category(const json_t *modules, const char *category) {
    size_t i;
    json_t *m;
    printf("%s\n", category);
    json_array_foreach(modules, i, m) if (strcmp(string(m, "category"), category) == 0)
        printf("  %-14s %s\n", string(m, "name"), string(m, "doc"));
}

static int print_list(void) {
    json_t *root = describe(NULL), *modules = json_object_get(root, "modules"), *m, *earlier;
    if (!root) return status_exit("", MEGA_ERROR_MEMORY);
    size_t i, j;
    json_array_foreach(modules, i, m) { // each category where its first module stands
        bool printed = false;
        json_array_foreach(modules, j, earlier) {
            if (j >= i) break;
            printed = printed || strcmp(string(earlier, "category"), string(m, "category")) == 0;
        }
        if (!printed) print_category(modules, string(m, "category"));
    }
    json_decref(root);
    printf("\nmegasynth modules NAME tells all about one.\n");
    return CLI_OK;
}

// ---- one module ---------------------------------------------------------------------------------

static void print_ports(const char *title, const json_t *ports) {
    size_t i;
    json_t *port;
    if (json_array_size(ports)) printf("\n%s\n", title);
    json_array_foreach(ports, i, port)
        printf("  %-14s %s\n", string(port, "name"), string(port, "doc"));
}

static void print_param(const json_t *p) {
    printf("  %-14s %s\n  %-14s ", string(p, "name"), string(p, "doc"), "");
    const json_t *choices = json_object_get(p, "choices"), *choice;
    size_t i, initial = (size_t)(number(p, "default") + 0.5);
    if (choices) {
        json_array_foreach(choices, i, choice) printf(
            "%s%s%s", i ? ", " : "", json_string_value(choice), i == initial ? " (default)" : "");
        printf("\n");
        return;
    }
    const char *unit = string(p, "unit");
    printf("%g..%g%s%s%s, default %g", number(p, "min"), number(p, "max"), *unit ? " " : "", unit,
           strcmp(string(p, "scale"), "exp") == 0 ? " (exp)" : "", number(p, "default"));
    if (number(p, "smooth_ms") > 0) printf(", smoothed over %g ms", number(p, "smooth_ms"));
    printf("\n");
}

static void print_scope(const char *scope) {
    if (strcmp(scope, "once") == 0) printf("It exists once, after the voices.\n");
    else if (strcmp(scope, "after") == 0)
        printf("It comes after the voices and sums them, unless told otherwise.\n");
}

static int print_page(const mega_module *module) {
    json_t *m = describe(module), *params = json_object_get(m, "params"), *p;
    if (!m) return status_exit("", MEGA_ERROR_MEMORY);
    printf("%s (%s): %s\n", string(m, "name"), string(m, "category"), string(m, "doc"));
    print_scope(string(m, "scope"));
    print_ports("inputs", json_object_get(m, "inputs"));
    if (json_array_size(params)) printf("\nparameters (each of them takes cables and knobs too)\n");
    size_t i;
    json_array_foreach(params, i, p) print_param(p);
    print_ports("outputs", json_object_get(m, "outputs"));
    json_decref(m);
    return CLI_OK;
}

// ---- the command --------------------------------------------------------------------------------

static int no_such_module(const char *name) {
    json_t *root = describe(NULL), *m;
    const char *names[1024];
    size_t i, count = 0;
    json_array_foreach(json_object_get(root, "modules"), i, m) if (count < COUNT_OF(names))
        names[count++] = string(m, "name");
    char room[160];
    usage_error(&command_modules, "no such module: %s%s", name,
                did_you_mean(name, names, count, room));
    json_decref(root);
    return CLI_USAGE;
}

static int run(int argc, char **argv) {
    bool json = false, markdown = false;
    for (int option; (option = next_option(&command_modules, argc, argv)) != OPTIONS_END;) {
        if (option == OPTIONS_HELP) return CLI_OK;
        if (option == OPTIONS_WRONG) return CLI_USAGE;
        json = json || option == JSON;
        markdown = markdown || option == MARKDOWN;
    }
    if (json && markdown)
        return usage_error(&command_modules, "--json and --markdown are one too many");
    if (argc - optind > 1 && !operands_are(&command_modules, argc, argv, 1)) return CLI_USAGE;
    const mega_module *module = NULL;
    if (optind < argc) {
        module = mega_module_find(argv[optind]);
        if (!module) return no_such_module(argv[optind]);
    }
    if (json) return print_text(mega_module_describe_json(module));
    if (markdown) return print_text(mega_module_describe_markdown(module));
    return module ? print_page(module) : print_list();
}

const cli_command command_modules = {
    .name = "modules",
    .operands = "[MODULE]",
    .doc = "list the modules, or tell all about one",
    .examples =
        "  megasynth modules              what there is\n"
        "  megasynth modules svf          its ports and parameters, with ranges and defaults\n"
        "  megasynth modules --json       all of it for a program\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
};
