import json

import pytest

from vexil.wire import json_text
from vexil.wire.snapshot import FlagValue


@pytest.mark.parametrize("value", [None, True, False, 0, 1, -7, 2**62, "", "a", 'quoted "\\" and ä 🎉\n\x00'])
def test_a_scalar_is_the_same_json_as_any_value(value: FlagValue) -> None:
    written = json_text.scalar(value)

    assert written == json_text.dumps(value)
    assert repr(json.loads(written)) == repr(value)
