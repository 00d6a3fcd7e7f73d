"""``python -m tokenline.offline_model --port N [--tokens-per-second N]``"""

import argparse
import os

import uvicorn

from tokenline.core.clock import SystemClock
from tokenline.offline_model.app import create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tokenline.offline_model")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--tokens-per-second",
        type=float,
        default=float(os.environ.get("TOKENLINE_OFFLINE_TOKENS_PER_SECOND", "30")),
        help="words streamed in a second; 0: as fast as they are taken",
    )
    arguments = parser.parse_args()
    app = create_app(SystemClock(), max(arguments.tokens_per_second, 0.0))
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
