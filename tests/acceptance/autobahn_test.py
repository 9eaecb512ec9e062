"""WebSocket conformance: the cases of Autobahn's TestSuite, driven by kosoku (it runs on Python 3) against the echo door.

Group 9 is about limits and speed with messages of up to 16 MiB. Groups 8 and 11 have no cases; 12 and 13 are about
compression, which we do not offer.
"""
import json
import pathlib
import subprocess
import sys

import pytest

GROUPS = (1, 2, 3, 4, 5, 6, 7, 9, 10)


@pytest.mark.guard(600)
def test_no_case_fails(make_gateway, tmp_path):
    gateway = make_gateway(test_echo=1)
    command = [pathlib.Path(sys.executable).parent / "kosoku", "--mode", "fuzzingclient", "--outdir", tmp_path / "report"]
    for group in GROUPS:
        command += ["--include", f"{group}.*"]
    run = subprocess.run([*command, f"127.0.0.1:{gateway.port}/ws/echo"], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=600)
    index = tmp_path / "report/index.json"
    assert index.is_file(), run.stdout + run.stderr
    (cases,) = json.loads(index.read_text()).values()
    fine = {"OK", "NON-STRICT", "INFORMATIONAL"}
    failed = {name: case for name, case in cases.items() if not {case["behavior"], case["behaviorClose"]} <= fine}
    print(f"{len(cases)} cases")
    assert len(cases) > 290 and not failed, failed
