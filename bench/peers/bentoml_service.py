"""BentoML: one worker; it parses and checks the body by the type of the argument."""

from typing import List

import bentoml


@bentoml.service(workers=1)
class Scorer:
    @bentoml.api(route="/score")
    def score(self, data: List[List[float]]) -> List[float]:
        return [sum(r) for r in data]
