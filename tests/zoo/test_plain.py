import json

import pytest
from zoo_helpers import made_record, seed_result

from cnnhistory.zoo.format import Record
from cnnhistory.zoo.plain import as_plain, from_plain, to_json


def test_there_and_back():
    record = made_record(seed_result(0, 7, b"a"), seed_result(1, seconds=None))
    text = to_json(as_plain(record))
    assert from_plain(Record, json.loads(text), "record") == record
    assert json.loads(text) == json.loads(json.dumps(as_plain(record)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("id"), "record: expected a field id"),
        (lambda d: d.update(more=1), "record: expected fields among id, .*, got 'more'"),
        (lambda d: d.update(id=5), "record.id: expected str, got 5"),
        (lambda d: d.update(results={}), "record.results: expected a list, got {}"),
        (
            lambda d: d["results"][0]["metrics"].update(test_error=True),
            r"record.results\[0\].metrics.test_error: expected float, got True",
        ),
        (
            lambda d: d["results"][0]["counts"].update(test_error=[1]),
            r"counts.test_error: expected 2 values",
        ),
        (lambda d: d["results"][0].update(seed="0" * 99), r"seed: expected int, got '0+\.\.\."),
    ],
)
def test_what_is_no_record_is_refused_with_its_place(change, message):
    data = json.loads(to_json(as_plain(made_record(seed_result()))))
    change(data)
    with pytest.raises(ValueError, match=message):
        from_plain(Record, data, "record")
