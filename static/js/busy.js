// A form that takes seconds says so on its button, and is sent once.
"use strict";
document.addEventListener("submit", (event) => {
  const words = event.target.dataset.busy;
  if (!words || event.defaultPrevented || !event.submitter) return;
  event.submitter.textContent = words;
  event.submitter.setAttribute("aria-busy", "true");
  setTimeout(() => (event.submitter.disabled = true));
});
// Who comes back by the browser's own button finds the form as it was.
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
