"""MLServer: a runtime with an endpoint of its own, since its protocol wants another body."""

import json

from fastapi import Request, Response
from mlserver import MLModel
from mlserver.handlers import custom_handler

from score import run


class Scorer(MLModel):
    async def load(self):
        return True

    @custom_handler(rest_path="/score")
    async def score(self, request: Request) -> Response:
        return Response(json.dumps(run(await request.body())), media_type="application/json")
