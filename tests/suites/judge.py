"""Compares a run of pytest with the list of the tests that are to fail.

EXPECTED names the list. Its lines are `fails NAME` and `left out NAME`, where NAME is `FILE::Class::test` without a
directory and may have `*`; a line `# …` gives the reason for the lines below it. A test that fails and is not on the
list, and a line `fails` of which no test failed, are news, and news fail the run.
"""

import fnmatch
import os
import socket

FAILS, LEFT_OUT = "fails ", "left out "


def lines(kind):
    with open(os.environ["EXPECTED"], encoding="utf-8") as file:
        found = [line.strip() for line in file]
    return [line[len(kind):] for line in found if line.startswith(kind)]


def is_among(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern.replace("[", "[[]")) for pattern in patterns)


def short(nodeid):
    file, _, rest = nodeid.partition("::")
    return os.path.basename(file).removesuffix(".py") + "::" + rest


class Judge:
    def __init__(self):
        self.failed, self.passed, self.skipped = set(), set(), set()

    def pytest_collection_modifyitems(self, config, items):
        out = lines(LEFT_OUT)
        dropped = [item for item in items if is_among(short(item.nodeid), out)]
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]

    def pytest_runtest_logreport(self, report):
        name = short(report.nodeid)
        if report.failed:
            self.failed.add(name)
        elif report.skipped:
            self.skipped.add(name)
        elif report.when == "call":
            self.passed.add(name)

    def pytest_collectreport(self, report):
        if report.failed:
            self.failed.add(short(report.nodeid) + " (not collected)")

    def pytest_terminal_summary(self, terminalreporter):
        expected, passed = lines(FAILS), self.passed - self.failed
        news = [f"fails, and is not expected to: {name}" for name in sorted(self.failed) if not is_among(name, expected)]
        news += [f"is expected to fail, and does not: {line}" for line in expected
                 if not any(is_among(name, [line]) for name in self.failed)]
        if not passed:
            news.append("nothing passed")
        counts = f"{len(passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped themselves"
        terminalreporter.write_line(f"-- judged: {'otherwise' if news else 'as expected'}: {counts}")
        for line in news:
            terminalreporter.write_line(line)


def lead_home():
    """Names of Alibaba's cloud, which its tests ask for by default, lead to the server on loopback."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host, port, *arguments, **named):
        name = host.decode() if isinstance(host, bytes) else host
        if isinstance(name, str) and name.endswith(".aliyuncs.com") and not name.startswith("kms."):
            host, port = "127.0.0.1", 19000
        return resolve(host, port, *arguments, **named)

    socket.getaddrinfo = getaddrinfo


def pytest_configure(config):
    lead_home()
    config.pluginmanager.register(Judge(), "judging")


def pytest_itemcollected(item):
    """Alibaba's key service is not here: what is encrypted with its keys is put as it is."""
    for base in getattr(getattr(item, "cls", None), "__mro__", ()):
        if base.__name__ == "OssTestCase" and not hasattr(base, "_without_keys"):
            base._without_keys = base.setUp

            def set_up(self, before=base.setUp):
                before(self)
                self.kms_crypto_bucket = self.bucket

            base.setUp = set_up
