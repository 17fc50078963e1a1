#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# readme_test -- runs what README.md tells its reader to run: the patch, the commands, the program.
#
#     tests/integration/readme_test.sh BUILD_FOLDER COMPILER
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
compiler=${2:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# The lines of every fenced block of a language, as they stand.
blocks() { awk -v fence="\`\`\`$1" '$0 == fence {on = 1; next} /^```/ {on = 0} on' "$root/README.md"; }

cd "$work" || exit 1
mkdir build && ln -s "$build/bin" build/bin && ln -s "$root/examples" examples

blocks lisp >wobble.sexp
[ "$(head -1 wobble.sexp)" = "; wobble.sexp" ] || { echo "README has no wobble.sexp" && exit 1; }
commands=0
run_lines() {
    while read -r line; do
        [ -n "$line" ] || continue
        commands=$((commands + 1))
        if ! (eval "$line") >output 2>errors </dev/null; then
            echo "failed: $line" && cat errors
            bad=1
        fi
    done
}
run_lines < <(blocks sh)

# What talks to a server, to one that makes no sound.
if [ -x build/bin/megasynthd ]; then
    export XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state MEGASYNTHD=$build/bin/megasynthd
    mkdir "$XDG_RUNTIME_DIR"
    coproc server { exec build/bin/megasynthd --backend dummy --port 0 2>server.log; }
    read -r ready <&"${server[0]}"
    echo "$ready"
    run_lines < <(blocks shell)
    blocks python >example.py
    python=${PYTHON3:-/usr/bin/python3}
    if "$python" -c "import msgpack, numpy" 2>errors; then
        library=$(ls "$build"/engine/libmegasynth.so "$build"/engine/libmegasynth.dylib 2>/dev/null)
        MEGASYNTH_LIBRARY=$library PYTHONPATH=$root/clients/python "$python" example.py ||
            { echo "the Python of README does not work" && bad=1; }
        commands=$((commands + 1))
    else
        echo "no Python with msgpack and numpy: its example is left out"
    fi
    build/bin/megasynth quit >output
    wait
fi
for made in keys.wav dark.wav tremolo.flac wobble.wav wobble.json wobble.dot; do
    [ -s $made ] || { echo "not made: $made" && bad=1; }
done

blocks c >embed.c
read -ra libraries < <(pkg-config --libs jansson)
if "$compiler" -std=c17 -Wall -Wextra -Werror -I"$root/engine" embed.c -o embed "$build/engine/libmegasynth.a" \
    "${libraries[@]}" -lmsgpackc && ./embed; then
    commands=$((commands + 1))
else
    echo "the program of README does not work" && bad=1
fi
echo "$commands examples run"
exit $bad
