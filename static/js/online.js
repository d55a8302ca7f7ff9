// Says when there is no connection, and when it is back.
"use strict";
(() => {
  const bar = document.getElementById("offline");
  if (!bar) return;

  function show() {
    bar.hidden = navigator.onLine;
  }

  window.addEventListener("offline", show);
  window.addEventListener("online", () => {
    show();
    document.dispatchEvent(new Event("humana:online"));
  });
  show();
})();
