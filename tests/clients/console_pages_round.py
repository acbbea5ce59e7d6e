"""Every page of the console: accessible, small, without complaint, and deaf to scripts in what it shows. And by keyboard alone."""

import os
import pathlib
import urllib.parse

import sdk
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import CONSOLE, Browser
from steps import Steps, equal

step = Steps()
AXE = pathlib.Path(os.environ["AXE"]).read_text(encoding="utf-8")
ORIGIN = os.environ["ORIGIN_AUTHORITY"]
# Where pictures for the documents go; none are made without it.
PICTURES = os.environ.get("PICTURES")
WEIGHT_BYTES = 150 << 10
KEY = "/access-keys/" + os.environ["ACCESS_KEY_ID"]
PAGES = [
    "/overview",
    "/overview?window=day",
    "/buckets",
    "/buckets?search=none",
    "/create-bucket",
    "/buckets/site?count=1",
    "/buckets/site/files",
    "/buckets/site/files?prefix=pictures%2F",
    "/buckets/site/files/object?key=pictures%2Fone.svg",
    "/buckets/site/files/object?key=notes.txt",
    "/buckets/site/files/object/edit?key=notes.txt",
    "/buckets/site/files/object/link?key=notes.txt",
    "/buckets/site/files/object?key=missing",
    "/buckets/site/basic-settings",
    "/buckets/site/back-to-origin",
    "/buckets/site/back-to-origin/create",
    "/buckets/site/back-to-origin/rules/1",
    "/buckets/site/back-to-origin/rules/1/delete",
    "/buckets/site/back-to-origin/import",
    "/buckets/site/back-to-origin/clear",
    "/buckets/site/static-pages",
    "/buckets/site/access-control-list",
    "/buckets/site/cors",
    "/buckets/site/cors/create",
    "/buckets/site/lifecycle",
    "/buckets/site/lifecycle/create",
    "/buckets/site/migration",
    "/buckets/site/explain",
    "/buckets/site/explain?key=notes.txt&method=get",
    "/buckets/site/delete",
    "/access-keys",
    "/create-access-key",
    KEY,
    KEY + "/tokens/create",
    "/origins",
    "/origins/http/" + ORIGIN,
    "/audit-log",
    "/settings",
    "/nothing",
]
# The ways into a page that scripts are known to take. Each leaves a mark if it runs.
RUN = "window.owned=1"
TAGS = [
    f"<script>{RUN}</script>",
    f"<SCRIPT>{RUN}</SCRIPT >",
    f"<script/x>{RUN}</script>",
    "<script src=data:text/javascript,window.owned=1></script>",
    f"<img src=x onerror={RUN}>",
    f"<img/src=x/onerror={RUN}>",
    f"<img src=x:x onerror=\"{RUN}\">",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mtext><script>{RUN}</script></mtext></math>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src=\"javascript:parent.{RUN}\"></iframe>",
    f"<object data=\"javascript:{RUN}\"></object>",
    f"<embed src=\"javascript:{RUN}\">",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}></audio>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<textarea autofocus onfocus={RUN}>",
    f"<body onload={RUN}>",
    f"<marquee onstart={RUN}>",
    f"<link rel=stylesheet href=x onerror={RUN}>",
    f"<style>@import 'javascript:{RUN}';</style>",
    f"<meta http-equiv=refresh content=\"0;url=javascript:{RUN}\">",
    f"<base href=\"javascript:{RUN}//\">",
    f"<form><button formaction=\"javascript:{RUN}\">x",
    f"<a href=\"javascript:{RUN}\" autofocus onfocus={RUN}>x</a>",
    f"<template><script>{RUN}</script></template>",
    f"<noscript><p title=\"</noscript><img src=x onerror={RUN}>\">",
    f"<!--><script>{RUN}</script>-->",
    f"<![CDATA[<script>{RUN}</script>]]>",
]
OUT_OF = ["\"", "'", "\">", "'>", "</textarea>", "</title>", "</style>", "</script>", "</option></select>", "-->", "]]>", "\\\">"]
PAYLOADS = (
    TAGS
    + [out + f"<img src=x onerror={RUN}>" for out in OUT_OF]
    + [f"\" autofocus onfocus=\"{RUN}", f"' autofocus onfocus='{RUN}", f"x onfocus={RUN} autofocus"]
    + [f"javascript:{RUN}", f"jAvAsCrIpT:{RUN}", f"java\tscript:{RUN}", f"data:text/html,<script>{RUN}</script>"]
    + [f"'-({RUN})-'", f"\";{RUN}//", f"${{{RUN}}}", f"{{{{{RUN}}}}}", "{{7*7}}", "<%= 7*7 %>", "#{7*7}"]
    + [f"&lt;script&gt;{RUN}&lt;/script&gt;", f"\u003cscript\u003e{RUN}\u003c/script\u003e"]
)
assert len(PAYLOADS) >= 60, len(PAYLOADS)


def fill():
    """Files of all kinds, and every payload as a name, as metadata and as a type."""
    client = sdk.boto3_client()
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='80' height='40'><rect width='80' height='40'/></svg>"
    client.put_object(Bucket="site", Key="pictures/one.svg", Body=svg, ContentType="image/svg+xml")
    client.put_object(Bucket="site", Key="notes.txt", Body=b"notes\n", ContentType="text/plain", Metadata={"colour": "red"})
    for number, payload in enumerate(PAYLOADS):
        client.put_object(
            Bucket="hostile",
            Key=payload,
            Body=f"<html>{payload}</html>".encode(),
            ContentType="text/html",
            ContentDisposition=payload.replace("\t", " "),
            Metadata={f"m{number}": payload.replace("\t", " ")},
        )
    for bucket, key in [("site", "from-the-origin.txt"), ("broken", PAYLOADS[0]), ("broken", PAYLOADS[4])]:
        try:
            client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except client.exceptions.ClientError:
            pass


def colours(browser, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def width(browser, pixels, height=900):
    size = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": pixels < 500}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def violations(browser):
    browser.driver.execute_script(AXE)
    rules = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}"
    run = f"axe.run(document, {rules}).then((found) => arguments[0](found.violations), (error) => arguments[0]([String(error)]))"
    return [found if isinstance(found, str) else (found["id"], found["nodes"][0]["html"][:200]) for found in browser.driver.execute_async_script(run)]


def weight(browser):
    """Bytes of a page with all that it loads, and where they came from."""
    entries = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
    loaded = browser.driver.execute_script(f"return {entries}.map((entry) => [entry.name, entry.encodedBodySize])")
    foreign = [name for name, _ in loaded if not name.startswith(CONSOLE)]
    return sum(size for _, size in loaded), foreign


def look(browser, path):
    """Visits a page in both schemes and on a phone; what is wrong with it."""
    colours(browser, "light")
    width(browser, 1280)
    browser.open(path)
    return judge(browser, path)


def judge(browser, path):
    """The same of the page that is there already."""
    wrong = []
    size, foreign = weight(browser)
    if size > WEIGHT_BYTES or foreign:
        wrong.append((path, "weight", size, foreign))
    for scheme in ("light", "dark"):
        colours(browser, scheme)
        wrong += [(path, scheme, found) for found in violations(browser)]
    width(browser, 375)
    if browser.width() > 375:
        wrong.append((path, "is wider than a phone", browser.width()))
    wrong += [(path, message) for message in browser.complaints()]
    return wrong


@step
def every_page_is_accessible_small_and_without_complaint():
    browser = Browser()
    try:
        wrong = look(browser, "/log-on")
        width(browser, 1280)
        browser.log_on()
        colours(browser, "light")
        browser.open(f"{KEY}/tokens/create")
        browser.press("Create")
        browser.arrives_at("Token created")
        wrong += judge(browser, "the page of a new token")
        for path in PAGES:
            wrong += look(browser, path)
        equal(wrong, [])
    finally:
        browser.driver.quit()


@step
def nothing_that_is_shown_runs():
    browser = Browser()
    try:
        browser.log_on()
        browser.driver.implicitly_wait(0)
        keys = [urllib.parse.quote(payload, safe="") for payload in PAYLOADS]
        paths = ["/overview", "/audit-log", "/buckets/hostile/files", "/buckets/broken/files"]
        for key in keys:
            paths += [f"/buckets/hostile/files/object?key={key}", f"/buckets/hostile/files?prefix={key}"]
            paths += [f"/buckets?search={key}", f"/buckets/hostile/explain?key={key}", f"/audit-log?search={key}"]
            paths += [f"/buckets/hostile/files/object/edit?key={key}", f"/buckets/hostile/files/object/link?key={key}"]
        for path in paths:
            browser.open(path)
            ran = browser.driver.execute_script("return [window.owned, document.querySelectorAll('main img, main script').length]")
            equal((path, ran), (path, [None, 0]))
        for key in keys[:8]:
            browser.open(f"/buckets/hostile/files/preview?key={key}")
            equal(browser.driver.execute_script("return [document.contentType, window.owned]"), ["text/plain", None])
        complaints = [message for message in browser.complaints() if "sandbox" not in message]
        equal(complaints, [])
    finally:
        browser.driver.quit()


def tab_to(browser, name):
    """Presses Tab until the focus is on what has this name, as who does not see the pointer does."""
    named = (
        "const here = document.activeElement;"
        "const label = here.labels && here.labels[0] ? here.labels[0].textContent : '';"
        "return (here.getAttribute('aria-label') || label || here.textContent || here.value || '').trim()"
    )
    for _ in range(80):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        if browser.driver.execute_script(named) == name:
            return browser.driver.switch_to.active_element
    raise AssertionError(f"the keyboard does not reach {name}")


@step
def the_documented_flow_by_keyboard_alone():
    browser = Browser()
    try:
        browser.open("/")
        tab_to(browser, "Access key ID").send_keys(os.environ["ACCESS_KEY_ID"])
        tab_to(browser, "Secret").send_keys(os.environ["ACCESS_KEY_SECRET"], Keys.ENTER)
        browser.arrives_at("Overview")
        tab_to(browser, "Buckets").send_keys(Keys.ENTER)
        browser.arrives_at("Buckets")
        tab_to(browser, "Create Bucket").send_keys(Keys.ENTER)
        browser.arrives_at("Create Bucket")
        tab_to(browser, "Bucket name").send_keys("by-keyboard", Keys.ENTER)
        browser.arrives_at("by-keyboard")
        tab_to(browser, "Basic Settings").send_keys(Keys.ENTER)
        browser.shows("Static Pages")
        tab_to(browser, "Configure").send_keys(Keys.ENTER)
        browser.arrives_at("Back-to-Origin")
        tab_to(browser, "Create Rule").send_keys(Keys.ENTER)
        browser.arrives_at("Create Rule")
        tab_to(browser, "File Name Prefix").send_keys(Keys.SPACE)
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        browser.driver.switch_to.active_element.send_keys("examplefolder/")
        tab_to(browser, "Protocol").send_keys("http")
        tab_to(browser, "Domain Name").send_keys(ORIGIN)
        tab_to(browser, "OK").send_keys(Keys.ENTER)
        browser.arrives_at("Back-to-Origin")
        rule = browser.driver.find_element(By.CSS_SELECTOR, "ol.rules li").text
        assert f"{ORIGIN}/" in rule and "examplefolder/" in rule, rule
    finally:
        browser.driver.quit()


def pictures():
    """For the documents."""
    browser = Browser()
    try:
        browser.log_on()
        for name, path, pixels, height, scheme in [
            ("overview", "/overview", 1100, 820, "light"),
            ("rules", "/buckets/site/back-to-origin", 1100, 620, "light"),
            ("create-rule", "/buckets/site/back-to-origin/create", 1100, 900, "light"),
            ("files", "/buckets/site/files", 1100, 620, "light"),
            ("overview-phone-dark", "/overview", 375, 800, "dark"),
            ("files-phone-dark", "/buckets/site/files", 375, 800, "dark"),
        ]:
            width(browser, pixels, height)
            colours(browser, scheme)
            browser.open(path)
            browser.driver.save_screenshot(f"{PICTURES}/{name}.png")
    finally:
        browser.driver.quit()


fill()
if PICTURES:
    step(pictures)
step.run()
