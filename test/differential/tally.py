"""Counts for the end of the test's output."""

from collections import Counter


class Tally:
    def __init__(self):
        self.cases = 0
        self.equal = 0
        self.intended = Counter()
        self.different = 0

    def text(self):
        in_cases = self.cases - self.equal - self.different
        return (f"differential: {self.cases} cases, {self.equal} equal, {in_cases} with an intended difference of "
                f"their own, {self.different} different")


TALLY = Tally()
