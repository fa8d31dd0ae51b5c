import os
import subprocess
import sys

import pytest


@pytest.fixture
def run():
    """Run the command line in a process of its own."""

    def run(*arguments, cwd=None, **environment):
        settings = {"CNNHISTORY_SCALE": "small", "OMP_NUM_THREADS": "1", **environment}
        return subprocess.run(
            [sys.executable, "-m", "cnnhistory", *arguments],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**os.environ, **settings},
            check=False,
        )

    return run
