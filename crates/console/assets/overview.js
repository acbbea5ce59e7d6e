// Follows the overview while somebody looks. Every event is the part of the page that changes, written by the server.
const live = document.getElementById("live");
let events;

function follow() {
  events?.close();
  events = undefined;
  if (document.hidden) return;
  events = new EventSource(live.dataset.events);
  events.addEventListener("message", (event) => {
    live.innerHTML = event.data;
  });
}

document.addEventListener("visibilitychange", follow);
addEventListener("pagehide", () => events?.close());
follow();
