"""Runs the queries of docs/fleet.md over facts in DuckDB, polars and Spark, and prints the answers as JSON.

    python3 tests/engines/queries.py FACTS docs/fleet.md

An engine that is not installed has no answers (pip install duckdb polars pyspark; Spark needs Java).
"""

import datetime
import json
import re
import sys
import warnings

warnings.filterwarnings("ignore")
FACTS, DOCUMENT = sys.argv[1:]
TEXT = open(DOCUMENT, encoding="utf-8").read()
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT.split("## Ten queries")[1], re.S)


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat()
    return value


def rows(answer):
    return [[plain(value) for value in row] for row in answer]


def duckdb():
    import duckdb

    own = duckdb.connect()
    own.execute(f"CREATE VIEW facts AS SELECT * FROM read_parquet('{FACTS}/*/*/*.parquet', hive_partitioning = true)")
    return [rows(own.execute(query).fetchall()) for query in QUERIES]


def polars():
    import polars

    facts = polars.scan_parquet(f"{FACTS}/**/*.parquet", hive_partitioning=True)
    own = polars.SQLContext(facts=facts)
    return [rows(own.execute(query, eager=True).rows()) for query in QUERIES]


def spark():
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    build = build.config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "4")
    own = build.getOrCreate()
    own.sparkContext.setLogLevel("OFF")
    own.read.parquet(FACTS).createOrReplaceTempView("facts")
    return [rows(own.sql(query).collect()) for query in QUERIES]


answers = {}
for engine in (duckdb, polars, spark):
    try:
        answers[engine.__name__] = engine()
    except ImportError:
        pass
json.dump(answers, sys.stdout)
