"""One of the vendor's documented scenarios with one SDK; the caller has made the bucket and its rules.

SCENARIO: basic, redirection or migration. SDK: see sdk.connect. BUCKET: the bucket.
"""

import os

import sdk
from steps import equal


def refused(client, key, status, code=None, query=None):
    try:
        client.get(key, query)
    except sdk.Refused as error:
        equal(error.status, status)
        if code:
            equal(error.code, code)
        return error.headers
    raise AssertionError(f"{key} was served")


def basic(client, sdk_name):
    for _ in range(3):
        body, headers = client.get("examplefolder/example.txt")
        equal(body, b"from the origin")
        equal(headers["content-type"], "text/plain")
        # The tag is a word of OSS; S3 has none for it.
        equal(headers.get("x-oss-tag"), None if sdk_name == "boto3" else "MIRROR")
    refused(client, "examplefolder/missing.txt", 404, "NoSuchKey")
    refused(client, "elsewhere/example.txt", 404, "NoSuchKey")


def redirection(client, sdk_name):
    headers = refused(client, "examplefolder/example.txt", 301)
    equal(headers["location"], "https://www.example.com/examplefolder/example.txt")
    headers = refused(client, "whole/test", 301)
    equal(headers["location"], "http://www.example.com/prefix/whole/test.suffix")
    headers = refused(client, "abc/test.txt", 302)
    equal(headers["location"], "http://www.example.com/def/test.txt")
    if sdk_name != "boto3":
        headers = refused(client, "abc/test.txt", 302, query={"a": "b", "c": "d"})
        equal(headers["location"], "http://www.example.com/def/test.txt?a=b&c=d")
    client.put("abc/here.txt", b"here")
    equal(client.get("abc/here.txt")[0], b"here")


def migration(client, _sdk_name):
    client.put("A", b"copied before")
    for _ in range(2):
        equal(client.get("A")[0], b"copied before")
        equal(client.get("B")[0], b"only at the origin")


SCENARIOS = {"basic": basic, "redirection": redirection, "migration": migration}
NAME = os.environ["SDK"]
SCENARIOS[os.environ["SCENARIO"]](sdk.connect(NAME, os.environ["BUCKET"]), NAME)
