// Says when there is no connection, and when it is back.
"use strict";
(() => {
  const bar = document.getElementById("offline");
  if (!bar) return;

  // The page makes room for it: nothing one works with lies below.
  function show() {
    bar.hidden = navigator.onLine;
    document.documentElement.style.setProperty("--bar", `${Math.ceil(bar.getBoundingClientRect().height)}px`);
  }
  window.addEventListener("resize", show);

  window.addEventListener("offline", show);
  window.addEventListener("online", () => {
    show();
    document.dispatchEvent(new Event("humana:online"));
  });
  show();
})();
