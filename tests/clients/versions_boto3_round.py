"""Versions and object lock with boto3."""

import datetime

import botocore.exceptions

import sdk
from steps import Steps, equal

step = Steps()
CLIENT = sdk.boto3_client()
FUTURE = datetime.datetime(2140, 1, 1, tzinfo=datetime.timezone.utc)


def refused(status, code, function, **named):
    try:
        function(**named)
    except botocore.exceptions.ClientError as error:
        metadata = error.response["ResponseMetadata"]
        equal((metadata["HTTPStatusCode"], error.response["Error"].get("Code")), (status, code))
        return metadata["HTTPHeaders"]
    raise AssertionError(f"not refused with {status} {code}")


def versioned(name, **named):
    bucket = f"boto3-versions-{name}"
    CLIENT.create_bucket(Bucket=bucket, **named)
    CLIENT.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def put(bucket, key, body, **named):
    return CLIENT.put_object(Bucket=bucket, Key=key, Body=body, **named).get("VersionId")


def read(bucket, key, **named):
    return CLIENT.get_object(Bucket=bucket, Key=key, **named)["Body"].read()


@step
def versions_are_written_read_listed_and_removed():
    bucket = versioned("life")
    first, second = put(bucket, "k", b"first"), put(bucket, "k", b"second")
    equal((read(bucket, "k"), read(bucket, "k", VersionId=first)), (b"second", b"first"))
    deleted = CLIENT.delete_object(Bucket=bucket, Key="k")
    equal(deleted["DeleteMarker"], True)
    marker = deleted["VersionId"]
    headers = refused(404, "NoSuchKey", CLIENT.get_object, Bucket=bucket, Key="k")
    equal((headers["x-amz-delete-marker"], headers["x-amz-version-id"]), ("true", marker))
    refused(412, "PreconditionFailed", CLIENT.delete_object, Bucket=bucket, Key="k", IfMatch="*")
    headers = refused(405, "MethodNotAllowed", CLIENT.get_object, Bucket=bucket, Key="k", VersionId=marker)
    equal(headers["allow"], "DELETE")
    listed = CLIENT.list_object_versions(Bucket=bucket)
    equal([(found["VersionId"], found["IsLatest"]) for found in listed["Versions"]], [(second, False), (first, False)])
    equal([(found["VersionId"], found["IsLatest"]) for found in listed["DeleteMarkers"]], [(marker, True)])
    pages = CLIENT.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    seen = [found["VersionId"] for page in pages for found in page.get("Versions", []) + page.get("DeleteMarkers", [])]
    equal(seen, [marker, second, first])
    copied = CLIENT.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k", "VersionId": first})
    equal((copied["CopySourceVersionId"], read(bucket, "copy")), (first, b"first"))
    CLIENT.put_object_tagging(Bucket=bucket, Key="k", VersionId=first, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    equal(len(CLIENT.get_object_tagging(Bucket=bucket, Key="k", VersionId=first)["TagSet"]), 1)
    refused(404, "NoSuchVersion", CLIENT.get_object, Bucket=bucket, Key="k", VersionId="0" * 32)
    refused(400, "InvalidArgument", CLIENT.get_object, Bucket=bucket, Key="k", VersionId="wrong")
    refused(409, "BucketNotEmpty", CLIENT.delete_bucket, Bucket=bucket)
    objects = [{"Key": "k", "VersionId": version} for version in (marker, first, second)]
    done = CLIENT.delete_objects(Bucket=bucket, Delete={"Objects": objects + [{"Key": "copy"}]})["Deleted"]
    equal((done[0]["DeleteMarker"], done[1]["VersionId"], done[3]["DeleteMarker"]), (True, first, True))
    versions = CLIENT.list_object_versions(Bucket=bucket)
    for found in versions.get("Versions", []) + versions["DeleteMarkers"]:
        CLIENT.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
    CLIENT.delete_bucket(Bucket=bucket)


@step
def suspended_buckets_write_null_versions():
    bucket = versioned("suspended")
    kept = put(bucket, "k", b"kept")
    CLIENT.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    equal(put(bucket, "k", b"null"), None)
    equal(CLIENT.head_object(Bucket=bucket, Key="k")["VersionId"], "null")
    CLIENT.delete_object(Bucket=bucket, Key="k", VersionId="null")
    equal(CLIENT.head_object(Bucket=bucket, Key="k")["VersionId"], kept)


@step
def locked_versions_stay():
    bucket = versioned("locked", ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    CLIENT.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    equal(CLIENT.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"], configuration)
    version = put(bucket, "k", b"1")
    equal(CLIENT.head_object(Bucket=bucket, Key="k")["ObjectLockMode"], "GOVERNANCE")
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": FUTURE}
    CLIENT.put_object_retention(Bucket=bucket, Key="k", Retention=retention)
    equal(CLIENT.get_object_retention(Bucket=bucket, Key="k")["Retention"], retention)
    shorter = {"Mode": "COMPLIANCE", "RetainUntilDate": FUTURE}
    refused(403, "AccessDenied", CLIENT.put_object_retention, Bucket=bucket, Key="k", Retention=shorter)
    refused(403, "AccessDenied", CLIENT.delete_object, Bucket=bucket, Key="k", VersionId=version)
    CLIENT.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "ON"})
    held = {"Bucket": bucket, "Key": "k", "VersionId": version, "BypassGovernanceRetention": True}
    refused(403, "AccessDenied", CLIENT.delete_object, **held)
    CLIENT.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "OFF"})
    CLIENT.delete_object(**held)
    until = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": FUTURE}
    upload = CLIENT.create_multipart_upload(Bucket=bucket, Key="parts", **until)["UploadId"]
    named = {"Bucket": bucket, "Key": "parts", "UploadId": upload}
    part = CLIENT.upload_part(**named, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    made = CLIENT.complete_multipart_upload(**named, MultipartUpload=parts)
    refused(403, "AccessDenied", CLIENT.delete_object, Bucket=bucket, Key="parts", VersionId=made["VersionId"])
    suspended = {"Status": "Suspended"}
    refused(409, "InvalidBucketState", CLIENT.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=suspended)


step.run()
