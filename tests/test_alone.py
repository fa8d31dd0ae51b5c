"""Each test file passes when it runs alone, so that one test can be worked on by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = [
    path
    for path in sorted(TESTS.rglob("test_*.py"))
    if path.name != Path(__file__).name and path.parent.name != "book"
]


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_file_passes_alone(path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)],
        cwd=TESTS.parent,
        env={**os.environ, "PYTEST_XDIST_WORKER": ""},
        capture_output=True,
        text=True,
        timeout=280,
    )
    # 5: only slow tests inside
    assert done.returncode in (0, 5), done.stdout[-3000:] + done.stderr[-1000:]
