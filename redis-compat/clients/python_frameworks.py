#!/usr/bin/python3
"""RQ and Celery (Debian's python3-rq, python3-celery) against a server of its own: jobs, results, failures, retries, schedules, a
chord. usage: python_frameworks.py SERVER (ours, or redis-server, which proves the program)."""
import os, subprocess, sys, textwrap, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "support"))
import check as checks             # noqa: E402
from check import check, wait_for  # noqa: E402
from server import Server          # noqa: E402

SERVER = Server(sys.argv[1], "--appendonly", "yes")
SERVER.start().close()
PORT, DIR = SERVER.port, SERVER.home
URL = "redis://127.0.0.1:%d/0" % PORT
open(DIR + "/jobs.py", "w").write(textwrap.dedent("""
    import os, celery, redis
    app = celery.Celery('jobs', broker=os.environ['URL'], backend=os.environ['URL'])
    app.conf.update(broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)
    def add(a, b): return a + b
    def fail(): raise ValueError('no')
    def flaky():
        if redis.Redis.from_url(os.environ['URL']).incr('flaky') < 3: raise ValueError('again')
        return 'done'
    @app.task
    def plus(a, b): return a + b
    @app.task
    def total(xs): return sum(xs)
    @app.task(bind=True, max_retries=5)
    def retried(self):
        if redis.Redis.from_url(os.environ['URL']).incr('retried') < 3: raise self.retry(countdown=0.1)
        return 'done'
"""))
os.environ["URL"] = URL
os.environ["PYTHONPATH"] = DIR
sys.path.insert(0, DIR)
import redis  # noqa: E402

r = redis.Redis(port=PORT)
import celery, jobs, rq  # noqa: E402


workers = []
try:
    q = rq.Queue(connection=r)
    one, two = q.enqueue("jobs.add", 2, 3), q.enqueue("jobs.fail")
    three = q.enqueue("jobs.flaky", retry=rq.Retry(max=5))
    four = q.enqueue("jobs.add", 4, 5, depends_on=one)
    many = [q.enqueue("jobs.add", i, i) for i in range(20)]
    rq.SimpleWorker([q], connection=r).work(burst=True)
    check("rq: a result", one.result == 5, one.result)
    check("rq: a failure", two.get_status() == "failed" and two.id in q.failed_job_registry.get_job_ids(), two.get_status())
    check("rq: retries", three.result == "done", three.result)
    check("rq: a job that depends on another", four.result == 9, four.result)
    check("rq: many jobs", [j.result for j in many] == [2 * i for i in range(20)])
    check("rq: the queue is empty", len(q) == 0 and len(q.finished_job_registry) >= 22)
    import datetime
    q.enqueue_in(datetime.timedelta(seconds=1), "jobs.add", 1, 1)
    check("rq: a schedule", len(q.scheduled_job_registry) == 1)

    workers.append(subprocess.Popen([sys.executable, "-m", "celery", "-A", "jobs", "worker", "--concurrency", "2", "--loglevel", "ERROR"], cwd=DIR, env=os.environ,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    check("celery: a result", jobs.plus.delay(2, 3).get(timeout=30) == 5)
    check("celery: many tasks", [x.get(timeout=30) for x in [jobs.plus.delay(i, i) for i in range(30)]] == [2 * i for i in range(30)])
    check("celery: a group", celery.group(jobs.plus.s(i, 1) for i in range(5))().get(timeout=30) == [1, 2, 3, 4, 5])
    check("celery: a chord", celery.chord([jobs.plus.s(i, i) for i in range(5)])(jobs.total.s()).get(timeout=30) == 20)
    check("celery: a chain", celery.chain(jobs.plus.s(1, 2), jobs.plus.s(3))().get(timeout=30) == 6)
    start = time.time()
    check("celery: an eta", jobs.plus.apply_async((1, 1), countdown=1).get(timeout=30) == 2 and time.time() - start > 0.9)
    check("celery: retries", jobs.retried.delay().get(timeout=30) == "done")
    check("celery: workers answer", wait_for(lambda: jobs.app.control.ping(timeout=1)))
finally:
    for w in workers:
        w.terminate()
        w.wait()
    SERVER.end()
sys.stdout.flush()
os._exit(1 if checks.failed else 0)  # Celery would talk to the server once more
