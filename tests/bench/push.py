#!/usr/bin/env python3
"""10,000 subscriptions under load (push.c), against a server of its own.

usage: push.py --server PATH --driver PATH [--seconds N]

Fails when a message is lost, or when a turn may have taken more than 20 ms of processor time."""
import argparse, os, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp import info      # noqa: E402
from server import Server  # noqa: E402


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--driver", required=True)
    ap.add_argument("--seconds", type=int, default=300)
    o = ap.parse_args()
    with Server(o.server, "--appendonly", "yes", "--latency-monitor-threshold", "5", "--slowlog-log-slower-than", "5000") as s:  # which lets processor time be measured
        s.start().close()
        code = subprocess.run([o.driver, str(s.port), str(o.seconds)], timeout=o.seconds * 3 + 60).returncode
        c = s.conn()
        for name, _, last, longest in c.ask("LATENCY", "LATEST"):
            print("  %s: last %d ms, at most %d ms" % (name.decode(), last, longest))
        for _, at, us, command, *_ in c.ask("SLOWLOG", "GET", "10"):
            print("  %d us at second %d of the hour: %s" % (us, at % 3600, b" ".join(command)[:100].decode(errors="replace")))
        i = info(c)
        print("  %s turns; the last fork took %s us" % (i["eventloop_cycles"], i["latest_fork_usec"]))
        sys.exit(code)


if __name__ == "__main__":
    main()
