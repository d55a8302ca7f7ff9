// The same chat in two tabs: what is asked in one appears in the other.
"use strict";
(() => {
  const thread = () => document.getElementById("thread");
  const place = thread()?.dataset.now;
  if (!place) return;
  const others = "BroadcastChannel" in window ? new BroadcastChannel(`chat:${place}`) : null;
  let asking = false;

  // 204 where nothing is new; a form that is being written in is not taken away.
  async function look() {
    if (asking || document.hidden || document.querySelector(".edit-form:not([hidden])")) return;
    const { now, leaf } = thread()?.dataset ?? {};
    if (!now) return; // one reads something else than the end
    asking = true;
    try {
      await htmx.ajax("GET", `${now}?leaf=${leaf}`, { target: "#thread", swap: "outerHTML" });
    } finally {
      asking = false;
    }
  }

  others?.addEventListener("message", look);
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", look);
  document.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig, successful } = event.detail;
    if (successful && requestConfig?.verb === "post" && event.target.closest?.(".chat")) others?.postMessage("new");
  });
})();
