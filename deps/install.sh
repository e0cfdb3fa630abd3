#!/bin/sh
# Installs the Debian packages of packages.txt that are missing and checks versions. Quiet when all is well.
set -eu
here=$(dirname "$0")
missing=
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
for p in $(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/packages.txt" | awk '{print $1}'); do
    p=$(choose "$p")
    is_installed "$p" || missing="$missing $p"
done
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
sed -n 's/.*\[\([a-z0-9.-]*\) >= \([0-9.]*\)\].*/\1 \2/p' "$here/packages.txt" | while read -r module least; do
    pkg-config --atleast-version="$least" "$module" || {
        echo "deps: $module is $(pkg-config --modversion "$module" 2>/dev/null || echo absent), at least $least is needed" >&2
        exit 1
    }
done
