"""The TypeScript client as a program in Node, at a real gateway (``libs/web/e2e``)."""

import os
import subprocess

from tests.support.system import ROOT, System


def test_the_headless_client_at_a_real_gateway(system: System) -> None:
    system.scripted_model()
    system.worker(slots=1)
    system.gateway()
    with system.client() as client:
        key = client.post("/api/v1/api-keys", json={"name": "node"}).json()["key"]
    told = {"VITE_TOKENLINE_URL": system.url(), "VITE_TOKENLINE_KEY": key}
    run("npx", "vitest", "run", "--config", "libs/web/e2e/vitest.config.ts", **told)
    # And without a bundler, as the README has it.
    run("npm", "run", "bundle", "-w", "@tokenline/client")
    question = '{"say": "at your service"}'
    assert run("node", "libs/web/e2e/program.mjs", system.url(), key, question) == "at your service"


def run(*command: str, **environment: str) -> str:
    """What it wrote."""
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    return ended.stdout
