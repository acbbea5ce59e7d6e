// Keeps the counts of the rules current while somebody looks: they are read from the page itself, fetched again.
const PAUSE_MS = 5000;

async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const counts of document.querySelectorAll("[data-counts]")) {
      const now = page.querySelector(`[data-counts="${counts.dataset.counts}"]`);
      if (now) counts.textContent = now.textContent;
    }
  } catch {
    // The next look tells.
  }
}

setInterval(renew, PAUSE_MS);
