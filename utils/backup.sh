#!/bin/sh
# Makes a backup of a running server and copies it away. usage: backup.sh DESTINATION [redis-cli options, such as -p 6380 -a password]
# DESTINATION must not exist; then it holds appendonlydir, as `restore.sh` and a server's `dir` want it. Runs on the server's machine.
set -eu
destination=$1
shift
[ -e "$destination" ] && { echo "$destination exists" >&2; exit 1; }
ask() { redis-cli "$@"; }
field() { ask "$@" BACKUP STATUS | awk -v want="$name_of_field" 'found { print; exit } $0 == want { found = 1 }'; }
refused() { case $1 in *ERR* | *NOPERM* | *NOAUTH* | *Could\ not*) echo "$1" >&2; exit 1 ;; esac; }
name=$(ask "$@" BACKUP START)
refused "$name"
refused "$(ask "$@" BACKUP SEAL)"
name_of_field=state
until [ "$(field "$@")" = sealed ]; do
    [ "$(field "$@")" = failed ] && { name_of_field=error; echo "the backup failed: $(field "$@")" >&2; exit 1; }
    sleep 0.1
done
name_of_field=path
mkdir -p "$destination"
cp -R "$(field "$@")"/. "$destination"
built=$(dirname "$0")/../build/release
check=$(PATH=$PATH:$built command -v millrace-check-aof || command -v redis-check-aof) || { echo "no millrace-check-aof in PATH or $built" >&2; exit 1; }
"$check" "$destination"/*/*.manifest >/dev/null || { echo "the copy in $destination is not sound" >&2; exit 1; }
sync
ask "$@" BACKUP CLEANUP "$name" >/dev/null
echo "$name is in $destination"
