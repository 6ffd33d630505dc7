"""Characters that no format of the appendix can hold."""

from __future__ import annotations

import re

# All that XML 1.0 has no character for (its section 2.2): control characters and halves of surrogate pairs.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT = "\ufffd"  # shown as a question mark in a diamond: what was there is not hidden


def clean(text: str) -> str:
    """A text without what XML cannot hold; each such character is replaced with a visible one."""
    return _NO_XML.sub(REPLACEMENT, text)
