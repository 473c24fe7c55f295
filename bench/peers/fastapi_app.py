"""FastAPI: the body as bytes, so that it does no more than the others."""

from fastapi import FastAPI, Request

from score import run

app = FastAPI()


@app.post("/score")
async def score(request: Request):
    return run(await request.body())
