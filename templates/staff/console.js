// The console works without this. Each behaviour is found by a data attribute and does one thing.
"use strict";

// A form sent twice by a double click is one request; see also the idempotency of every flow.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent && !form.target) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 4000);
});

// What is under way is looked at again, after so many seconds.
for (const part of document.querySelectorAll("[data-again]")) {
  setTimeout(() => location.reload(), 1000 * Number(part.dataset.again));
}

// How far an issue is: asked again every two seconds. What is read aloud changes less often than what is shown.
for (const part of document.querySelectorAll("[data-progress]")) {
  const summary = part.querySelector("[data-summary]"), figures = part.querySelector("[data-figures]");
  const lost = part.querySelector("[data-lost]");
  let held = null, said = 0;
  const ask = async () => {
    let told;
    try {
      const answer = await fetch(part.dataset.progress, { headers: { accept: "application/json" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      told = await answer.json();
      lost.hidden = true;
    } catch { lost.hidden = false; return; }
    if (told.state !== part.dataset.state || (held !== null && told.held !== held)) { location.reload(); return; }
    held = told.held;
    const place = document.activeElement, inside = figures.contains(place) ? [...figures.querySelectorAll("[tabindex]")].indexOf(place) : -1;
    figures.innerHTML = told.figures;
    if (inside >= 0) figures.querySelectorAll("[tabindex]")[inside]?.focus({ preventScroll: true });
    if (Date.now() - said >= 10000 && summary.textContent !== told.summary) { said = Date.now(); summary.textContent = told.summary; }
  };
  setInterval(() => { if (!document.hidden) ask(); }, 2000);
}
