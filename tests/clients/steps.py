"""Runs the steps of a round one by one, so that one defect does not hide the others."""

import hashlib
import sys
import traceback

# Keys that clients, URLs and XML like to damage. Keys with dot segments are not among them: the HTTP libraries of these
# clients resolve them before they send.
ODD_KEYS = [
    "dir one/ключ 键+&=%25#?.txt",
    "emoji/😀🚀.bin",
    "double//slash",
    "trailing/",
    " leading and trailing ",
    "quotes'\"<>&;[]{}|\\^`",
    "percent%20encoded%2Fslash",
    "plus+and=equals",
    "~tilde-._!$()*,:@",
    "k" * 1000,
]


class Steps:
    """Collects the functions of a round and runs them in order."""

    def __init__(self):
        self._steps = []

    def __call__(self, function):
        self._steps.append(function)
        return function

    def run(self, *context):
        """Runs all steps with this context; ends the process with 1 if one failed."""
        failed = 0
        for function in self._steps:
            try:
                function(*context)
                print(f"ok      {function.__name__}")
            except Exception:  # the next step is tried whatever happened
                failed += 1
                print(f"FAILED  {function.__name__}")
                traceback.print_exc(file=sys.stdout)
        print(f"{len(self._steps) - failed} passed, {failed} failed")
        sys.exit(1 if failed else 0)


def equal(found, expected):
    """Like assert ==, with both sides in the message."""
    assert found == expected, f"{found!r} instead of {expected!r}"


def pattern(size, seed=1):
    """Bytes that do not repeat."""
    blocks = (hashlib.sha256(f"{seed}/{at}".encode()).digest() for at in range(size // 32 + 1))
    return b"".join(blocks)[:size]
