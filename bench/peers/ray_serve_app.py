"""Ray Serve: one replica behind its own proxy."""

import sys
import time

import ray
from ray import serve
from starlette.requests import Request

from score import run


@serve.deployment(num_replicas=1, max_ongoing_requests=16)
class Scorer:
    async def __call__(self, request: Request):
        return run(await request.body())


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Scorer.bind(), route_prefix="/score")
    while True:
        time.sleep(60)
