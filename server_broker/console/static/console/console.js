/* A page's live part: not asked for while nobody sees it, at once when somebody does, and only what is new of it.
   While the county can't be reached the page says so, and takes it back when it can. */
"use strict";
(() => {
  const live = document.getElementById("live");
  const notice = document.getElementById("offline-notice");
  if (!live || !notice) return;
  let shown = ""; // the ETag of what is shown
  live.addEventListener("htmx:beforeRequest", event => { if (document.hidden) event.preventDefault(); });
  live.addEventListener("htmx:configRequest", event => { if (shown) event.detail.headers["If-None-Match"] = shown; });
  live.addEventListener("htmx:afterOnLoad", ({ detail: { xhr } }) => {
    if (xhr.status === 200) shown = xhr.getResponseHeader("ETag") ?? "";
    if (xhr.status < 400) notice.hidden = true;
  });
  for (const away of ["htmx:sendError", "htmx:timeout", "htmx:responseError"])
    live.addEventListener(away, () => { notice.hidden = false; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) htmx.trigger(live, "refresh"); });
})();
