"""Celery with sentinel:// as broker and for results: a worker with acks_late, tasks sent before, during and after. Run by failover.py."""
import ctypes, os, signal, subprocess, sys, threading, time
import celery

URL = ";".join("sentinel://" + a for a in os.environ["SENTINELS"].split(","))
DONE = os.path.join(os.environ["DIR"], "done")
# Messages that a worker had and did not acknowledge come back after visibility_timeout.
OPTIONS = {"master_name": os.environ["NAME"], "visibility_timeout": 10, "socket_timeout": 6, "retry_on_timeout": True}
app = celery.Celery("celery_tasks", broker=URL, backend=URL)
app.conf.update(broker_transport_options=OPTIONS, result_backend_transport_options={**OPTIONS, "retry_policy": {"timeout": 30.0}},
                task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True,
                broker_connection_max_retries=None, worker_hijack_root_logger=False)


@app.task
def note(n):
    time.sleep(0.02)
    with open(DONE, "a") as f:
        f.write("done %d\n" % n)
    return n


def say(*words):
    with said:
        print(*words, flush=True)


def follow():
    """Says what the tasks wrote."""
    with open(DONE) as f:
        while True:
            line = f.readline()
            if line:
                say(line.rstrip())
            else:
                time.sleep(0.05)


def produce():
    n, results = 0, []
    while not ended.is_set():
        n += 1
        try:
            results.append(note.delay(n))
            say("acked", n)
        except Exception as e:  # of redis-py, of kombu, of sockets: whatever is left to the caller
            say("failed", "%s: %s" % (type(e).__name__, e))
            time.sleep(0.1)
        time.sleep(0.02)
    return results


def worker():
    """One that ends with us."""
    end_with_parent = lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    command = [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--concurrency", "2", "--loglevel", "WARNING"]
    return subprocess.Popen(command, cwd=os.path.dirname(os.path.abspath(__file__)), env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, stdout=2, stderr=2,
                            preexec_fn=end_with_parent)


if __name__ == "__main__":
    ended, said = threading.Event(), threading.Lock()
    open(DONE, "w").close()
    threading.Thread(target=follow, daemon=True).start()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    p = worker()
    results, without = produce(), 0
    for r in results:
        try:
            r.get(timeout=60)
        except Exception:  # what a worker met while it noted the result, and no result
            without += 1
    say("%d of %d without a result" % (without, len(results)))
    p.wait()  # until we are killed: what has not run still may
