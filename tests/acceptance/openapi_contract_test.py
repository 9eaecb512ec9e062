"""The specs are the truth: every live answer fits them, and nothing that Schemathesis invents gets an answer they do not know."""
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
LONG = bool(os.environ.get("MACP_TEST_LONG"))


def run(*command, seconds, **environment):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=seconds, env=os.environ | environment)
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]


def test_every_route_keeps_the_contract(gateway):
    gateway.append("{half a line", {"event_type": "task.created", "task_id": "watched"})
    run(sys.executable, HERE / "openapi_contract.py", gateway.url(""), seconds=60)


@pytest.mark.guard(3600)
def test_schemathesis_finds_no_unknown_answer(gateway):
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    run(HERE / "schemathesis.sh", gateway.url(""), "--long" if LONG else "--quick",
        seconds=3600 if LONG else 300, SCHEMATHESIS=str(program))
    assert gateway.process.poll() is None
