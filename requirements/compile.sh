#!/bin/bash
# Compiles the hashed requirement files from the .in files beside this script. Usage: requirements/compile.sh UV [--upgrade]
# Nothing of the machine may get into the files: no index address, no link folder, no absolute path.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
uv=$1
shift
for name in uv base all dev; do
    env -u PIP_FIND_LINKS -u UV_FIND_LINKS "$uv" pip compile "$name.in" --output-file "$name.txt" --universal \
        --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --quiet \
        --custom-compile-command "make requirements" "$@"
done
