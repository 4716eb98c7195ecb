"""Prints XGBoost's results for a small problem as JSON: reference values for the tests.

    apt install python3-xgboost
    /usr/bin/python3 bench/boosting-reference.py > tests/training/baselines/xgboost-reference.json

The test generates the same problem, so only the results are stored. Every feature has fewer distinct
values than bins, so that both sides see the same candidate splits.
"""

import json

import numpy
import xgboost

ROWS, FEATURES, CLASSES = 400, 9, 4
STORED_ROWS = 12
NAMES = {"maxDepth": "max_depth", "learningRate": "eta", "minChildWeight": "min_child_weight"}
CASES = [
    {"rounds": 1},
    {"rounds": 30},
    {"rounds": 15, "maxDepth": 2, "learningRate": 0.1},
    {"rounds": 8, "lambda": 4},
    {"rounds": 8, "alpha": 1.5},
    {"rounds": 8, "gamma": 1.25},
    {"rounds": 8, "minChildWeight": 7},
    {"rounds": 8, "minChildWeight": 0, "lambda": 0.25, "maxDepth": 8},
    {"rounds": 8, "weighted": True},
]


def numbers():
    """The linear congruential generator of Numerical Recipes; its high bits are the most random."""
    state = 1
    while True:
        state = (1664525 * state + 1013904223) % 2**32
        yield state >> 16


def problem():
    source = numbers()
    X = numpy.array([[next(source) % 50 for _ in range(FEATURES)] for _ in range(ROWS)], "float32")
    y = (X[:, 0] + X[:, 1] > 50).astype(int) + 2 * (X[:, 2] > 24)
    noise = numpy.array([next(source) for _ in range(ROWS)])
    y = numpy.where(noise % 5 == 0, noise // 5 % CLASSES, y)
    weights = numpy.array([(1 + next(source) % 4) / 2 for _ in range(ROWS)])
    return X, y, weights


def main():
    X, y, weights = problem()
    answers = []
    for case in CASES:
        options = dict(case)
        rounds = options.pop("rounds")
        weighted = options.pop("weighted", False)
        parameters = {
            "objective": "multi:softprob",
            "num_class": CLASSES,
            "tree_method": "hist",
            "max_bin": 256,
            "max_depth": 5,
            "eta": 0.3,
            "nthread": 1,
            **{NAMES.get(name, name): value for name, value in options.items()},
        }
        data = xgboost.DMatrix(X, y, weight=weights if weighted else None)
        booster = xgboost.train(parameters, data, rounds)
        gains = booster.get_score(importance_type="total_gain")
        gains = numpy.array([gains.get(f"f{f}", 0) for f in range(FEATURES)])
        answers.append(
            {
                "case": case,
                "nodes": sum(tree.count("\n") for tree in booster.get_dump()),
                "importances": [round(float(share), 7) for share in gains / gains.sum()],
                "probabilities": [
                    [round(float(p), 7) for p in row] for row in booster.predict(data)[:STORED_ROWS]
                ],
            }
        )
    print(json.dumps({"xgboost": xgboost.__version__, "answers": answers}))


main()
