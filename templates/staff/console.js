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

// An issue on the desk: each change is saved as it is made; what it changes is put in the old one's place.
for (const form of document.querySelectorAll("[data-prepare]")) {
  const lost = form.querySelector("[data-lost]");
  let timer = 0, queue = Promise.resolve();
  // As a browser without script would: conflicts and refusals are pages of their own.
  const plainly = (verb) => { const field = document.createElement("input"); field.type = "hidden"; field.name = "do"; field.value = verb; form.append(field); form.submit(); };
  const save = async (verb) => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("do", verb);
    let page;
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields });
      if (!answer.ok) { plainly(verb); return; }
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch { lost.hidden = false; return; }
    if (!page.getElementById("desk-state")) { plainly(verb); return; }
    if (verb.startsWith("undo")) { location.reload(); return; }
    lost.hidden = true;
    for (const part of form.querySelectorAll("[data-swap]")) part.replaceWith(page.getElementById(part.id));
    form.querySelector("[autofocus]")?.focus();
    ready();
  };
  const later = (verb) => { clearTimeout(timer); queue = queue.then(() => save(verb)); };
  // Rows can be dragged, too; the buttons do the same.
  const ready = () => { for (const row of form.querySelectorAll("[data-story]")) row.draggable = true; };
  let dragged = null;
  form.addEventListener("dragstart", (event) => { dragged = event.target.closest?.("[data-story]"); dragged?.classList.add("dragged"); });
  form.addEventListener("dragover", (event) => {
    const row = event.target.closest("[data-story]");
    if (!dragged || !row) return;
    event.preventDefault();
    const middle = row.getBoundingClientRect();
    if (row !== dragged) row[event.clientY < middle.top + middle.height / 2 ? "before" : "after"](dragged);
  });
  form.addEventListener("dragend", () => { if (dragged) { dragged.classList.remove("dragged"); dragged = null; later("order"); } });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name !== "do") return;
    event.preventDefault();
    event.stopPropagation();
    if (!button.hasAttribute("aria-disabled")) later(button.value);
  });
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => later(""), 1500); });
  form.addEventListener("change", () => later(""));
  ready();
}
