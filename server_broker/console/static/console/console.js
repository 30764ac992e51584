/* Scrolls the menu to the page that is shown: in a narrow window the menu is wider than the screen.

   Refreshes a page's live part (`server_broker.console.polling`). A hidden page does not poll, and polls at once when it
   is shown again. The county sends the part only if it has changed. While the county can't be reached, a notice says so. */
"use strict";
(() => {
  document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  const live = document.getElementById("live");
  const notice = document.getElementById("offline-notice");
  if (!live || !notice) return;
  let shown = ""; // the ETag of the part that is shown
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
