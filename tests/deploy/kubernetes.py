#!/usr/bin/env python3
"""The manifests of utils/deploy/kubernetes against the server: kubernetes.py SERVER

kubectl renders the base and each overlay. What they name has to be there (labels, ports, volumes, files), what they say of the server has to be
what it is: it is started with the rendered settings, users and arguments, and the probes are asked."""
import base64, glob, os, re, subprocess, sys, tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from check import Failed, cases, expect  # noqa: E402
from server import Server, certificate, free_port  # noqa: E402

SERVER = os.path.abspath(sys.argv[1])
HERE = os.path.join(ROOT, "utils", "deploy", "kubernetes")
OVERLAYS = sorted(os.path.relpath(os.path.dirname(p), HERE) for p in glob.glob(HERE + "/**/kustomization.yaml", recursive=True))
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
FROM_OUTSIDE = {"millrace-tls"}  # secrets that the operator makes


def text(*path):
    with open(os.path.join(ROOT, *path)) as f:
        return f.read()


def number(size):
    m = re.fullmatch(r"(\d+)([A-Za-z]*)", size)
    return int(m.group(1)) * UNITS.get(m.group(2), 1)


def render(overlay):
    p = subprocess.run(["kubectl", "kustomize", os.path.join(HERE, overlay)], capture_output=True, text=True)
    if p.returncode:
        raise Failed("%s: %s" % (overlay, p.stderr))
    return list(yaml.safe_load_all(p.stdout))


def of_kind(objects, kind):
    return [x for x in objects if x["kind"] == kind]


def holds(labels, wanted):
    return wanted.items() <= labels.items()


def pods(objects):
    """(labels, pod, container) of each StatefulSet."""
    for s in of_kind(objects, "StatefulSet"):
        t = s["spec"]["template"]
        yield t["metadata"]["labels"], t["spec"], t["spec"]["containers"][0]


def container_ports(container):
    return {p["name"]: p["containerPort"] for p in container["ports"]}


def settings(objects, pod):
    """The configuration that the pod mounts: its text, and the last value of each setting."""
    name = next(v["configMap"]["name"] for v in pod["volumes"] if v["name"] == "config")
    conf = next(x["data"]["millrace.conf"] for x in of_kind(objects, "ConfigMap") if x["metadata"]["name"] == name)
    return conf, dict(line.split(None, 1) for line in conf.splitlines() if line and line[0] != "#")


def secret_files(objects, pod, volume):
    name = next(v["secret"]["secretName"] for v in pod["volumes"] if v["name"] == volume)
    return {f: base64.b64decode(x).decode() for s in of_kind(objects, "Secret") if s["metadata"]["name"] == name for f, x in s["data"].items()}


# ---- What names what


def names_lead_somewhere(objects):
    labels = [x for x, _, _ in pods(objects)]
    for s in of_kind(objects, "StatefulSet"):
        expect(holds(s["spec"]["template"]["metadata"]["labels"], s["spec"]["selector"]["matchLabels"]), True, "the StatefulSet's own pods")
        services = [x["metadata"]["name"] for x in of_kind(objects, "Service") if x["spec"].get("clusterIP") == "None"]
        expect(s["spec"]["serviceName"] in services, True, "the headless Service %s" % s["spec"]["serviceName"])
    for s in of_kind(objects, "Service"):
        served = [c for x, _, c in pods(objects) if holds(x, s["spec"]["selector"])]
        expect(len(served), 1, "StatefulSets behind the Service %s" % s["metadata"]["name"])
        for p in s["spec"]["ports"]:
            expect(container_ports(served[0])[p["targetPort"]], p["port"], "port %s of the Service" % p["name"])
    for x in of_kind(objects, "NetworkPolicy"):
        expect(all(holds(y, x["spec"]["podSelector"]["matchLabels"]) for y in labels), True, "the NetworkPolicy is for all pods")
    for x in of_kind(objects, "PodDisruptionBudget"):
        expect(sum(holds(y, x["spec"]["selector"]["matchLabels"]) for y in labels), 1, "StatefulSets of the PodDisruptionBudget")
    for x in of_kind(objects, "ServiceMonitor"):
        found = [s for s in of_kind(objects, "Service") if holds(s["metadata"]["labels"], x["spec"]["selector"]["matchLabels"])]
        for s in found:
            expect(x["spec"]["endpoints"][0]["port"] in [p["name"] for p in s["spec"]["ports"]], True, "the port that is scraped")
        expect(len(found) > 0, True, "a Service that is scraped")


def volumes_and_files(objects):
    made = {x["metadata"]["name"] for x in of_kind(objects, "ConfigMap") + of_kind(objects, "Secret")}
    for _, pod, container in pods(objects):
        mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
        claims = [t["metadata"]["name"] for s in of_kind(objects, "StatefulSet") for t in s["spec"]["volumeClaimTemplates"]]
        for name in mounts:
            expect(name in claims or name in [v["name"] for v in pod["volumes"]], True, "the volume %s" % name)
        for v in pod["volumes"]:
            source = v["configMap"]["name"] if "configMap" in v else v["secret"]["secretName"]
            expect(source in made | FROM_OUTSIDE, True, "what the volume %s is made of: %s" % (v["name"], source))
        _, conf = settings(objects, pod)
        expect(mounts["data"], conf["dir"], "where data are kept")
        for name in ("aclfile", "tls-cert-file", "tls-key-file"):
            if name in conf:
                expect(os.path.dirname(conf[name]) in mounts.values(), True, "%s is mounted" % name)
        expect("users.acl" in secret_files(objects, pod, "users"), True, "a file of users")


def as_the_image_is(objects):
    recipe = text("utils/deploy/container/Containerfile")
    version = re.search(r'VERSION_MILLRACE "([^"]+)"', text("src/server/version.h")).group(1)
    exposed = set(map(int, re.search(r"^EXPOSE (.*)$", recipe, re.M).group(1).split()))
    user = int(re.search(r"^USER (\d+)", recipe, re.M).group(1))
    for _, pod, container in pods(objects):
        expect(set(container_ports(container).values()), exposed, "the ports")
        expect(pod["securityContext"]["runAsUser"], user, "the user")
        expect(pod["securityContext"]["fsGroup"], user, "the group of the volume")
        expect(container["image"].split(":")[-1], version, "the image's version")
        expect("command" in container, False, "a command in the place of the image's")
        guard = container["securityContext"]
        expect((guard["readOnlyRootFilesystem"], guard["allowPrivilegeEscalation"], guard["capabilities"]["drop"]), (True, False, ["ALL"]), "rights")


def sizes_and_times(objects):
    stop = int(re.search(r"^TimeoutStopSec=(\d+)", text("utils/millrace.service"), re.M).group(1))
    for _, pod, container in pods(objects):
        _, conf = settings(objects, pod)
        limit = number(container["resources"]["limits"]["memory"])
        expect(0.5 < number(conf["maxmemory"]) / limit <= 0.7, True, "maxmemory is about two thirds of %d" % limit)
        expect(pod["terminationGracePeriodSeconds"], stop, "the time to stop, as in the systemd unit")
        probe = {k: container[k + "Probe"] for k in ("liveness", "readiness", "startup")}
        expect({k: x["httpGet"]["path"] for k, x in probe.items()}, {"liveness": "/healthz", "readiness": "/readyz", "startup": "/healthz"}, "what probes ask")
        expect(all(container_ports(container)[x["httpGet"]["port"]] == int(conf["console-port"]) for x in probe.values()), True, "the port of probes")
        expect({x["httpGet"].get("scheme", "HTTP") for x in probe.values()}, {"HTTPS" if conf.get("console-tls") == "yes" else "HTTP"}, "how probes ask")
        expect(probe["liveness"]["periodSeconds"] * probe["liveness"]["failureThreshold"] >= 120, True, "a long script is no reason for a restart")
        expect(probe["startup"]["periodSeconds"] * probe["startup"]["failureThreshold"], 1800, "half an hour to load")


def rules_are_the_ones(objects):
    for x in of_kind(objects, "PrometheusRule"):
        expect(x["spec"], yaml.safe_load(text("utils/deploy/prometheus/millrace.rules.yml")), "the alert rules (utils/prometheusrule.py)")


# ---- The server as the pod would run it


def runs(objects):
    for _, pod, container in pods(objects):
        conf, values = settings(objects, pod)
        with tempfile.TemporaryDirectory() as home:
            for name, content in secret_files(objects, pod, "users").items():
                with open(os.path.join(home, name), "w") as f:
                    f.write(content)
            certificate(home)
            os.rename(home + "/s.crt", home + "/tls.crt")
            os.rename(home + "/s.key", home + "/tls.key")
            os.mkdir(home + "/data")

            def moved(x):
                return re.sub(r"/etc/millrace-(users|tls)\b", home, x).replace("/data", home + "/data")
            http = free_port()
            args = [moved(a) for a in container.get("args") or []]
            is_replica = "--replicaof" in args
            if is_replica:
                args[args.index("--replicaof") + 1] = "127.0.0.1 1"
            plain = "console-tls" not in values
            places = ["--bind", "127.0.0.1", "--console-bind", "127.0.0.1", "--console-port", http, "--tls-port" if "tls-port" in values else "--port", free_port()]
            with Server(SERVER, *args, *places, conf=moved(conf)) as s:
                expect(s.launch(), True, "it starts: " + s.log())
                expect(str(s.unix().do("PING")).startswith("NOAUTH"), True, "nobody comes in before a user is made")
                if plain:
                    ask = lambda path: subprocess.run([SERVER, "--healthcheck", "http://127.0.0.1:%d%s" % (http, path)], capture_output=True, text=True)  # noqa: E731
                    expect(ask(container["livenessProbe"]["httpGet"]["path"]).returncode, 0, "alive")
                    ready = ask(container["readinessProbe"]["httpGet"]["path"])
                    expect((ready.returncode, "replica-link" in ready.stderr), (1, True) if is_replica else (0, False), "ready")


CHECKS = [names_lead_somewhere, volumes_and_files, as_the_image_is, sizes_and_times, rules_are_the_ones, runs]
cases([("%s: %s" % (o, f.__name__.replace("_", " ")), lambda f=f, o=o: f(render(o))) for o in OVERLAYS for f in CHECKS], errors=(OSError, KeyError, StopIteration))
