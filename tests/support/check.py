"""What a test in Python says: lines "ok NAME" and "not ok NAME: what was seen", and an exit status."""
import sys, time, traceback

from resp import Error

failed = 0


class Failed(Exception):
    """Something is not as it has to be."""


def check(name, good, seen=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + name + ("" if good else ": %.700s" % (seen if isinstance(seen, str) else repr(seen)).replace("\n", "\\n")), flush=True)
    return good


def done():
    sys.exit(failed > 0)


def expect(got, want, what):
    if got != want:
        raise Failed("%s: got %r, wanted %r" % (what, got, want))


def unless_it_loads(what):
    """The value of what(); None while the server that it asks is loading, as a replica does for a moment during a full copy."""
    try:
        return what()
    except Error as e:
        if not str(e).startswith("LOADING"):
            raise
        return None


def wait_for(what, seconds=60):
    """Until what() is true; its value. None: it did not become so. The limit ends a test that hangs and judges nothing."""
    end = time.monotonic() + seconds
    while not (got := unless_it_loads(what)):
        if time.monotonic() > end:
            return None
        time.sleep(0.01)
    return got


def until(name, what, seconds=60):
    """wait_for() that fails."""
    got = wait_for(what, seconds)
    if not got:
        raise Failed("%s does not come" % name)
    return got


def cases(all_cases, only=(), errors=(OSError,)):
    """Runs (name, function, ...arguments); a line each, then the end. only: parts of the names that are run."""
    for name, run, *args in all_cases:
        if only and not any(part in name for part in only):
            continue
        try:
            run(*args)
            check(name, True)
        except (Failed, *errors) as e:
            lines = [x.lineno for x in traceback.extract_tb(e.__traceback__)]
            check(name, False, "%s: %s, lines %s" % (type(e).__name__, e, lines))
    done()
