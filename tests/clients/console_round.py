"""The documented flow by browser: from logging on to a file that is mirrored. Chromium, with and without scripts."""

import os

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Browser
from steps import Steps, equal

step = Steps()
ENDPOINT = os.environ["ENDPOINT"]
ORIGIN = os.environ["ORIGIN_AUTHORITY"]
PAYLOADS = [
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=\"document.title='owned'\">",
    "javascript:document.title='owned'",
    "'-(document.title='owned')-'",
    "</textarea><svg onload=document.title='owned'>",
    "{{7*7}}${7*7}<%=7*7%>",
]


def documented_flow(browser, bucket):
    """Log on, Buckets, the bucket's name, Basic Settings > Back-to-Origin, Configure, Create Rule, Mirroring,
    Prerequisite and Origin URL, OK."""
    browser.log_on()
    browser.follow("Buckets")
    browser.press("Create Bucket")
    browser.arrives_at("Create Bucket")
    browser.field("Bucket name", "No Such Name")
    browser.press("Create")
    assert "cannot be a bucket's name" in browser.driver.find_element(By.CLASS_NAME, "fault").text
    equal(browser.labelled("Bucket name").get_attribute("value"), "No Such Name")
    browser.field("Bucket name", bucket)
    browser.press("Create")
    browser.arrives_at(bucket)
    browser.follow("Buckets")
    browser.arrives_at("Buckets")
    browser.follow(bucket)
    browser.follow("Basic Settings")
    browser.driver.find_element(By.XPATH, "//section[.//h3[.='Back-to-Origin']]//button[.='Configure']").click()
    browser.arrives_at("Back-to-Origin")
    browser.press("Create Rule")
    browser.arrives_at("Create Rule")
    browser.driver.find_element(By.XPATH, "//legend[normalize-space()='Mode']")
    browser.labelled("Mirroring").click()
    browser.labelled("File Name Prefix").click()
    browser.driver.find_element(By.NAME, "prefix").send_keys("examplefolder/")
    browser.field("Domain Name", ORIGIN)
    protocol = browser.labelled("Protocol")
    protocol.find_element(By.XPATH, "option[normalize-space()='http']").click()
    browser.press("OK")
    browser.arrives_at("Back-to-Origin")
    rule = browser.driver.find_element(By.CSS_SELECTOR, "ol.rules li").text
    assert f"http://{ORIGIN}/" in rule and "examplefolder/" in rule, rule


def mirrored(bucket):
    """The missing file, read twice by a signed request of the vendor's SDK."""
    import sdk

    for _ in range(2):
        body = sdk.boto3_client().get_object(Bucket=bucket, Key="examplefolder/example.txt")["Body"].read()
        equal(body, b"from the origin\n")


@step
def the_documented_flow_makes_a_mirror():
    browser = Browser()
    try:
        documented_flow(browser, "by-browser")
        mirrored("by-browser")
        equal(browser.complaints(), [])
    finally:
        browser.driver.quit()


@step
def it_does_without_scripts():
    browser = Browser(scripts=False)
    try:
        browser.driver.get("data:text/html,<title>off</title><script>document.title='on'</script>")
        equal(browser.driver.title, "off")
        documented_flow(browser, "without-scripts")
        mirrored("without-scripts")
    finally:
        browser.driver.quit()


@step
def what_is_typed_is_never_run():
    browser = Browser()
    try:
        browser.log_on()
        for payload in PAYLOADS:
            browser.open("/create-bucket")
            browser.field("Bucket name", payload)
            browser.press("Create")
            browser.shows("cannot be a bucket's name")
            equal(browser.labelled("Bucket name").get_attribute("value"), payload)
            assert "owned" not in browser.driver.title
            browser.open("/buckets/by-browser/back-to-origin/create")
            browser.driver.find_element(By.NAME, "prefix").send_keys(payload)
            browser.field("Domain Name", "origin.example")
            browser.press("OK")
            assert "owned" not in browser.driver.title, browser.driver.title
            made = "return document.querySelectorAll('main img, main svg, main script').length"
            equal(browser.driver.execute_script(made), 0)
    finally:
        browser.driver.quit()


@step
def the_keyboard_is_enough_to_log_on():
    browser = Browser()
    try:
        browser.open("/log-on")
        active = browser.driver.switch_to
        first = browser.driver.find_element(By.TAG_NAME, "body")
        first.send_keys(Keys.TAB)
        active.active_element.send_keys(os.environ["ACCESS_KEY_ID"], Keys.TAB)
        active.active_element.send_keys(os.environ["ACCESS_KEY_SECRET"], Keys.ENTER)
        browser.arrives_at("Buckets")
    finally:
        browser.driver.quit()


step.run()
