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
