#!/bin/sh
# Runs a program on a server of its own, with PORT, SERVER and DIR (the server's folder) in its environment; its exit status is the
# program's. usage: on_server.sh SERVER PROGRAM [ARGUMENT...]
exec python3 "$(dirname "$0")/../../tests/support/server.py" "$@"
