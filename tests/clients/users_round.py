"""Two users with both vendors' SDKs: whose buckets are whose, lists, policies, blocks."""

import json
import os

import boto3
import botocore.config
import botocore.exceptions
import oss2
import requests

import sdk
from steps import Steps, equal

step = Steps()
ALICE = ("AKALICE", os.environ["ALICE_SECRET"])
BOB = ("AKBOB", os.environ["BOB_SECRET"])


def s3(key, **named):
    config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=sdk.ENDPOINT, region_name=sdk.REGION, aws_access_key_id=key[0],
                        aws_secret_access_key=key[1], config=config, **named)


def oss(key, bucket):
    return oss2.Bucket(oss2.AuthV4(*key), sdk.ENDPOINT, bucket, region=sdk.REGION)


A, B = s3(ALICE), s3(BOB)


def refused(status, code, function, *positional, **named):
    try:
        function(*positional, **named)
    except botocore.exceptions.ClientError as error:
        found = (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"].get("Code"))
        equal(found, (status, code))
        return
    except oss2.exceptions.OssError as error:
        equal((error.status, error.code), (status, code))
        return
    raise AssertionError(f"not refused with {status} {code}")


def anonymous(bucket, key):
    return requests.get(f"{sdk.ENDPOINT}/{bucket}/{key}", headers={"x-amz-marker": "1"}, timeout=60).status_code


def fresh(name):
    A.create_bucket(Bucket=name)
    A.put_object(Bucket=name, Key="k", Body=b"body")
    return name


def policy_of(bucket, *statements):
    resource = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Resource": resource, **statement} for statement in statements]})


@step
def buckets_are_their_creators():
    bucket = fresh("users-own")
    assert bucket in [found["Name"] for found in A.list_buckets()["Buckets"]]
    assert bucket not in [found["Name"] for found in B.list_buckets()["Buckets"]]
    equal(A.list_buckets()["Owner"], {"ID": "id-alice", "DisplayName": "alice"})
    refused(409, "BucketAlreadyExists", B.create_bucket, Bucket=bucket)
    refused(409, "BucketAlreadyExists", oss(BOB, bucket).create_bucket)
    refused(409, "BucketAlreadyOwnedByYou", A.create_bucket, Bucket=bucket)
    for key in ["k", "missing"]:
        refused(403, "AccessDenied", B.get_object, Bucket=bucket, Key=key)
        refused(403, "AccessDenied", oss(BOB, bucket).get_object, key)
    refused(403, "AccessDenied", B.list_objects_v2, Bucket=bucket)
    refused(403, "403", B.head_bucket, Bucket=bucket)
    refused(404, "NoSuchKey", A.get_object, Bucket=bucket, Key="missing")


@step
def lists_of_buckets_and_objects():
    bucket = fresh("users-lists")
    A.put_bucket_acl(Bucket=bucket, GrantRead='id="id-bob"', GrantFullControl='emailAddress="alice@a.example"')
    grants = A.get_bucket_acl(Bucket=bucket)["Grants"]
    equal(sorted((grant["Grantee"]["DisplayName"], grant["Permission"]) for grant in grants),
          [("alice", "FULL_CONTROL"), ("bob", "READ")])
    equal([found["Key"] for found in B.list_objects_v2(Bucket=bucket)["Contents"]], ["k"])
    refused(403, "AccessDenied", B.get_object, Bucket=bucket, Key="k")
    before = A.head_object(Bucket=bucket, Key="k")
    grant = {"Grantee": {"Type": "AmazonCustomerByEmail", "EmailAddress": "bob@a.example"}, "Permission": "READ"}
    owner = {"ID": "id-alice"}
    A.put_object_acl(Bucket=bucket, Key="k", AccessControlPolicy={"Grants": [grant], "Owner": owner})
    equal(B.get_object(Bucket=bucket, Key="k")["Body"].read(), b"body")
    equal(A.head_object(Bucket=bucket, Key="k")["LastModified"], before["LastModified"])
    equal(anonymous(bucket, "k"), 403)
    A.put_object_acl(Bucket=bucket, Key="k", ACL="public-read")
    equal(anonymous(bucket, "k"), 200)
    A.put_object(Bucket=bucket, Key="members", Body=b"1", ACL="authenticated-read")
    equal((anonymous(bucket, "members"), B.get_object(Bucket=bucket, Key="members")["Body"].read()), (403, b"1"))
    grant["Grantee"]["EmailAddress"] = "nobody@a.example"
    refused(400, "UnresolvableGrantByEmailAddress", A.put_object_acl, Bucket=bucket, Key="k",
            AccessControlPolicy={"Grants": [grant], "Owner": owner})
    A.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    B.put_object(Bucket=bucket, Key="his", Body=b"2")
    refused(403, "AccessDenied", A.get_object, Bucket=bucket, Key="his")
    equal(B.get_object_acl(Bucket=bucket, Key="his")["Owner"]["ID"], "id-bob")
    owners = {found["Key"]: found["Owner"]["ID"] for found in A.list_objects(Bucket=bucket)["Contents"]}
    equal((owners["k"], owners["his"]), ("id-alice", "id-bob"))


@step
def lists_of_oss():
    bucket = oss(ALICE, "users-oss-lists")
    bucket.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ)
    bucket.put_object("k", b"body")
    equal(bucket.get_object_acl("k").acl, "default")
    equal(oss(BOB, bucket.bucket_name).get_object("k").read(), b"body")
    bucket.put_object_acl("k", oss2.OBJECT_ACL_PRIVATE)
    equal(bucket.get_object_acl("k").acl, "private")
    refused(403, "AccessDenied", oss(BOB, bucket.bucket_name).get_object, "k")
    bucket.put_object_acl("k", oss2.OBJECT_ACL_DEFAULT)
    equal(oss(BOB, bucket.bucket_name).get_object("k").read(), b"body")
    bucket.put_object("open", b"1", headers={"x-oss-object-acl": "public-read-write"})
    equal(bucket.get_object_acl("open").acl, "public-read-write")


@step
def policies():
    bucket = fresh("users-policy")
    refused(404, "NoSuchBucketPolicy", A.get_bucket_policy, Bucket=bucket)
    document = policy_of(bucket, {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::id-bob:root"},
                                  "Action": ["s3:GetObject", "s3:ListBucket"]})
    equal(A.put_bucket_policy(Bucket=bucket, Policy=document)["ResponseMetadata"]["HTTPStatusCode"], 204)
    equal(A.get_bucket_policy(Bucket=bucket)["Policy"], document)
    equal(A.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"], False)
    equal(B.get_object(Bucket=bucket, Key="k")["Body"].read(), b"body")
    refused(404, "NoSuchKey", B.get_object, Bucket=bucket, Key="missing")
    refused(403, "AccessDenied", B.put_object, Bucket=bucket, Key="k", Body=b"2")
    equal(anonymous(bucket, "k"), 403)
    A.put_bucket_policy(Bucket=bucket, Policy=policy_of(
        bucket, {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"},
        {"Effect": "Deny", "Principal": {"AWS": "id-bob"}, "Action": "oss:*"}))
    equal((anonymous(bucket, "k"), A.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]), (200, True))
    refused(403, "AccessDenied", B.get_object, Bucket=bucket, Key="k")
    refused(403, "AccessDenied", oss(BOB, bucket).get_object, "k")
    refused(400, "MalformedPolicy", A.put_bucket_policy, Bucket=bucket, Policy="{")
    refused(400, "MalformedPolicy", A.put_bucket_policy, Bucket=bucket,
            Policy=policy_of("another-bucket", {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}))
    A.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    equal(anonymous(bucket, "k"), 403)
    A.delete_public_access_block(Bucket=bucket)
    refused(404, "NoSuchPublicAccessBlockConfiguration", A.get_public_access_block, Bucket=bucket)
    A.delete_bucket_policy(Bucket=bucket)
    equal(anonymous(bucket, "k"), 403)


@step
def refusals_tell_strangers_nothing():
    bucket = fresh("users-silent")
    A.put_bucket_policy(Bucket=bucket, Policy=policy_of(
        bucket, {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                 "Resource": f"arn:aws:s3:::{bucket}/open/*"}))
    answers = set()
    for key in ["k", "missing", "open/missing"]:
        try:
            B.get_object(Bucket=bucket, Key=key)
        except botocore.exceptions.ClientError as error:
            answers.add((error.response["Error"]["Code"], error.response["Error"]["Message"]))
    equal(answers, {("AccessDenied", "Access Denied")})


@step
def policies_of_oss():
    bucket = oss(ALICE, "users-oss-policy")
    bucket.create_bucket()
    bucket.put_object("in/k", b"body")
    document = json.dumps({"Version": "1", "Statement": [{
        "Effect": "Allow", "Principal": ["id-bob"], "Action": ["oss:GetObject"],
        "Resource": ["acs:oss:*:*:users-oss-policy/in/*"],
        "Condition": {"IpAddress": {"acs:SourceIp": ["127.0.0.0/8", "::1/128"]}}}]})
    equal(bucket.put_bucket_policy(document).status, 200)
    equal(json.loads(bucket.get_bucket_policy().policy), json.loads(document))
    equal(oss(BOB, bucket.bucket_name).get_object("in/k").read(), b"body")
    refused(403, "AccessDenied", oss(BOB, bucket.bucket_name).get_object, "out/k")
    bucket.delete_bucket_policy()
    refused(403, "AccessDenied", oss(BOB, bucket.bucket_name).get_object, "in/k")
    refused(404, "NoSuchBucketPolicy", bucket.get_bucket_policy)


@step
def ownership():
    bucket = fresh("users-ownership")
    refused(404, "OwnershipControlsNotFoundError", A.get_bucket_ownership_controls, Bucket=bucket)
    A.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    refused(400, "AccessControlListNotSupported", A.put_object, Bucket=bucket, Key="x", Body=b"", ACL="public-read")
    refused(400, "AccessControlListNotSupported", A.put_bucket_acl, Bucket=bucket, ACL="public-read")
    A.put_bucket_policy(Bucket=bucket, Policy=policy_of(
        bucket, {"Effect": "Allow", "Principal": {"AWS": "id-bob"}, "Action": "s3:PutObject"}))
    B.put_object(Bucket=bucket, Key="his", Body=b"2")
    equal(A.get_object(Bucket=bucket, Key="his")["Body"].read(), b"2")


def lent(name):
    fields = json.loads(os.environ[name])
    return fields["AccessKeyId"], fields["SecretAccessKey"], fields["SessionToken"]


def s3_with(identity, secret, token):
    config = botocore.config.Config(s3={"addressing_style": "path"}, signature_version="s3v4",
                                    retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=sdk.ENDPOINT, region_name=sdk.REGION, aws_access_key_id=identity,
                        aws_secret_access_key=secret, aws_session_token=token, config=config)


@step
def temporary_credentials_of_s3():
    bucket = fresh("users-lent")
    A.put_object(Bucket=bucket, Key="out", Body=b"1")
    whole = s3_with(*lent("LENT_ALL"))
    assert bucket in [found["Name"] for found in whole.list_buckets()["Buckets"]]
    whole.put_object(Bucket=bucket, Key="in/k", Body=b"2")
    some = s3_with(*lent("LENT_SOME"))
    equal(some.get_object(Bucket=bucket, Key="in/k")["Body"].read(), b"2")
    refused(403, "AccessDenied", some.get_object, Bucket=bucket, Key="out")
    url = some.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "in/k"}, ExpiresIn=60)
    equal(requests.get(url, timeout=60).content, b"2")
    identity, secret, token = lent("LENT_ALL")
    refused(400, "InvalidToken", s3_with(identity, secret, token[:-2]).list_buckets)
    refused(400, "InvalidToken", s3_with(*ALICE, token).list_buckets)
    refused(403, "InvalidAccessKeyId", s3((identity, secret)).list_buckets)
    refused(403, "SignatureDoesNotMatch", s3_with(identity, secret[:-1], token).list_buckets)


@step
def temporary_credentials_of_oss():
    identity, secret, token = lent("LENT_SOME")
    for auth in [oss2.StsAuth(identity, secret, token), oss2.StsAuth(identity, secret, token, auth_version="v4")]:
        bucket = oss2.Bucket(auth, sdk.ENDPOINT, "users-lent", region=sdk.REGION)
        equal(bucket.get_object("in/k").read(), b"2")
        refused(403, "AccessDenied", bucket.get_object, "out")
        equal(requests.get(bucket.sign_url("GET", "in/k", 60, slash_safe=True), timeout=60).content, b"2")
    wrong = oss2.Bucket(oss2.StsAuth(identity, secret, token[:-2]), sdk.ENDPOINT, "users-lent", region=sdk.REGION)
    refused(403, "InvalidSecurityToken", wrong.get_object, "in/k")


step.run()
