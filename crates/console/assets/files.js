// Several files at once, each with its progress. Without this script the form sends one.
const form = document.querySelector(".upload form");
const field = form?.querySelector("input[type=file]");
const list = form?.querySelector(".uploads");

// One after the other: together they would only share the line.
async function send(file) {
  const row = document.createElement("li");
  const progress = document.createElement("progress");
  const state = document.createElement("span");
  progress.setAttribute("aria-label", file.name);
  row.append(file.name, progress, state);
  list.append(row);
  const body = new FormData();
  for (const name of ["csrf", "folder"]) body.append(name, form.elements[name].value);
  body.append("file", file);
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    progress.max = event.total;
    progress.value = event.loaded;
    state.textContent = `${Math.floor((100 * event.loaded) / event.total)} %`;
  });
  const stored = await new Promise((done) => {
    request.addEventListener("load", () => done(request.status === 201));
    request.addEventListener("error", () => done(false));
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.send(body);
  });
  progress.remove();
  state.textContent = stored ? "stored" : request.responseText || "The connection broke off: not stored.";
  state.classList.toggle("fault", !stored);
  return stored;
}

if (form) {
  field.multiple = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = [...field.files];
    if (files.length === 0) return;
    const button = form.querySelector("button");
    button.disabled = true;
    let all = true;
    for (const file of files) all = (await send(file)) && all;
    button.disabled = false;
    if (all) location.assign(`${location.pathname}?prefix=${encodeURIComponent(form.elements.folder.value)}`);
  });
}
