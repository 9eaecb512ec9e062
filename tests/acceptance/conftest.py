"""Fixtures: a real `macp` in a folder of its own, and tests that are coroutines with a guard against hanging."""
import asyncio
import inspect
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from gateway import Gateway  # noqa: E402


def pytest_pyfunc_call(pyfuncitem):
    """Runs `async def` tests to their end on a loop of their own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    marker = pyfuncitem.get_closest_marker("guard")
    seconds = marker.args[0] if marker else 60
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    async def guarded():
        async with asyncio.timeout(seconds):
            await pyfuncitem.obj(**arguments)

    asyncio.run(guarded())
    return True


@pytest.fixture(scope="session")
def binary():
    path = pathlib.Path(os.environ.get("MACP_BINARY", "build/release/bin/macp")).resolve()
    if not path.is_file():
        pytest.exit(f"no macp binary at {path}: build it, or set MACP_BINARY", returncode=2)
    return path


@pytest.fixture
def make_gateway(binary, tmp_path):
    """make_gateway(**environment) starts a gateway; all end with the test, and their logs are shown if it fails."""
    made = []

    def make(root=None, start=True, **settings):
        gateway = Gateway(binary, root or tmp_path / f"root{len(made)}", **settings)
        made.append(gateway)
        return gateway.start() if start else gateway

    yield make
    for gateway in made:
        gateway.kill()
        print(f"--- log of {gateway.root.name} (the last lines)\n{gateway.log_text()[-4000:]}")


@pytest.fixture
def gateway(make_gateway):
    return make_gateway()
