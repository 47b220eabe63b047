#!/bin/sh
# Writes requirements.lock from pyproject.toml: one file for every platform and every Python from 3.11 on, exact
# versions with hashes, build back-end and tools included, and no word about where packages come from.
#
#   sh .ci/lock.sh              keep what still fits
#   sh .ci/lock.sh --upgrade    take the newest of everything

set -eu
uv_version=0.13.9
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lock.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

echo "Resolving with uv $uv_version" >&2
.venv/bin/python -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip --disable-pip-version-check install -qq "uv==$uv_version"
cp requirements.lock "$scratch/requirements.lock" 2>/dev/null || :
"$scratch/venv/bin/uv" pip compile pyproject.toml --quiet --no-config \
    --system-certs --universal --python-version 3.11 --all-extras --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
    --output-file "$scratch/requirements.lock" "$@"

# A pin without a hash, or an address, would break the install that everyone else makes from this file.
if grep -n '://' "$scratch/requirements.lock" || grep -n '==[^\\]*$' "$scratch/requirements.lock"; then
    echo "The lines above name an address or lack a hash; requirements.lock is left as it was." >&2
    exit 1
fi
cp "$scratch/requirements.lock" requirements.lock
echo "requirements.lock: $(grep -c == requirements.lock) packages" >&2
