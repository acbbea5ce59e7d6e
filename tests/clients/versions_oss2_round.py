"""Versions with Alibaba's first Python SDK, and locks with its second, which knows them. SIGN: v1 or v4, of the first."""

import datetime
import os

import alibabacloud_oss_v2 as oss
import oss2
from oss2.models import BatchDeleteObjectVersion, BatchDeleteObjectVersionList, BucketVersioningConfig

import sdk
from steps import Steps, equal

step = Steps()
SIGN = os.environ["SIGN"]
AUTH = {"v1": oss2.Auth, "v4": oss2.AuthV4}[SIGN](sdk.KEY_ID, sdk.SECRET)
CLIENT = sdk.oss_v2_client()


def versioned(name):
    bucket = oss2.Bucket(AUTH, sdk.ENDPOINT, f"oss2-versions-{SIGN}-{name}", region=sdk.REGION)
    bucket.create_bucket()
    equal(bucket.get_bucket_versioning().status, None)
    bucket.put_bucket_versioning(BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    equal(bucket.get_bucket_info().versioning_status, "Enabled")
    return bucket


def refused(status, code, function, *arguments, **named):
    try:
        function(*arguments, **named)
    except oss2.exceptions.OssError as error:
        equal((error.status, error.code), (status, code))
        return error
    raise AssertionError(f"not refused with {status} {code}")


def of(version):
    return {"versionId": version}


@step
def versions_are_written_read_listed_and_removed():
    bucket = versioned("life")
    first, second = bucket.put_object("k", b"first").versionid, bucket.put_object("k", b"second").versionid
    equal((bucket.get_object("k").read(), bucket.get_object("k", params=of(first)).read()), (b"second", b"first"))
    equal(bucket.get_object_meta("k", params=of(first)).versionid, first)
    deleted = bucket.delete_object("k")
    equal(deleted.delete_marker, True)
    error = refused(404, "NoSuchKey", bucket.get_object, "k")
    equal(error.headers["x-oss-version-id"], deleted.versionid)
    listed = bucket.list_object_versions(max_keys=2)
    equal([found.versionid for found in listed.delete_marker + listed.versions], [deleted.versionid, second])
    rest = bucket.list_object_versions(
        key_marker=listed.next_key_marker, versionid_marker=listed.next_versionid_marker)
    equal([found.versionid for found in rest.versions], [first])
    bucket.put_object_acl("k", oss2.OBJECT_ACL_PUBLIC_READ, params=of(first))
    equal(bucket.get_object_acl("k", params=of(first)).acl, oss2.OBJECT_ACL_PUBLIC_READ)
    assert bucket.copy_object(bucket.bucket_name, "k", "copy", params=of(first)).versionid
    equal(bucket.get_object("copy").read(), b"first")
    for wrong in ("", "wrong"):
        refused(400, "InvalidArgument", bucket.get_object_acl, "k", params=of(wrong))
    doomed = BatchDeleteObjectVersionList()
    for version in (first, second, deleted.versionid):
        doomed.append(BatchDeleteObjectVersion("k", version))
    equal(len(bucket.delete_object_versions(doomed).delete_versions), 3)
    bucket.put_symlink("copy", "link")
    equal(bucket.get_object("link").read(), b"first")
    left = bucket.list_object_versions()
    for found in left.versions + left.delete_marker:
        bucket.delete_object(found.key, params=of(found.versionid))
    bucket.delete_bucket()


@step
def appends_make_no_versions():
    bucket = versioned("append")
    bucket.append_object("log", 0, b"a")
    bucket.append_object("log", 1, b"b")
    equal(bucket.get_object("log").read(), b"ab")
    equal(len(bucket.list_object_versions().versions), 1)
    bucket.put_object("log", b"normal")
    refused(409, "ObjectNotAppendable", bucket.append_object, "log", 6, b"c")


@step
def suspended_buckets_write_null_versions():
    bucket = versioned("suspended")
    kept = bucket.put_object("k", b"kept").versionid
    bucket.put_bucket_versioning(BucketVersioningConfig(oss2.BUCKET_VERSIONING_SUSPEND))
    equal(bucket.put_object("k", b"null").versionid, "null")
    equal(bucket.delete_object("k").versionid, "null")
    bucket.delete_object("k", params=of("null"))
    equal(bucket.head_object("k").versionid, kept)


@step
def locked_versions_stay():
    bucket = versioned("locked")
    name = bucket.bucket_name
    worm = oss.ObjectWormConfiguration(object_worm_enabled="Enabled")
    CLIENT.put_bucket_object_worm_configuration(
        oss.PutBucketObjectWormConfigurationRequest(bucket=name, object_worm_configuration=worm))
    version = bucket.put_object("k", b"1").versionid
    until = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    retention = oss.Retention(mode="GOVERNANCE", retain_until_date=until)
    CLIENT.put_object_retention(oss.PutObjectRetentionRequest(bucket=name, key="k", retention=retention))
    shown = CLIENT.get_object_retention(oss.GetObjectRetentionRequest(bucket=name, key="k")).retention
    equal((shown.mode, shown.retain_until_date), ("GOVERNANCE", until))
    refused(409, "FileImmutable", bucket.delete_object, "k", params=of(version))
    hold = oss.LegalHold(status="ON")
    CLIENT.put_object_legal_hold(oss.PutObjectLegalHoldRequest(bucket=name, key="k", legal_hold=hold))
    held = CLIENT.get_object_legal_hold(oss.GetObjectLegalHoldRequest(bucket=name, key="k"))
    equal(held.legal_hold.status, "ON")


step.run()
