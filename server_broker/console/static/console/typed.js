/* Fills a form in again that the county refused, because the page after a refusal has empty forms.

   What was typed is kept in this tab alone, until the next page has come. Of forms with autocomplete="off" nothing is
   kept: these have numbers and secrets. Without scripts a refused form is typed again. */
"use strict";
(() => {
  const KEY = "typed", UNKEPT = ["hidden", "password", "file", "submit", "button"];
  const main = document.getElementById("main");
  if (!main) return;
  const fields = form => [...form.elements].filter(one => one.name && !UNKEPT.includes(one.type));
  const isChosen = field => ["checkbox", "radio"].includes(field.type);
  // A page may have several forms for one address, told apart by what is hidden in them.
  const name = form => JSON.stringify([
    new URL(form.getAttribute("action") || location.pathname, location).pathname,
    ...[...form.querySelectorAll("input[type=hidden]")]
      .filter(one => !["csrfmiddlewaretoken", "confirmed"].includes(one.name)).map(one => one.name + one.value),
  ]);

  addEventListener("submit", ({ target: form }) => {
    if (form.method !== "post" || form.getAttribute("autocomplete") === "off") return;
    const typed = fields(form).map(one => [one.name, one.value, isChosen(one) ? one.checked : null]);
    sessionStorage.setItem(KEY, JSON.stringify({ form: name(form), typed }));
  });

  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  if (!kept || !main.querySelector(".message.error")) return;
  const form = [...main.querySelectorAll("form[method=post]")].find(one => name(one) === kept.form);
  if (!form) return;
  const left = [...kept.typed];
  for (const field of fields(form)) {
    const place = left.findIndex(([of, value]) => of === field.name && (!isChosen(field) || value === field.value));
    if (place < 0) continue;
    const [[, value, checked]] = left.splice(place, 1);
    if (isChosen(field)) field.checked = checked;
    else field.value = value;
  }
  form.closest("details")?.setAttribute("open", "");
})();
