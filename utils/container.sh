#!/bin/sh
# Builds the container image: container.sh OUT, a folder that takes millrace-VERSION.tar, for `podman load -i` and `docker load -i`.
#
# As root, with the packages of [container] in deps/packages.txt. There is neither a registry nor a daemon: the base is a Debian made of the
# mirrors that apt uses, and buildah follows utils/deploy/container/Containerfile by chroot. BASE in the environment is such a Debian made before
# (an archive; it is made there if it is missing), SOURCE the address that the image gives as that of its source.
set -eu
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "container.sh: makes a root file system, so it runs as root" >&2; exit 1; }
version=$(sed -n 's/^#define VERSION_MILLRACE "\(.*\)"/\1/p' src/server/version.h)
mkdir -p "$1"
out=$1/millrace-$version.tar
work=$(mktemp -d)
base=${BASE:-$work/base.tar}

# Functions that fail are commands of their own below: as part of a condition they would go on behind what fails.
buildah() {
    command buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"
}
# What the slim variant of Debian's image leaves out, and a /usr that is merged from the beginning: merging it later takes all of Perl.
# The name of a .tar tells the kind of file, so the part has that too.
make_base() {
    mmdebstrap --variant=minbase --quiet --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' bookworm "${base%.tar}.part.tar"
    mv "${base%.tar}.part.tar" "$base"
}
make_image() {
    empty=$(buildah from scratch)
    buildah add --quiet "$empty" "$base" /
    buildah commit --quiet --rm "$empty" localhost/base
    buildah bud --isolation chroot --format docker --pull-never --build-arg BASE=localhost/base --build-arg VERSION="$version" \
        --build-arg SOURCE="${SOURCE:-unknown}" -f utils/deploy/container/Containerfile -t localhost/millrace .
    rm -f "$out"
    buildah push localhost/millrace "docker-archive:$out:localhost/millrace:$version"
}
finish() {
    [ $? = 0 ] || tail -50 "$work/log" >&2
    rm -rf "$work"
}
trap finish EXIT
[ -e "$base" ] || make_base >"$work/log" 2>&1
make_image >>"$work/log" 2>&1
echo "$out"
