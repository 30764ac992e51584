/* On the page of a question: a picture or a recording is not put on while words are typed that nobody has saved, because
   the page is loaded anew. */
"use strict";
(() => {
  const form = document.getElementById("question-form"), note = document.getElementById("recorder-note");
  if (!form || !note) return;
  let typed = false;
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  for (const one of document.querySelectorAll("form.of-files"))
    one.addEventListener("submit", event => {
      if (!typed) return;
      event.preventDefault();
      note.textContent = "△ 上面改过的还没有保存：先按“保存”，再放图片和录音。";
      note.scrollIntoView({ block: "center" });
    });
})();
