#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# readme_test -- does what README.md says, in order: scripts/demo in a fresh copy of the project, then every command, patch and
# program of README's fenced blocks, as they stand there. The server and `play` get --backend dummy.
#
#     tests/integration/readme_test.sh            in a copy, in a temporary folder
#     tests/integration/readme_test.sh --here     in this tree, where scripts/demo has run; bare_debian does so
#
# `sudo apt install` is left out in a copy; and so is what needs a program that the machine lacks.
set -u
project=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
leave() {
    [ -z "${servers-}" ] || kill "${servers[@]}" 2>/dev/null
    rm -rf "$work"
}
trap leave EXIT
bad=0 ran=0 servers=()
fail() { echo "FAILED: $*" && bad=1; }

# Kept from before HOME changes: that is where ccache looks else.
command -v ccache >/dev/null && CCACHE_DIR=${CCACHE_DIR:-$(ccache --get-config cache_dir)} && export CCACHE_DIR
export HOME=$work/home XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data
mkdir "$HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
unset MEGASYNTH_URL MEGASYNTHD MEGASYNTH_LIBRARY MEGASYNTH_BUILD
here=$([ "${1-}" = --here ] && echo yes)

if [ "$here" ]; then
    cd "$project" || exit 1
    sudo() { "$@" -y; } # of a fresh system there is only root
else
    mkdir "$work/megasynth" && cd "$work/megasynth" || exit 1
    tar -C "$project" --exclude='./build*' --exclude=./.git -cf - . | tar xf -
    # With the flags of scripts/test, ccache has compiled all of it already.
    export CC=gcc CFLAGS=-Werror CMAKE_GENERATOR=Ninja
    command -v ccache >/dev/null && export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
    scripts/demo --no-play >"$work/demo" 2>&1 || { cat "$work/demo" && exit 1; }
    lines=$(wc -l <"$work/demo")
    [ "$lines" -le 12 ] || fail "scripts/demo prints $lines lines"
fi
for made in build/bin/megasynth build/bin/megasynthd build/engine/libmegasynth.so build/demo.wav; do
    [ -s $made ] || fail "scripts/demo has not made $made"
done
[ -s build/pd/megasynth~.pd_linux ] || ! [ -e /usr/include/pd/m_pd.h ] || fail "scripts/demo has not made the external for Pd"

# ---- what a block holds -------------------------------------------------------------------------

left_out() { echo "left out ($1): $2"; }

# Why a command is not run here, or nothing.
reason() {
    local first=${1%% *}
    case $1 in
    scripts/*) echo "run already, or running" ;;
    "sudo apt "*) [ "$here" ] || echo "this machine is not for it to change" ;;
    *) [[ $first == *[=/]* || $first == cd ]] || command -v "$first" >/dev/null || echo "no $first here" ;;
    esac
}

# The command with a server that makes no sound, and an end. A server is there when its runtime file is.
adapted() {
    case $1 in
    *megasynthd*\&) echo "${1/megasynthd/megasynthd --backend dummy}" ;;
    *"megasynth play "*) echo "${1/ play / play --backend dummy --seconds 0.3 }" ;;
    *) echo "$1" ;;
    esac
}

one_command() {
    local command why
    command=$(sed 's/[[:space:]]\{2,\}#.*//' <<<"$1")
    why=$(reason "$command")
    [ -z "$why" ] || { left_out "$why" "$command" && return; }
    ran=$((ran + 1))
    # In this shell: what a command sets or starts is there for the next.
    if ! eval "$(adapted "$command")" >"$work/output" 2>&1 </dev/null; then
        fail "$command" && cat "$work/output"
    fi
    [[ $command != *\& ]] || server_ready $!
}

server_ready() {
    servers+=("$1")
    for ((i = 0; i < 600; i++)); do
        build/bin/megasynth status >"$work/output" 2>&1 && return
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    fail "the server does not start" && cat "$work/output"
}

python_block() {
    local python=${PYTHON3:-/usr/bin/python3}
    if "$python" -c "import msgpack, numpy" 2>/dev/null; then
        ran=$((ran + 1))
        PYTHONPATH=clients/python "$python" "$1" >"$work/output" 2>&1 || { fail "the Python of README" && cat "$work/output"; }
    else
        left_out "no Python with msgpack and numpy here" "its example"
    fi
}

clojure_block() {
    local jars=/usr/share/java
    if command -v java >/dev/null && [ -e $jars/clojure.jar ] && [ -e $jars/msgpack-core.jar ]; then
        ran=$((ran + 1))
        sed -i 's/(ms\/boot!)/(ms\/boot! {:backend "dummy" :program "build\/bin\/megasynthd"})/' "$1"
        java -cp "clients/clojure/src:clients/clojure/resources:$jars/clojure.jar:$jars/spec.alpha.jar:$jars/core.specs.alpha.jar:$jars/msgpack-core.jar" \
            clojure.main -e "(load-file \"$1\") (System/exit 0)" >"$work/output" 2>&1 </dev/null ||
            { fail "the Clojure of README" && cat "$work/output"; }
    else
        left_out "no java, clojure.jar or msgpack-core.jar here" "the Clojure example"
    fi
}

# A block whose first line is a comment with a file's name is that file; else it is in $work.
one_block() {
    local language=$1 file=$2 name
    name=$(sed -nE '1s|^[;/#]+ ([A-Za-z_]+\.[a-z]+)$|\1|p' "$file")
    [ -z "$name" ] || cp "$file" "$name"
    case $language in
    sh) while IFS= read -r line <&3; do [ -z "$line" ] || one_command "$line"; done 3<"$file" ;;
    python) python_block "$file" ;;
    clojure) clojure_block "$file" ;;
    lisp | c | json | text) ;;
    *) fail "README has a block of \`$language\`, which nobody runs: sh is for commands" ;;
    esac
}

# ---- all of them --------------------------------------------------------------------------------

awk -v folder="$work" '/^```/ {if (on) {on = 0; close(file)} else {on = 1; language = substr($0, 4);
    file = sprintf("%s/block-%02d.%s", folder, ++count, language == "" ? "none" : language)}; next} on {print > file}' README.md
for block in "$work"/block-*; do one_block "${block##*.}" "$block"; done

for made in keys.wav dark.wav tremolo.flac wobble.wav wobble.json wobble.dot keys_from_python.wav; do
    [ -s $made ] || [ $made = keys_from_python.wav ] || fail "not made: $made"
done
[ $ran -ge 30 ] || fail "README has $ran commands: where are the others?"
echo "$ran commands, patches and programs run"
exit $bad
