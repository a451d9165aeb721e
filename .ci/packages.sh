#!/usr/bin/env bash
# Installs the real servers and clients that the tests hold the lab's own against, as root on Debian or Ubuntu.
# Elsewhere it says so in one line, and those tests skip. No daemon is started by it, and none is stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES=(
    samba samba-ad-dc samba-ad-provision winbind    # a domain controller, and the schema it is made of
    krb5-user libkrb5-dev gcc python3-dev           # Kerberos, and what its Python packages are built with
    ldap-utils bind9 bind9-dnsutils                 # ldapsearch, named, dig, nsupdate
    kamailio kamailio-tls-modules                   # a SIP registrar
    systemd                                         # checks the units of `lyncdr schedule systemd`
    chromium                                        # looks at the HTML report as a person would
)
NO_DAEMONS=/usr/sbin/policy-rc.d

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing() {
    local package
    for package in "${PACKAGES[@]}"; do is_installed "$package" || echo "$package"; done
}

report() {
    local absent
    absent=$(missing | xargs)
    echo "real servers: ${absent:+without $absent: their tests skip}${absent:-all ${#PACKAGES[@]} packages are there}" >&2
}

install() {
    if [ ! -e "$NO_DAEMONS" ]; then # dpkg asks this program before it starts a daemon; 101 means no
        trap 'rm -f "$NO_DAEMONS"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$NO_DAEMONS"
        chmod 755 "$NO_DAEMONS"
    fi
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -qq -o DPkg::Lock::Timeout=120) known=()
    "${apt[@]}" update
    for package in "$@"; do # releases differ: Ubuntu has no package chromium
        apt-cache show "$package" >/dev/null 2>&1 && known+=("$package")
    done
    echo "real servers: installing ${known[*]}" >&2
    "${apt[@]}" install -y --no-install-recommends "${known[@]}" >/dev/null
    rm -f .venv/.test # the headers are here now: `make` looks again whether gssapi can be built
}

if ! command -v dpkg-query >/dev/null; then
    echo "real servers: this is not Debian or Ubuntu: the tests that need one skip unless it is there" >&2
    exit 0
fi
mapfile -t wanted < <(missing)
if [ ${#wanted[@]} -gt 0 ] && [ "$(id -u)" = 0 ]; then
    install "${wanted[@]}" || echo "real servers: apt-get could not install them" >&2
fi
report
