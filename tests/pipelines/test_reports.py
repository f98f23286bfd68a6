"""Every report of every pipeline is a SELECT over the tables that --ddl prints."""

import pytest

from harness.pipelines import SCHEMAS

REPORTS = sorted(SCHEMAS.glob("*/reports/*.sql"))


@pytest.mark.parametrize("name", sorted({path.parts[-3] for path in REPORTS}))
def test_reports_run(pipeline, name):
    one = pipeline(name)
    one.create(one.target, "ddl")
    reports = [path for path in REPORTS if path.parts[-3] == name]
    for path in reports:
        header = one.pg.csv(one.target, path.read_text()).splitlines()[0]
        assert "," in header or len(header) > 3, path
    assert len(reports) >= 3
