"""Reads Iceberg tables with PyIceberg and prints what it found, as JSON.

Standard input: [{"table", "path", "filters": [{"column", "op", "value"}], "snapshots": [id]}].
Sums are of numbers their values, of times microseconds since 1970, of dates days, of texts bytes, of lists
elements: as text where exact, as a number where of floats.
"""

import json
import math
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal
from glob import glob

from pyiceberg.expressions import EqualTo, GreaterThanOrEqual
from pyiceberg.table import StaticTable

EXACT = Context(prec=80)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def measure(value):
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return value.toordinal() - EPOCH.toordinal()
    if isinstance(value, list):
        return len(value)
    return value


def total(values):
    if not values:
        return None
    if isinstance(values[0], float):
        return math.fsum(values)
    result = Decimal(0)
    for value in values:
        result = EXACT.add(result, Decimal(measure(value)))
    return format(result, "f")


def facts(scan):
    arrow = scan.to_arrow()
    columns = {}
    for name in arrow.column_names:
        values = arrow.column(name).to_pylist()
        present = [value for value in values if value is not None]
        columns[name] = {"nulls": len(values) - len(present), "sum": total(present)}
    return {"rows": arrow.num_rows, "columns": columns}


def expression(given):
    return {"=": EqualTo, ">=": GreaterThanOrEqual}[given["op"]](given["column"], given["value"])


def inspected(table):
    files = table.inspect.files().to_pylist()
    partitions = table.inspect.partitions().to_pylist()
    manifests = table.inspect.manifests().to_pylist()
    snapshots = table.inspect.snapshots().to_pylist()
    return {
        "files": sorted([row["file_path"], row["record_count"], row["file_size_in_bytes"]] for row in files),
        "partitionRows": sum(row["record_count"] for row in partitions),
        "partitionFiles": sum(row["file_count"] for row in partitions),
        "manifestFiles": sum(row["added_data_files_count"] + row["existing_data_files_count"] for row in manifests),
        "snapshots": [str(row["snapshot_id"]) for row in snapshots],
        "entries": table.inspect.entries().num_rows,
        "history": table.inspect.history().num_rows,
    }


def filtered(table, given):
    scan = table.scan(row_filter=expression(given))
    return {"facts": facts(scan), "files": len(list(scan.plan_files()))}


def judge(request):
    table = StaticTable.from_metadata(request["path"])
    newest = max(
        glob(request["path"] + "/metadata/v*.metadata.json"),
        key=lambda path: int(path.rsplit("/v", 1)[1].split(".")[0]),
    )
    named = StaticTable.from_metadata(newest)
    return {
        "schema": [[field.field_id, field.name, str(field.field_type)] for field in table.schema().fields],
        "sameByName": named.metadata == table.metadata,
        "facts": facts(table.scan()),
        "filtered": [filtered(table, given) for given in request["filters"]],
        "snapshots": [facts(table.scan(snapshot_id=int(given))) for given in request["snapshots"]],
        "inspected": inspected(table),
    }


json.dump({request["table"]: judge(request) for request in json.load(sys.stdin)}, sys.stdout)
