#!/bin/sh
# Makes .venv from requirements.lock, once; instant when nothing has changed. Run from the top of the checkout.
#
#   sh .ci/setup.sh            set up whatever is missing
#   sh .ci/setup.sh refusal    one line that says why it cannot be done, or nothing; changes nothing
#
# PYTHON names the interpreter; without it the newest usable one on PATH is taken.

set -u
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER PIP_REQUIREMENT PIP_CONSTRAINT
venv_python=.venv/bin/python

# What the environment was made from. A moved checkout counts as changed: the editable install points at its folder.
recipe() {
    pwd
    cksum requirements.lock pyproject.toml .ci/setup.sh
}

ready() {
    [ -f .venv/.ready ] && [ -x "$venv_python" ] && [ "$(recipe)" = "$(cat .venv/.ready)" ] && as_asked
}

# Whoever names a Python gets an environment of that version.
as_asked() {
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$(version_of "$venv_python")" ]
}

version_of() {
    "$1" -c 'import sys; print(sys.version)' 2>/dev/null
}

usable() {
    "$1" -c 'import sys; assert sys.version_info >= (3, 11); print("usable")' 2>/dev/null | grep -qx usable
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv; print("yes")' 2>/dev/null | grep -qx yes
}

# Sets `found` to an interpreter, or `refusal` to the reason why there is none.
find_python() {
    found='' refusal='' too_old='' bare=''
    for candidate in "${PYTHON:-python3.14}" python3.13 python3.12 python3.11 python3; do
        path=$(command -v "$candidate") || path=''
        if [ -n "$path" ] && usable "$path"; then
            if can_make_venv "$path"; then
                found=$path
                return
            fi
            bare=${bare:-$path}
        elif [ -n "$path" ]; then
            version=$("$path" --version 2>&1 | sed -n '1s/^\(Python \)\{0,1\}\([0-9][0-9.]*\).*/\2/p')
            [ -n "$version" ] && too_old="${too_old:-$path is $version}"
        fi
        [ -z "${PYTHON:-}" ] || break # who names one wants that one
    done
    if [ -n "$bare" ]; then
        refusal="$bare cannot make a virtual environment: install its venv module (Debian, Ubuntu: apt-get install python3-venv), or name another Python >= 3.11: make PYTHON=/path/to/python3"
    elif [ -n "$too_old" ]; then
        refusal="Obligations needs Python 3.11 or newer, and $too_old: install a newer one, or name it: make PYTHON=/path/to/python3"
    elif [ -n "${PYTHON:-}" ]; then
        refusal="Obligations needs Python 3.11 or newer, and PYTHON=$PYTHON does not run: correct or unset PYTHON"
    else
        refusal="Obligations needs Python 3.11 or newer, and there is none on PATH: install one, or name it: make PYTHON=/path/to/python3"
    fi
}

# Shows that pip is alive: a line for every twenty packages, the rest goes to the log.
progress() {
    seen=0 code=1
    while IFS= read -r line; do
        printf '%s\n' "$line" >>.venv/setup.log
        case $line in
        'Collecting '* | 'Processing /'*)
            seen=$((seen + 1))
            [ $((seen % 20)) -ne 0 ] || echo "  $seen of $total packages" >&2
            ;;
        'Installing collected packages: '*,*) echo "  installing them" >&2 ;;
        'exit status '*) code=${line#exit status } ;;
        esac
    done
    return "$code"
}

pip() {
    {
        "$venv_python" -m pip --disable-pip-version-check --no-input "$@" 2>&1
        echo "exit status $?"
    } | progress
}

give_up() {
    sed -n 's/^ERROR: /  /p' .venv/setup.log 2>/dev/null | tail -n 3 >&2
    echo "$1" >&2
    exit 1
}

ready && exit 0
find_python

if [ "${1:-}" = refusal ]; then
    echo "$refusal"
    exit 0
fi
if [ -n "$refusal" ]; then
    echo "$refusal" >&2
    exit 1
fi

total=$(grep -c '==' requirements.lock)
echo "Setting up .venv with $found: $total packages, once. The log is .venv/setup.log." >&2
rm -f .venv/.ready
# An environment whose Python is gone, too old or too bare is made anew; another one is brought up to date.
if ! usable "$venv_python" || ! "$venv_python" -c 'import pip' 2>/dev/null || ! as_asked; then
    mkdir -p .venv
    "$found" -m venv --clear .venv || give_up "$found could not make a virtual environment in .venv."
fi
: >.venv/setup.log

# Exact versions, checked against their hashes; then this project itself, from what is now installed, asking no index.
pip install --progress-bar off --require-hashes -r requirements.lock ||
    give_up "The packages could not be installed: see .venv/setup.log, then run make again."
pip install --no-deps --no-build-isolation --no-index -e . ||
    give_up "The project could not be installed into .venv: see .venv/setup.log, then run make again."

recipe >.venv/.ready
