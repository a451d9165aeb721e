#!/usr/bin/env bash
# Makes the environment: .ci/venv.sh drill|test
#   drill  what `lyncdr drill` needs                       (locks/drill.txt)
#   test   that, the linters and test tools, and Kerberos  (locks/test.txt);
#          in .venv/s3server an S3 server to test against  (locks/s3server.txt), which agrees with pandas on no version
# Every package comes at the version and with the hash that its lock names. PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

lock=locks/$1.txt
python=${PYTHON:-python3}
bin=.venv/bin

say() { echo "lyncdr: $*" >&2; }

is_root_with_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

require_python() {
    command -v "$python" >/dev/null || { say "there is no $python: install Python 3.11 or newer, or set PYTHON."; exit 2; }
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        { say "$("$python" --version) is too old: install Python 3.11 or newer, and set PYTHON to it."; exit 2; }
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    local package
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    is_root_with_apt || { say "$python cannot make environments: run 'sudo apt-get install $package'."; exit 2; }
    say "installing $package"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$package" >/dev/null
}

# A new environment with the installer and what builds this package; pip checks their hashes.
bootstrap() {
    [ -x $bin/uv ] && [ $bin/uv -nt locks/bootstrap.txt ] && return
    require_python
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
    $bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/bootstrap.txt
    touch $bin/uv
}

# gssapi and krb5 are built here, from source: they need a C compiler and the headers of Python and of Kerberos.
# Not optimised: a compiler that optimises them takes longer than all the rest, and here nobody feels the difference.
export CFLAGS=${CFLAGS:--O0 -g0}
can_build_kerberos() {
    command -v cc >/dev/null && command -v krb5-config >/dev/null &&
        $bin/python -c 'import sys, sysconfig, pathlib
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())'
}

# Made beside the other one, which waits for a compiler while this one waits for downloads.
s3_server() {
    $bin/uv venv --quiet --allow-existing --python $bin/python .venv/s3server
    $bin/uv pip install --quiet --python .venv/s3server/bin/python --require-hashes -r locks/s3server.txt
}

bootstrap
excludes=()
beside=
if [ "$1" = test ]; then
    s3_server & beside=$!
    can_build_kerberos || {
        say "no Kerberos headers or no compiler: going on without gssapi, and without the tests that need it"
        excludes=(--excludes locks/needs-kerberos-headers.txt)
    }
fi
say "installing $(grep -c '^[a-z].*==' "$lock") packages of $lock"
$bin/uv pip install --quiet --python $bin/python --require-hashes "${excludes[@]}" -r "$lock"
$bin/uv pip install --quiet --python $bin/python --no-deps --no-build-isolation --editable .
[ -z "$beside" ] || wait "$beside"
touch ".venv/.$1"
