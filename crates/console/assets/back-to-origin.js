// Live preview of the rule that is typed, and small conveniences. Everything here works by buttons, too.

const form = document.getElementById("rule");
const PAUSE_MS = 150;

function showPreview() {
  const effect = document.getElementById("effect");
  let timer = 0;
  let latest = 0;
  const ask = async () => {
    const mine = ++latest;
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "text/html" },
        redirect: "error",
      });
      // A slower answer to what was typed earlier must not cover a later one.
      if (answer.ok && mine === latest) {
        effect.innerHTML = await answer.text();
      }
    } catch {
      // Without an answer the last preview stays; OK and Preview say what is wrong.
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  // Enter in the sample means a look at it, not OK.
  document.getElementById("sample").addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      ask();
    }
  });
}

// Text ticks its box; taking the tick away puts the text aside, and ticking again brings it back.
function tieTicks() {
  for (const tick of form.querySelectorAll("input[data-text]")) {
    const text = document.getElementById(tick.dataset.text);
    let aside = "";
    text.addEventListener("input", () => {
      tick.checked = tick.checked || text.value !== "";
    });
    tick.addEventListener("change", () => {
      if (tick.checked) {
        text.value = text.value || aside;
      } else {
        aside = text.value;
        text.value = "";
      }
    });
  }
}

function readFile() {
  const file = document.getElementById("file");
  document.getElementById("from-file").hidden = false;
  file.addEventListener("change", async () => {
    if (file.files.length === 1) {
      document.getElementById("document").value = await file.files[0].text();
    }
  });
}

if (form) {
  tieTicks();
  showPreview();
} else if (document.getElementById("from-file")) {
  readFile();
}
