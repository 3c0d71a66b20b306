"""The report in the documentation is whole, small, and of this project alone."""

import re
from pathlib import Path

from crmpi.presets import PRESETS

REPORT = Path(__file__).parents[2] / "docs" / "report" / "cgm_halo.html"


def test_the_committed_report():
    text = REPORT.read_text(encoding="utf-8")
    assert len(text.encode()) < 1.5e6
    assert len([name for name in PRESETS if f"<td>{name}</td>" in text]) >= 8
    assert not re.search(r'(src|href)="(?!#)', text)
    assert not re.search(r"/(home|tmp|root|work|Users)/", text)
