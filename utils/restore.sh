#!/bin/sh
# Puts a backup in the place of a server's data; the server must not run. usage: restore.sh BACKUP DIR
# What DIR holds already is moved aside, not removed.
set -eu
backup=$1 dir=$2
manifest=$(ls "$backup"/*/*.manifest)
folder=$(basename "$(dirname "$manifest")")
built=$(dirname "$0")/../build/release
check=$(PATH=$PATH:$built command -v millrace-check-aof || command -v redis-check-aof) || { echo "no millrace-check-aof in PATH or $built" >&2; exit 1; }
"$check" "$manifest" >/dev/null || { echo "$backup is not sound: nothing was changed" >&2; exit 1; }
mkdir -p "$dir"
# The server's lock; ours until the end of the script.
exec 9<"$dir"
flock -n 9 || { echo "$dir is in use by a server: nothing was changed" >&2; exit 1; }
if [ -e "$dir/$folder" ]; then
    aside=$dir/$folder.before-$(date +%s)
    mv "$dir/$folder" "$aside"
    echo "what was there is in $aside"
fi
cp -R "$backup/$folder" "$dir/$folder"
sync
echo "restored; start the server with appendonly yes"
