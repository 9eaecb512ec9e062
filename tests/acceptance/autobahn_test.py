"""WebSocket conformance: the cases of Autobahn's TestSuite, driven by kosoku (it runs on Python 3) against the echo door.

Group 9 is about limits and speed with messages of up to 16 MiB. Groups 8 and 11 have no cases; 12 and 13 are about
compression, which we do not offer.
"""
import json
import os
import pathlib
import subprocess
import sys

import pytest

LONG = bool(os.environ.get("MACP_TEST_LONG"))
QUICK_GROUPS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.1.*", "6.2.*", "6.3.*", "7.*", "10.*"]
ALL_GROUPS = [f"{group}.*" for group in (1, 2, 3, 4, 5, 6, 7, 9, 10)]


def run_cases(gateway, groups, out):
    arguments = [argument for group in groups for argument in ("--include", group)]
    command = pathlib.Path(sys.executable).parent / "kosoku"
    run = subprocess.run([command, "--mode", "fuzzingclient", "--outdir", out, *arguments, f"127.0.0.1:{gateway.port}/ws/echo"],
                         capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1500)
    index = out / "index.json"
    assert index.is_file(), run.stdout + run.stderr
    (agent,) = json.loads(index.read_text()).values()
    return agent


@pytest.mark.autobahn
@pytest.mark.quick
def test_no_case_fails(make_gateway, tmp_path):
    gateway = make_gateway(test_echo=1)
    cases = run_cases(gateway, ALL_GROUPS if LONG else QUICK_GROUPS, tmp_path / "report")
    fine = {"OK", "NON-STRICT", "INFORMATIONAL"}
    failed = {name: case for name, case in cases.items() if not {case["behavior"], case["behaviorClose"]} <= fine}
    print(f"{len(cases)} cases")
    assert len(cases) > 100 and not failed, failed
