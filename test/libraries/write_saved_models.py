"""Writes SavedModels for test_saved_models.py: write_saved_models.py FOLDER."""

import sys
from pathlib import Path

import tensorflow as tf


class Linear(tf.Module):
    """y = x * weights + 1"""

    def __init__(self):
        super().__init__()
        self.weights = tf.Variable([2.0, 3.0])

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def score(self, x):
        return {"y": x * self.weights + 1.0}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x"),
                                  tf.TensorSpec([None], tf.int64, name="times")])
    def many(self, x, times):
        return {"sum": tf.reduce_sum(x, 1), "count": times * 2}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def length(self, text):
        return {"length": tf.strings.length(text)}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="a"),
                                  tf.TensorSpec([None, None], tf.float32, name="b")])
    def product(self, a, b):
        return {"product": tf.matmul(a, b)}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    model = Linear()
    signatures = {"serving_default": model.score, "many": model.many, "length": model.length, "product": model.product}
    tf.saved_model.save(model, folder / "model/1", signatures)
    model.weights.assign([20.0, 30.0])
    tf.saved_model.save(model, folder / "model/2", signatures)
