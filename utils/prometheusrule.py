#!/usr/bin/env python3
"""Prints the alert rules as an object of the Prometheus operator, for utils/deploy/kubernetes/overlays/monitoring/prometheusrule.yaml."""
import os

HERE = os.path.dirname(os.path.abspath(__file__))
print("# Made by utils/prometheusrule.py of utils/deploy/prometheus/millrace.rules.yml.\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
      "metadata:\n  name: millrace\nspec:")
with open(os.path.join(HERE, "deploy", "prometheus", "millrace.rules.yml")) as f:
    for line in f:
        if not line.startswith("#"):
            print(("  " + line.rstrip()).rstrip())
