// SPDX-License-Identifier: MIT
// print -- what is made from the tables of commands and options: completion for bash, manual pages.
#ifndef LIVE_PRINT_H
#define LIVE_PRINT_H

/// `--completion bash`: the script, on standard output. @return an exit code
int print_completion(int argc, char **argv);
/// `--complete KIND [NODE] [OPTIONS]`: words, a line each, for that script; nothing if no server
/// answers at once.
int print_candidates(int argc, char **argv);
/// `--manual`: megasynth.1. `--manual megasynthd`: megasynthd.1, from its --help on standard input.
int print_manual(int argc, char **argv);

#endif
