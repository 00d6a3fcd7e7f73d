"""``python -m tests.support.scripted_model --port N``, until SIGTERM; the default script is given as JSON."""

import argparse
import asyncio
import signal

import msgspec
import uvloop

from tests.support.scripted_model import Script, ScriptedModel


async def serve(port: int, default: Script) -> None:
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, stop.set)
    model = ScriptedModel(default)
    await model.start(port)
    print(f"scripted model on {model.base_url}", flush=True)
    await stop.wait()
    await model.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--script", default="{}")
    arguments = parser.parse_args()
    uvloop.run(serve(arguments.port, msgspec.json.decode(arguments.script, type=Script)))


if __name__ == "__main__":
    main()
