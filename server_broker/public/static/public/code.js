// Takes the code out of the address's fragment, puts it into the form, and forgets the address.
// Only the person's press on the button sends it, so that a preview of the page uses nothing up.
(() => {
  const form = document.getElementById("code-form");
  const typed = document.getElementById("code");
  const scanned = decodeURIComponent(location.hash.slice(1));
  if (!scanned) return;
  history.replaceState(null, "", location.pathname);
  typed.value = scanned;
  document.getElementById("typed").hidden = true;
  document.getElementById("scanned").hidden = false;
  form.querySelector("button").focus();
})();
