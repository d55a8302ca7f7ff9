// The numbers in an answer open its sources in the drawer at the side, at the one that was meant.
"use strict";
(() => {
  const drawer = document.getElementById("sources");
  if (!drawer) return;
  const body = document.getElementById("sources-body");

  async function open(link) {
    const address = new URL(link.href);
    await htmx.ajax("GET", address.pathname, { target: body, swap: "innerHTML" });
    if (!drawer.open) drawer.showModal();
    const source = address.hash && body.querySelector(address.hash);
    for (const one of body.querySelectorAll(".source")) one.classList.toggle("meant", one === source);
    (source || body).focus();
    source?.scrollIntoView({ block: "nearest" });
  }

  // Elsewhere, with a key held down, a link is a link.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.cite, a[data-sources]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link);
  });
})();
