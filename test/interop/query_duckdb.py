"""Answers queries with DuckDB and its own Iceberg reader, as JSON: {"key", "sql"} to the first row, values as text."""

import json
import sys

import duckdb
from duckdb_extensions import import_extension

connection = duckdb.connect()
for extension in ("avro", "iceberg"):
    import_extension(extension, con=connection)
    connection.load_extension(extension)
connection.execute("SET TimeZone = 'UTC'")


def first_row(sql):
    answer = connection.execute(sql)
    names = [column[0] for column in answer.description]
    values = [None if value is None else str(value) for value in answer.fetchone()]
    return dict(zip(names, values))


json.dump({request["key"]: first_row(request["sql"]) for request in json.load(sys.stdin)}, sys.stdout)
