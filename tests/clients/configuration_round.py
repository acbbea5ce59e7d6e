"""What a bucket's owner configures, with boto3 and oss2: lifecycle, hotlink protection, logging. A lifecycle day is a second."""

import datetime
import time

import boto3
import botocore.config
import botocore.exceptions
import oss2
import requests
from oss2.models import (AbortMultipartUpload, BucketLifecycle, BucketLogging, BucketReferer, LifecycleExpiration,
                         LifecycleRule)

import sdk
from steps import Steps, equal

step = Steps()
# Nothing takes so long; it is how long a defect keeps a test.
LIMIT = 60

CONFIG = botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
S3 = boto3.client("s3", endpoint_url=sdk.ENDPOINT, region_name=sdk.REGION, aws_access_key_id=sdk.KEY_ID,
                  aws_secret_access_key=sdk.SECRET, config=CONFIG)


def oss(bucket, auth=oss2.AuthV4):
    return oss2.Bucket(auth(sdk.KEY_ID, sdk.SECRET), sdk.ENDPOINT, bucket, region=sdk.REGION)


def comes_to(look, expected):
    """Asks until the answer is the expected one."""
    until = time.monotonic() + LIMIT
    while (found := look()) != expected:
        assert time.monotonic() < until, f"{found!r} instead of {expected!r}"
        time.sleep(0.1)


def keys(bucket):
    return [found["Key"] for found in S3.list_objects_v2(Bucket=bucket).get("Contents", [])]


@step
def objects_and_uploads_end_by_rules_of_s3():
    bucket = "lifecycle-s3"
    S3.create_bucket(Bucket=bucket)
    rules = [
        {"ID": "days", "Filter": {"And": {"Prefix": "tagged/", "Tags": [{"Key": "end", "Value": "soon"}]}},
         "Status": "Enabled", "Expiration": {"Days": 1}},
        {"ID": "size", "Filter": {"ObjectSizeGreaterThan": 100}, "Status": "Enabled", "Expiration": {"Days": 1}},
        {"ID": "uploads", "Filter": {"Prefix": "up/"}, "Status": "Enabled",
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
        {"ID": "off", "Filter": {"Prefix": ""}, "Status": "Disabled", "Expiration": {"Days": 1}},
    ]
    for key in ("tagged/yes", "tagged/no", "small"):
        S3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging="end=soon" if key == "tagged/yes" else "")
    S3.put_object(Bucket=bucket, Key="large", Body=b"x" * 101)
    for key in ("up/a", "other/a"):
        S3.create_multipart_upload(Bucket=bucket, Key=key)
    S3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    shown = S3.get_bucket_lifecycle_configuration(Bucket=bucket)
    equal(shown["Rules"], rules)
    equal(shown["TransitionDefaultMinimumObjectSize"], "all_storage_classes_128K")
    comes_to(lambda: keys(bucket), ["small", "tagged/no"])
    comes_to(lambda: [found["Key"] for found in S3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])],
             ["other/a"])
    S3.delete_bucket_lifecycle(Bucket=bucket)
    try:
        S3.get_bucket_lifecycle_configuration(Bucket=bucket)
    except botocore.exceptions.ClientError as error:
        equal(error.response["Error"]["Code"], "NoSuchLifecycleConfiguration")
    else:
        raise AssertionError("the rules are still there")


@step
def objects_end_by_rules_of_oss():
    bucket = oss("lifecycle-oss", oss2.Auth)
    bucket.create_bucket()
    bucket.put_object("日志/old", b"x")
    bucket.put_object("keep", b"x")
    rule = LifecycleRule("one", "日志/", expiration=LifecycleExpiration(date=datetime.date(2016, 12, 25)),
                         abort_multipart_upload=AbortMultipartUpload(days=356))
    bucket.put_bucket_lifecycle(BucketLifecycle([rule]))
    shown = bucket.get_bucket_lifecycle().rules[0]
    equal((shown.id, shown.prefix, shown.expiration.date), ("one", "日志/", datetime.date(2016, 12, 25)))
    equal(shown.abort_multipart_upload.days, 356)
    comes_to(lambda: [found.key for found in bucket.list_objects().object_list], ["keep"])
    overlapping = LifecycleRule("two", "日志/2", expiration=LifecycleExpiration(days=1))
    try:
        bucket.put_bucket_lifecycle(BucketLifecycle([rule, overlapping]))
    except oss2.exceptions.InvalidArgument as error:
        equal(error.message, "Overlap for same action type Expiration")
    else:
        raise AssertionError("two rules of one action for the same keys")
    bucket.delete_bucket_lifecycle()
    try:
        bucket.get_bucket_lifecycle()
    except oss2.exceptions.NoSuchLifecycle:
        return
    raise AssertionError("the rules are still there")


@step
def other_sites_do_not_embed():
    bucket = oss("referer")
    bucket.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ)
    bucket.put_object("k", b"x")
    bucket.put_bucket_referer(BucketReferer(False, ["http://good.test"], black_referers=["http://bad.good.test"]))
    shown = bucket.get_bucket_referer()
    equal((shown.allow_empty_referer, shown.referers, shown.black_referers),
          (False, ["http://good.test"], ["http://bad.good.test"]))
    signed = bucket.sign_url("GET", "k", 60)
    for url in (f"{sdk.ENDPOINT}/referer/k", signed):
        for referer, status in (("http://good.test/page", 200), ("http://evil.test/", 403), ("", 403)):
            equal(requests.get(url, headers={"Referer": referer}, timeout=LIMIT).status_code, status)
    equal(bucket.get_object("k").read(), b"x")


@step
def logging_is_kept_and_shown():
    bucket = oss("logged")
    bucket.create_bucket()
    for prefix in ("日志+/", "logging/"):
        bucket.put_bucket_logging(BucketLogging("referer", prefix))
        shown = bucket.get_bucket_logging()
        equal((shown.target_bucket, shown.target_prefix), ("referer", prefix))
    bucket.delete_bucket_logging()
    bucket.delete_bucket_logging()
    equal(bucket.get_bucket_logging().target_bucket, "")
    enabled = {"TargetBucket": "referer", "TargetPrefix": "s3/", "TargetObjectKeyFormat": {"SimplePrefix": {}}}
    S3.put_bucket_logging(Bucket="logged", BucketLoggingStatus={"LoggingEnabled": enabled})
    equal(S3.get_bucket_logging(Bucket="logged")["LoggingEnabled"], enabled)
    S3.put_bucket_logging(Bucket="logged", BucketLoggingStatus={})
    assert "LoggingEnabled" not in S3.get_bucket_logging(Bucket="logged")


step.run()
