#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# embed_test -- README's program in C, built as a user of the library builds it: by pkg-config from a prefix that only the
# installation knew of, moved since; and by add_subdirectory, on a machine that lacks the libraries of the tests.
#
#     tests/integration/embed_test.sh BUILD_FOLDER
set -eu
project=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
made=$project/build-embed-$$ # beside the build: what ccache has compiled there it knows here
trap 'rm -rf "$work" "$made"' EXIT
awk '/^```c$/ {on = 1; next} /^```/ {on = 0} on' "$project/README.md" >"$work/embed.c"
cd "$work"
fail() { echo "FAILED: $*" && exit 1; }
quietly() { "$@" >log 2>&1 || { cat log && fail "$*"; }; }

quietly cmake --install "$build" --prefix "$work/first"
mv first moved
folder=$(dirname "$(find "$work/moved" -name megasynth.pc)")
for program in megasynth megasynthd; do [ -x moved/bin/$program ] || fail "$program is not installed"; done
export PKG_CONFIG_PATH=$folder
prefix=$(pkg-config --variable=prefix megasynth)
[ "$(realpath "$prefix")" = "$work/moved" ] || fail "the prefix is $prefix"
read -ra flags < <(pkg-config --cflags --libs megasynth)
quietly cc -std=c17 -Wall -Wextra -Werror embed.c -o by_pkg_config "${flags[@]}"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir megasynth) quietly ./by_pkg_config
rm moved/lib*/libmegasynth.so*
read -ra flags < <(pkg-config --cflags --static --libs megasynth)
quietly cc -std=c17 embed.c -o static "${flags[@]}"
quietly ./static
unset PKG_CONFIG_PATH

# A pkg-config that knows nothing of what only tests and programs need.
mkdir bin project && cp embed.c project
cat >bin/pkg-config <<END
#!/bin/sh
case "\$*" in *cmocka* | *fftw3* | *jack* | *sndfile* | *liblo* | *libuv* | *rtmidi*) exit 1 ;; esac
exec $(command -v pkg-config) "\$@"
END
chmod +x bin/pkg-config
cat >project/CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.25)
project(embed LANGUAGES C)
add_subdirectory($project megasynth EXCLUDE_FROM_ALL)
add_executable(embed embed.c)
target_link_libraries(embed PRIVATE megasynth::megasynth)
END
command -v ccache >/dev/null && export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$project CCACHE_NOHASHDIR=1
CC=gcc CFLAGS=-Werror CMAKE_GENERATOR=Ninja quietly cmake -S project -B "$made" -DCMAKE_BUILD_TYPE=Release \
    -DPKG_CONFIG_EXECUTABLE="$work/bin/pkg-config"
quietly cmake --build "$made" --parallel 2
quietly "$made/embed"
echo "embedded by pkg-config, statically, and by add_subdirectory"
