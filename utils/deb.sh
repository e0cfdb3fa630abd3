#!/bin/sh
# Builds the Debian package in a clean copy of the tree: deb.sh OUT, a folder that takes the .deb, .buildinfo and .changes.
#
# What is copied is what git tracks, as it lies here; without git all but build/ and data/. Needs the packages of [run] and [deb] in
# deps/packages.txt, and no network. Two builds give the same bytes: times are those of debian/changelog.
set -eu
cd "$(dirname "$0")/.."
out=$1
version=$(dpkg-parsechangelog -S Version)
grep -q "VERSION_MILLRACE \"$version\"" src/server/version.h || { echo "deb.sh: debian/changelog says $version, src/server/version.h does not" >&2; exit 1; }
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/millrace-$version
mkdir "$copy"
if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -z | xargs -0 -r sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh
else
    find . -path ./build -prune -o -path ./data -prune -o ! -type d -print0
fi | tar --null -T - --mtime="@$(dpkg-parsechangelog -S Timestamp)" -cf - | tar -xf - -C "$copy"
(cd "$copy" && dpkg-buildpackage -us -uc -b) >"$work/log" 2>&1 || { tail -50 "$work/log" >&2; exit 1; }
for f in "$work"/millrace*.deb "$work"/millrace_*.buildinfo "$work"/millrace_*.changes; do
    cp "$f" "$out"
    echo "$out/${f##*/}"
done
