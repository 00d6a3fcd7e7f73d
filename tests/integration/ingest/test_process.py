"""The service as a process: it starts from its environment, and says what to do when it cannot."""

import os
import subprocess
import sys

from tests.support.system import System, free_port


def test_starts_and_a_second_one_on_the_same_folder_is_told_why_not(system: System):
    system.ingest()
    second = subprocess.run(
        [sys.executable, "-m", "services.ingest"],
        env={
            **os.environ,
            "TOKENLINE_DATA_DIR": str(system.folder),
            "TOKENLINE_SERVICE_TOKEN": "a service token for tests",
            "TOKENLINE_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert second.returncode != 0
    assert "QDRANT_URL" in second.stderr, second.stderr
