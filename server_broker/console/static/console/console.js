/* Says so while a page that refreshes itself can't reach the county, and takes it back when it can. */
"use strict";
(() => {
  const notice = document.getElementById("offline-notice");
  if (!notice) return;
  const away = () => { notice.hidden = false; };
  document.addEventListener("htmx:sendError", away);
  document.addEventListener("htmx:timeout", away);
  document.addEventListener("htmx:responseError", away);
  document.addEventListener("htmx:afterSwap", () => { notice.hidden = true; });
})();
