#!/bin/bash
# Sets up the private environment .venv of this checkout. Safe to run again; returns at once when nothing has changed.
# Needs: python3 >= 3.11 and the network (or a warm cache). Uses uv from PATH, else installs the pinned uv into .bootstrap.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 69; }

# What the environment is made from; a checkout that was moved needs a new one, so its place belongs to it.
fingerprint=$( { cat requirements/dev.txt requirements/uv.txt pyproject.toml infra/setup.sh; echo "$root"; } | sha256sum | cut -d' ' -f1)
stamp=.venv/.lienthong-setup
if [ -x .venv/bin/lienthong ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$fingerprint" ]; then
    exit 0
fi

good_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    local candidate
    if [ -n "${PYTHON:-}" ] && ! good_python "$PYTHON"; then
        die "$PYTHON (variable PYTHON) is not a Python >= 3.11"
    fi
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && good_python "$candidate"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    die "no Python >= 3.11 found on PATH; install one, or name it: make setup PYTHON=/path/to/python3"
}

# Prints the path of a uv. Two ways to get one without uv: a throw-away venv, or pip alone (Debian splits them into packages).
find_uv() {
    local python=$1
    if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
        command -v uv
        return
    fi
    if [ ! -x .bootstrap/bin/uv ] || ! .bootstrap/bin/uv --version >/dev/null 2>&1; then
        say "uv is not on PATH: installing the pinned one into .bootstrap"
        rm -rf .bootstrap
        if "$python" -m venv .bootstrap >/dev/null 2>&1; then
            .bootstrap/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
                -r requirements/uv.txt >&2 || die "pip could not install uv; is the package index reachable?"
        elif "$python" -m pip --version >/dev/null 2>&1; then
            rm -rf .bootstrap
            "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --target .bootstrap \
                -r requirements/uv.txt >&2 || die "pip could not install uv; is the package index reachable?"
        else
            rm -rf .bootstrap
            die "this Python has neither a working venv module nor pip; install one of them" \
                "(Debian, Ubuntu: apt-get install python3-venv), or uv, and run again"
        fi
    fi
    printf '%s\n' "$root/.bootstrap/bin/uv"
}

# Trust what the operating system trusts, if it has such a list: office networks often have an authority of their own.
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
    if [ -s "$bundle" ] && [ -z "${SSL_CERT_FILE:-}" ]; then
        export SSL_CERT_FILE=$bundle
    fi
done

python=$(find_python)
uv=$(find_uv "$python")
# An interpreter of one's own choice, never a downloaded one; and no setting of the user's home decides what is installed.
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS="${CI:-}"
[ -n "${UV_NO_PROGRESS}" ] || unset UV_NO_PROGRESS

if [ ! -x .venv/bin/python ] || ! good_python .venv/bin/python || [ "$(.venv/bin/python -c 'import sys; print(sys.prefix)')" != "$root/.venv" ]; then
    say "making .venv with $python"
    rm -rf .venv
    "$uv" venv --quiet --python "$python" .venv
fi
rm -f "$stamp"
say "installing the hashed requirements"
"$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt \
    || die "the requirements could not be installed; the lines above say why"
# No dependencies and no build environment: everything it needs has just been installed by hash.
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . \
    || die "the project could not be installed; the lines above say why"
printf '%s\n' "$fingerprint" > "$stamp"
say "ready: .venv/bin/lienthong"
