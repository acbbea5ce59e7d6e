"""The console's pages of the whole server, by browser: keys, origins, the audit log and settings."""

import os
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
from selenium.webdriver.common.by import By

from browser import CONSOLE, Browser
from steps import Steps, equal

step = Steps()
ENDPOINT = os.environ["ENDPOINT"]
POLICY = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}'
KEY = "/access-keys/" + os.environ["ACCESS_KEY_ID"]
PAGES = [
    "/access-keys",
    "/create-access-key",
    KEY,
    KEY + "/tokens/create",
    "/origins",
    "/origins/https/www.example.com:443",
    "/audit-log",
    "/settings",
]


def lists_buckets(key_id, secret):
    """What comes of a signed request with this pair: nothing, or the code of its refusal."""
    config = botocore.config.Config(signature_version="s3v4", retries={"max_attempts": 1})
    client = boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        region_name="cn-hangzhou",
        config=config,
    )
    try:
        client.list_buckets()
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def administers(token):
    """The status of a request to the admin API with this token."""
    request = urllib.request.Request(f"{CONSOLE}/api/v1/buckets", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@step
def a_key_is_made_used_and_disabled_without_scripts():
    browser = Browser(scripts=False)
    try:
        browser.log_on()
        browser.follow("Access Keys")
        browser.arrives_at("Access Keys")
        browser.press("Create Access Key")
        browser.arrives_at("Create Access Key")
        browser.field("Display name", "Alice <b>")
        browser.field("Policy", "{")
        browser.press("Create")
        browser.shows("please correct")
        equal(browser.labelled("Policy").get_attribute("aria-invalid"), "true")
        equal(browser.labelled("Display name").get_attribute("value"), "Alice <b>")
        browser.field("Policy", POLICY)
        browser.press("Create")
        browser.arrives_at("Access key created")
        key_id, secret = [code.text for code in browser.driver.find_elements(By.CSS_SELECTOR, "dd code")]
        equal(lists_buckets(key_id, secret), None)
        browser.follow("To the key")
        browser.arrives_at(key_id)
        assert secret not in browser.driver.page_source
        browser.press("Disable")
        browser.shows("It is disabled")
        equal(lists_buckets(key_id, secret), "InvalidAccessKeyId")
        browser.press("Delete Access Key")
        browser.arrives_at(f"Delete {key_id}?")
        browser.field("Type the access key ID to confirm", key_id)
        browser.press("Delete Access Key")
        browser.arrives_at("Access Keys")
        browser.shows(f"Access key {key_id} was deleted.")
    finally:
        browser.driver.quit()


@step
def a_token_is_issued_used_and_revoked_without_scripts():
    browser, key_id = Browser(scripts=False), os.environ["ACCESS_KEY_ID"]
    try:
        browser.log_on()
        browser.on_a_phone()
        browser.follow("Access Keys")
        browser.follow(key_id)
        browser.press("Create Token")
        browser.arrives_at("Create Token")
        browser.field("Note", "nightly report")
        browser.field("Expires after", "30")
        browser.press("Create")
        browser.shows("please correct")
        equal(browser.labelled("Expires after").get_attribute("aria-invalid"), "true")
        equal(browser.labelled("Note").get_attribute("value"), "nightly report")
        browser.field("Expires after", "30d")
        browser.press("Create")
        browser.arrives_at("Token created")
        token_id, token = [code.text for code in browser.driver.find_elements(By.CSS_SELECTOR, "dd code")]
        equal(browser.width(), 375)
        assert token not in browser.driver.current_url
        equal(administers(token), 200)
        browser.follow("To the key")
        browser.arrives_at(key_id)
        browser.shows("nightly report")
        assert token not in browser.driver.page_source
        equal(browser.width(), 375)
        browser.send(browser.driver.find_element(By.CSS_SELECTOR, f"a[href$='/tokens/{token_id}/revoke']"))
        browser.press("Revoke Token")
        browser.shows(f"Token {token_id} was revoked.")
        equal(administers(token), 401)
    finally:
        browser.driver.quit()


@step
def an_origin_is_configured_and_the_log_tells():
    browser = Browser()
    try:
        browser.log_on()
        browser.follow("Origins")
        browser.arrives_at("Origins")
        browser.field("Origin URL", "https://www.example.com/dir/")
        browser.press("Configure")
        browser.arrives_at("https://www.example.com:443")
        browser.field("Access key ID", "AKEY")
        browser.field("Access key secret", "of-the-origin")
        browser.field("Region", "eu")
        browser.press("Save")
        browser.shows("signs nothing")
        equal(browser.labelled("Access key secret").get_attribute("value"), "")
        browser.labelled("Kind").find_element(By.XPATH, "option[.='S3']").click()
        browser.field("Access key secret", "of-the-origin")
        browser.press("Save")
        browser.shows("The settings were saved")
        equal(browser.labelled("Access key secret").get_attribute("value"), "******")
        browser.field("Requests at one time", "7")
        browser.press("Save")
        browser.shows("0 of 7")
        browser.follow("Audit Log")
        browser.arrives_at("Audit Log")
        browser.field("Contains", "origin https://www.example.com:443")
        browser.press("Show")
        browser.driver.find_element(By.TAG_NAME, "summary").click()
        browser.shows("put_origin_settings")
        browser.shows('"max_concurrent": 7')
        assert "of-the-origin" not in browser.driver.page_source
        equal(browser.complaints(), [])
    finally:
        browser.driver.quit()


@step
def pages_fit_a_telephone_and_every_field_has_a_label():
    browser = Browser()
    try:
        browser.log_on()
        browser.on_a_phone()
        for path in PAGES:
            browser.open(path)
            widths = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
            equal((path, browser.driver.execute_script(widths)), (path, [375, 375]))
            nameless = (
                "return [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
                ".filter(field => !field.labels.length).map(field => field.name)"
            )
            equal((path, browser.driver.execute_script(nameless)), (path, []))
            headings = "return [...document.querySelectorAll('h1, h2, h3')].map(heading => +heading.tagName[1])"
            levels = browser.driver.execute_script(headings)
            equal((path, levels[0], levels.count(1)), (path, 1, 1))
            assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), (path, levels)
        equal(browser.complaints(), [])
    finally:
        browser.driver.quit()


@step
def everything_is_closed_to_the_public_and_everybody_logged_out():
    browser, other = Browser(), Browser(scripts=False)
    try:
        for each in (browser, other):
            each.log_on()
        browser.follow("Settings")
        browser.arrives_at("Settings")
        browser.press("Block Public Access")
        browser.shows("Public access is blocked on every bucket.")
        browser.press("Stop Blocking Public Access")
        browser.shows("no longer blocked")
        browser.press("Log Out Everywhere")
        browser.arrives_at("Headwater")
        other.open("/origins?search=x")
        other.field("Access key ID", os.environ["ACCESS_KEY_ID"])
        other.field("Secret", os.environ["ACCESS_KEY_SECRET"])
        other.press("Log on")
        other.arrives_at("Origins")
        equal(other.labelled("Origin or bucket contains").get_attribute("value"), "x")
    finally:
        browser.driver.quit()
        other.driver.quit()


step.run()
