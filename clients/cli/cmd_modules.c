// SPDX-License-Identifier: MIT
// modules -- what patches can be made of: a list, a page on one module, JSON, the Markdown
// reference.
#include <getopt.h>
#include <string.h>

#include "cli.h"

enum { JSON, MARKDOWN };
static const cli_option options[] = {
    [JSON] = {"json", '\0', NULL, "print names, ranges, defaults, units and docs as JSON"},
    [MARKDOWN] = {"markdown", '\0', NULL, "print the reference page (docs/modules.md)"},
};

// ---- the list ----------------------------------------------------------------------------------

static int print_list(void) {
    const char *category = "";
    for (size_t i = 0; i < mega_module_count(); i++) {
        mega_module_info m = mega_module_describe(mega_module_get(i));
        if (strcmp(m.category, category) != 0) printf("%s\n", m.category);
        category = m.category;
        printf("  %-14s %s\n", m.name, m.doc);
    }
    printf("\n`megasynth modules NAME` describes one.\n");
    return CLI_OK;
}

// ---- one module --------------------------------------------------------------------------------

typedef mega_port_info port_of(const mega_module *module, size_t index);

static void print_ports(const char *title, const mega_module *module, port_of *port, size_t count) {
    if (count) printf("\n%s\n", title);
    for (size_t i = 0; i < count; i++)
        printf("  %-14s %s\n", port(module, i).name, port(module, i).doc);
}

static void print_param(const mega_param_info *p) {
    printf("  %-14s %s\n  %-14s ", p->name, p->doc, "");
    for (size_t i = 0; i < p->choice_count; i++)
        printf("%s%s%s", i ? ", " : "", p->choices[i],
               i == (size_t)(p->initial + 0.5) ? " (default)" : "");
    if (!p->choices) {
        printf("%g..%g%s%s%s, default %g", p->min, p->max, *p->unit ? " " : "", p->unit,
               p->scale == MEGA_EXP ? " (exp)" : "", p->initial);
        if (p->smooth_ms > 0) printf(", smoothed over %g ms", p->smooth_ms);
    }
    printf("\n");
}

static void print_scope(const char *scope) {
    if (strcmp(scope, "once") == 0) printf("It exists once and receives the sum of the voices.\n");
    else if (strcmp(scope, "after") == 0)
        printf("By default it exists once and receives the sum of the voices; \"scope\": \"voice\" "
               "gives each voice one.\n");
}

static int print_page(const mega_module *module) {
    mega_module_info m = mega_module_describe(module);
    printf("%s (%s): %s\n", m.name, m.category, m.doc);
    print_scope(m.scope);
    print_ports("inputs", module, mega_module_input, m.input_count);
    if (m.param_count) printf("\nparameters (each accepts cables and knobs)\n");
    for (size_t i = 0; i < m.param_count; i++) {
        mega_param_info param = mega_module_param(module, i);
        print_param(&param);
    }
    print_ports("outputs", module, mega_module_output, m.output_count);
    return CLI_OK;
}

// ---- the command -------------------------------------------------------------------------------

static int no_such_module(const char *name) {
    const char *names[1024];
    size_t count = 0;
    for (; count < mega_module_count() && count < COUNT_OF(names); count++)
        names[count] = mega_module_describe(mega_module_get(count)).name;
    char room[160];
    return usage_error(&command_modules, "no such module: %s%s", name,
                       did_you_mean(name, names, count, room));
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
        return usage_error(&command_modules, "use either --json or --markdown, not both");
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
    .doc = "list the modules, or describe one",
    .examples =
        "  megasynth modules              one line per module\n"
        "  megasynth modules svf          its ports and parameters, with ranges and defaults\n"
        "  megasynth modules --json       full descriptions, for programs\n",
    .options = options,
    .option_count = COUNT_OF(options),
    .run = run,
};
