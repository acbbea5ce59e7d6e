"""The documented flow by browser: from logging on to a file that is mirrored, and every setting. Chromium, with and without
scripts."""

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
# Fields of text that show again what was typed in them.
FIELDS = {
    "static-pages": ["Default Homepage", "Default 404 Page"],
    "cors/create": ["Source", "Allowed Headers", "Exposed Headers", "Cache Timeout"],
    "lifecycle/create": ["Rule Name", "Prefix", "Tagging", "File Size: larger than", "Date", "Previous versions end after"],
    "migration": ["The origin's 404 is believed for", "Content-Type begins with", "Header that must be there"],
    "explain": ["File name", "Headers", "Query"],
}


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
    browser.send(browser.driver.find_element(By.XPATH, "//section[.//h3[.='Back-to-Origin']]//button[.='Configure']"))
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
def a_preview_moves_no_button():
    """It comes while somebody reaches for OK, who would press what is there instead."""
    browser = Browser()
    places = "[...document.querySelectorAll('main button')].map((button) => button.getBoundingClientRect().top)"
    tops = f"scrollTo(0, 0); return {places}"
    try:
        browser.log_on()
        for pixels in (1280, 375):
            browser.driver.set_window_size(pixels, 900)
            browser.open("/buckets/by-browser/back-to-origin/create")
            before = browser.driver.execute_script(tops)
            browser.field("Domain Name", ORIGIN)
            browser.driver.find_element(By.CSS_SELECTOR, "#effect dl")
            equal((pixels, browser.driver.execute_script(tops)), (pixels, before))
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


def saves(browser, path, typed, chosen, said):
    """Opens a form, types and chooses, and comes to a page that says what was done."""
    browser.open(path)
    for label, text in typed.items():
        browser.field(label, text)
    for label in chosen:
        browser.labelled(label).click()
    browser.press("OK")
    browser.shows(said)


@step
def every_setting_is_made_without_scripts():
    import sdk

    name = "without-scripts"
    place, browser = f"/buckets/{name}", Browser(scripts=False)
    try:
        browser.log_on()
        pages = {"Default Homepage": "index.html", "Default 404 Page": "error.html"}
        saves(browser, f"{place}/static-pages", pages, ["Subfolder Homepage"], "The static pages were saved.")
        saves(browser, f"{place}/access-control-list", {}, ["public-read"], "The list is public-read.")
        rule = {"Source": "https://www.example.com", "Exposed Headers": "ETag", "Cache Timeout": "600"}
        saves(browser, f"{place}/cors/create", rule, ["GET", "HEAD"], "The rule was saved.")
        browser.open(f"{place}/lifecycle/create")
        browser.field("Rule Name", "old logs")
        browser.field("Prefix", "logs/")
        # "Validity Period (Days)" is a choice of two fieldsets.
        browser.driver.find_element(By.ID, "expiration-days").click()
        browser.field("Validity period", "30")
        browser.press("OK")
        browser.press("Disable")
        browser.shows("Rule old logs is disabled.")
        settings = {"The origin's 404 is believed for": "1000", "Smallest file": "1"}
        saves(browser, f"{place}/migration", settings, ["Stay deleted"], "The migration settings were saved.")
        browser.open(f"{place}/explain")
        browser.field("File name", "examplefolder/missing.txt")
        browser.press("Explain")
        browser.press("Ask the Origin")
        browser.shows("no such object")
        steps = browser.driver.find_element(By.CSS_SELECTOR, "dl.steps").text
        assert f"http://{ORIGIN}/examplefolder/missing.txt" in steps and "no such object" in steps, steps
    finally:
        browser.driver.quit()
    client = sdk.boto3_client()
    website = client.get_bucket_website(Bucket=name)
    equal(website["IndexDocument"]["Suffix"], "index.html")
    equal(website["ErrorDocument"]["Key"], "error.html")
    grants = client.get_bucket_acl(Bucket=name)["Grants"]
    assert any(grant["Grantee"].get("URI", "").endswith("AllUsers") for grant in grants), grants
    (rule,) = client.get_bucket_cors(Bucket=name)["CORSRules"]
    equal((rule["AllowedOrigins"], rule["MaxAgeSeconds"]), (["https://www.example.com"], 600))
    equal(sorted(rule["AllowedMethods"]), ["GET", "HEAD"])
    (rule,) = client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    equal((rule["ID"], rule["Status"], rule["Expiration"]["Days"]), ("old logs", "Disabled", 30))
    mirrored(name)


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
            browser.send(browser.driver.find_element(By.XPATH, "//button[.='OK']"))
            assert "owned" not in browser.driver.title, browser.driver.title
            equal(browser.made(), 0)
            for path, labels in FIELDS.items():
                browser.open(f"/buckets/by-browser/{path}")
                for label in labels:
                    browser.field(label, payload)
                browser.send(browser.driver.find_element(By.CSS_SELECTOR, "main form button.primary"))
                assert "owned" not in browser.driver.title, (path, browser.driver.title)
                equal(browser.made(), 0)
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
