"""Reads events of OpenLineage on standard input, a list of JSON texts, and says what of them the project's own Python client does not take.

Each event and facet is made of the class that the client generates from the published schema; a name that the schema lacks, one that is missing, and a
facet of another version than the client's are faults.
"""

import importlib
import json
import pkgutil
import sys

import openlineage.client.generated as generated
from openlineage.client import event_v2
from openlineage.client.generated import base

CLASSES = {}
for module in pkgutil.iter_modules(generated.__path__):
    for value in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).values():
        if isinstance(value, type) and hasattr(value, "_get_schema"):
            CLASSES[value._get_schema()] = value


def facets_of(found):
    made = {}
    for key, facet in found.items():
        fields = {name: value for name, value in facet.items() if not name.startswith("_")}
        made[key] = CLASSES[facet["_schemaURL"]](**fields)
    return made


def dataset_of(cls, found):
    given = {key: facets_of(value) for key, value in found.items() if key.lower().endswith("facets")}
    return cls(namespace=found["namespace"], name=found["name"], **given)


def check(event):
    if CLASSES[event["schemaURL"]].__name__ != "RunEvent":
        raise ValueError(event["schemaURL"])
    run, job = event["run"], event["job"]
    event_v2.RunEvent(
        eventType=event_v2.RunState(event["eventType"]),
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=base.Run(runId=run["runId"], facets=facets_of(run["facets"])),
        job=base.Job(namespace=job["namespace"], name=job["name"], facets=facets_of(job["facets"])),
        inputs=[dataset_of(base.InputDataset, one) for one in event["inputs"]],
        outputs=[dataset_of(base.OutputDataset, one) for one in event["outputs"]],
    )


faults = []
for text in json.load(sys.stdin):
    event = json.loads(text)
    try:
        check(event)
    except (TypeError, ValueError, KeyError) as fault:
        faults.append(f"{event['eventType']} {event['job']['name']}: {type(fault).__name__} {fault}")
print(json.dumps(faults))
