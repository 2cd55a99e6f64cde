"""Calls of packages that beartype or typeguard checks. `test_annotation_readers.py` runs this program."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

kind, *packages = sys.argv[1:]
if kind == "beartype":
    from beartype.claw import beartype_packages

    beartype_packages(packages)
else:
    from typeguard import install_import_hook

    install_import_hook(packages)

import clarigen  # noqa: E402
from clarigen.testing import fake  # noqa: E402

detector, studio, *_ = map(importlib.import_module, packages)
picture, video = clarigen.Image(bytes=b"x"), clarigen.Video(bytes=b"x")
model: Any = fake(
    vars(detector)["Detector"],
    predict=[clarigen.Region()],
    generate=[clarigen.Frame()],
)
assert model.predict(picture, threshold=0.25) == [clarigen.Region()]
assert model.predict_batch([{"image": picture}]).collect() == [[clarigen.Region()]]
assert list(model.generate(video)) == [clarigen.Frame()]
if kind == "typeguard":  # beartype sees the form of one call
    assert model.predict([{"image": picture}]) == [[clarigen.Region()]]
voices: Any = fake(vars(studio)["SpeechStudio"], compare=1.0, search=[1], listen=[])
assert voices.compare([1.0], [2.0]) == 1.0
assert voices.search({"a": [1]}, order_by=["x"]) == [1]
assert list(voices.listen([b"x"])) == []
calls: list[Callable[[], object]] = [
    lambda: model.predict("x"),
    lambda: model.predict(picture, threshold="high"),
    lambda: model.predict_batch(3),
    lambda: voices.search(3),
    lambda: voices.transcribe(clarigen.Audio(bytes=b"x"), language="xx"),
]
for call in calls:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - each checker has classes of its own
        if kind not in type(error).__module__:
            raise SystemExit(f"not refused by {kind}: {error}") from None
    else:
        raise SystemExit("not refused")
print("checked")
