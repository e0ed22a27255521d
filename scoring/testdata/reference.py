"""What common learners say of a data set, as they come: the figures that the
engine is held against. Wants scikit-learn; xgboost is asked too where it is.

reference.py FOLDER   prints {"learner": {"row_id": probability}} for its test.csv
reference.py time ROWS COLUMNS   prints the seconds of one fit of made-up numbers
"""

import csv
import json
import sys
import time

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

try:
    from xgboost import XGBClassifier
except ImportError:
    XGBClassifier = None


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return np.nan


def read(folder):
    with open(folder + "/schema.json", encoding="utf-8-sig") as f:
        columns = [c for c in json.load(f)["columns"] if c["role"] == "feature"]

    def rows(name):
        with open(f"{folder}/{name}.csv", encoding="utf-8-sig", newline="") as f:
            return list(csv.DictReader(f))

    def matrix(rows):
        out = np.empty((len(rows), len(columns)), object)
        for i, row in enumerate(rows):
            for j, c in enumerate(columns):
                out[i, j] = row[c["name"]] if c["kind"] == "categorical" else number(row[c["name"]])
        return out

    train, test = rows("train"), rows("test")
    texts = [j for j, c in enumerate(columns) if c["kind"] == "categorical"]
    numbers = [j for j in range(len(columns)) if j not in texts]
    labels = np.array([int(float(r["label"])) for r in train])
    return matrix(train), labels, matrix(test), [r["row_id"] for r in test], numbers, texts


def learners(numbers, texts):
    def one_hot():
        return OneHotEncoder(handle_unknown="ignore", sparse_output=False)

    filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True))
    dense = make_column_transformer((filled, numbers), (one_hot(), texts))
    open_ = make_column_transformer(("passthrough", numbers), (one_hot(), texts))
    to_floats = lambda model, columns: make_pipeline(columns, model)
    asked = {
        "logistic": make_pipeline(dense, StandardScaler(), LogisticRegression(max_iter=2000)),
        "forest": to_floats(RandomForestClassifier(random_state=0), dense),
        "boosting": to_floats(HistGradientBoostingClassifier(random_state=0), open_),
    }
    if XGBClassifier:
        asked["xgboost"] = to_floats(XGBClassifier(random_state=0), open_)
    return asked


def main(args):
    if args[0] == "time":
        x = np.random.RandomState(0).normal(size=(int(args[1]), int(args[2])))
        y = (x[:, 0] + x[:, 1] * x[:, 2] + np.random.RandomState(1).normal(size=len(x)) > 1).astype(int)
        start = time.time()
        HistGradientBoostingClassifier(random_state=0).fit(x, y)
        print(time.time() - start)
        return
    train, labels, test, ids, numbers, texts = read(args[0])
    out = {}
    for name, learner in learners(numbers, texts).items():
        out[name] = dict(zip(ids, learner.fit(train, labels).predict_proba(test)[:, 1].tolist()))
    json.dump(out, sys.stdout)


main(sys.argv[1:])
