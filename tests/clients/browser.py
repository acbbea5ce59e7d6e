"""Chromium at the console, as people use it: by labels, buttons and links."""

import os

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import WebDriverWait

CONSOLE = os.environ["CONSOLE"]


def literal(text):
    """The text in XPath, which has no escapes."""
    return f"'{text}'" if "'" not in text else f'"{text}"'


class Browser:
    """Chromium with a profile of its own."""

    def __init__(self, scripts=True):
        options = webdriver.ChromeOptions()
        options.binary_location = os.environ["CHROMIUM"]
        for flag in (
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
            "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1280,1600"
        ).split():
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        self.driver = webdriver.Chrome(options=options, service=Service(os.environ["CHROMEDRIVER"]))
        self.driver.implicitly_wait(10)

    def open(self, path):
        self.driver.get(CONSOLE + path)

    def labelled(self, label):
        """The field that has this label and can be seen."""
        for name in self.driver.find_elements(By.XPATH, f"//label[normalize-space()={literal(label)}]"):
            named = name.get_attribute("for")
            found = self.driver.find_element(By.ID, named) if named else name.find_element(By.TAG_NAME, "input")
            if found.is_displayed():
                return found
        raise AssertionError(f"no field is labelled {label}")

    def field(self, label, text):
        field = self.labelled(label)
        field.clear()
        field.send_keys(text)

    def press(self, name):
        self.send(self.driver.find_element(By.XPATH, f"//button[normalize-space()='{name}']"))

    def follow(self, name):
        self.send(self.driver.find_element(By.LINK_TEXT, name))

    def send(self, control):
        """Clicks, and waits until the answer has taken the page's place: what is looked for next may be on both pages."""
        self.driver.execute_script("window.before = true")
        control.click()
        there = "return !window.before && document.readyState === 'complete'"
        WebDriverWait(self.driver, 30).until(lambda driver: driver.execute_script(there), "the page is still there")

    def arrives_at(self, heading):
        """The page with this heading is there, perhaps after the one that is shown still."""
        expected = (By.XPATH, f"//h1[normalize-space()='{heading}']")
        WebDriverWait(self.driver, 30).until(expected_conditions.presence_of_element_located(expected))

    def shows(self, text):
        """Waits for a page with this text: the answer to a form may take the place of one that looks alike."""
        here = f"//main[contains(normalize-space(string()), {literal(text)})]"
        expected = expected_conditions.presence_of_element_located((By.XPATH, here))
        WebDriverWait(self.driver, 30).until(expected, f"no page shows {text}")

    def on_a_phone(self):
        """Makes the screen 375 pixels wide."""
        narrow = {"width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)

    def width(self):
        """Pixels that the page takes, of which the screen shows as many as it has."""
        return self.driver.execute_script("return document.documentElement.scrollWidth")

    def made(self):
        """How many elements there are that no page of the console has."""
        return self.driver.execute_script("return document.querySelectorAll('main img, main svg, main script').length")

    def complaints(self):
        """What the console of the browser says, but for answers that are no success by intent."""
        return [entry["message"] for entry in self.driver.get_log("browser") if "status of 4" not in entry["message"]]

    def log_on(self):
        self.open("/")
        self.field("Access key ID", os.environ["ACCESS_KEY_ID"])
        self.field("Secret", os.environ["ACCESS_KEY_SECRET"])
        self.press("Log on")
        self.arrives_at("Overview")
