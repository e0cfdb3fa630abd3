#!/bin/sh
# Installs the Debian packages of packages.txt that are missing and checks versions. Quiet when all is well.
#
#   install.sh PURPOSE...          those of the sections that are named
#   install.sh --list PURPOSE...   only says which these are
set -eu
here=$(dirname "$0")
missing=
only_list=
[ "${1:-}" != --list ] || { only_list=1; shift; }
[ $# -gt 0 ] || { echo "usage: install.sh [--list] PURPOSE..., of: $(sed -n 's/^\[\([a-z]*\)\].*/\1/p' "$here/packages.txt" | tr '\n' ' ')" >&2; exit 2; }
for purpose; do
    grep -q "^\[$purpose\]" "$here/packages.txt" || { echo "deps: packages.txt has no section [$purpose]" >&2; exit 2; }
done
# The lines of the sections that were asked for.
lines=$(awk -v wanted=" $* " '/^\[/ { s = substr($1, 2, length($1) - 2); next } /^#/ || NF == 0 { next } index(wanted, " " s " ")' "$here/packages.txt")
is_installed() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}
# Of names with | between: the one that is installed, else the first that can be, else the last.
choose() {
    last=
    for q in $(echo "$1" | tr '|' ' '); do
        is_installed "$q" && { echo "$q"; return; }
    done
    for q in $(echo "$1" | tr '|' ' '); do
        last=$q
        apt-cache show "$q" >/dev/null 2>&1 && break
    done
    echo "$last"
}
for p in $(echo "$lines" | awk '{ print $1 }' | sort -u); do
    p=$(choose "$p")
    [ -z "$only_list" ] || { echo "$p"; continue; }
    is_installed "$p" || missing="$missing $p"
done
[ -z "$only_list" ] || exit 0
if [ -n "$missing" ]; then
    echo "Installing:$missing"
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    # Servers that come with a package are for tests; they must not start by themselves.
    policy=/usr/sbin/policy-rc.d
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null; $sudo chmod +x $policy; made=1; }
    $sudo apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -qy --no-install-recommends $missing >/dev/null
    [ -z "${made:-}" ] || $sudo rm -f $policy
fi
echo "$lines" | sed -n 's/.*\[\([a-z0-9.-]*\) >= \([0-9.]*\)\].*/\1 \2/p' | while read -r module least; do
    pkg-config --atleast-version="$least" "$module" || {
        echo "deps: $module is $(pkg-config --modversion "$module" 2>/dev/null || echo absent), at least $least is needed" >&2
        exit 1
    }
done
