"""Reads [{mic, from, to}] from standard input and prints {mic: [[date, open, close, break start, break end]]}, instants in ms, by exchange_calendars."""

import json
import sys

import exchange_calendars
import pandas


def milliseconds(value):
    return None if pandas.isna(value) else int(value.timestamp() * 1000)


def sessions(mic, first, last):
    kind = type(exchange_calendars.get_calendar(mic))
    bound = kind.bound_min()
    start = pandas.Timestamp(first) if bound is None else max(pandas.Timestamp(first), bound)
    schedule = kind(start=start, end=pandas.Timestamp(last)).schedule
    return [
        [label.date().isoformat(), *(milliseconds(row[name]) for name in ("open", "close", "break_start", "break_end"))]
        for label, row in schedule.iterrows()
    ]


print(json.dumps({one["mic"]: sessions(one["mic"], one["from"], one["to"]) for one in json.load(sys.stdin)}))
