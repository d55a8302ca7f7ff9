// Earlier messages come as one scrolls up to them, and what is read stays where it is.
"use strict";
(() => {
  const conversation = document.getElementById("conversation");
  let below = 0;

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.requestConfig?.elt?.matches("[data-earlier]")) return;
    below = conversation.scrollHeight - conversation.scrollTop;
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (!below) return;
    conversation.scrollTop = conversation.scrollHeight - below;
    below = 0;
  });

  // Who came from a search begins at the message that was found.
  const found = location.hash.startsWith("#message-") && document.getElementById(location.hash.slice(1));
  if (!found) return;
  found.tabIndex = -1;
  found.focus({ preventScroll: true });
  found.scrollIntoView({ block: "start" });
})();
