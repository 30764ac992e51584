/* The month of a village's roster: moved through by arrow keys, filled by keys, by a list or by dragging.

   It is the pattern "grid" of the ARIA Authoring Practices: one cell has the focus, Shift with an arrow widens the
   selection. Nothing is changed in the county before the form is sent. What is not sent yet is kept for this account in
   this tab, by numbers and without names, so that a look at another page costs nothing; a cell that somebody else has
   changed meanwhile is left as it is, and said. */
"use strict";
(() => {
  const grid = document.getElementById("roster");
  const form = document.getElementById("roster-form");
  if (!grid || !form) return;
  const names = JSON.parse(document.getElementById("roster-names").textContent);
  const store = grid.dataset.store;
  const said = document.getElementById("roster-said");
  const rows = [...grid.tBodies[0].rows].map(row => [...row.querySelectorAll("td")]);
  const cells = new Map();
  rows.forEach((row, r) => row.forEach((td, c) => {
    const spots = [...document.querySelectorAll(`[data-spot="${td.dataset.cell}"]`)];
    const { said: base, week, more, away, label } = td.dataset;
    cells.set(td.dataset.cell, { td, r, c, base, week, more: Number(more), away: away.split(","), label, spots });
  }));
  const wanted = new Map(); // what is to be in the cells that were changed
  const undos = [];
  let clip = null, last = "", anchor = null, here = { r: 0, c: 0 };

  const keyAt = (r, c) => rows[r][c].dataset.cell;
  const value = key => wanted.get(key) ?? cells.get(key).base;
  const isOpen = key => cells.get(key).td.classList.contains("open") || cells.get(key).base !== "";
  const crew = code => new Map(code.split(",").filter(Boolean).map(one => [one.replace("!", ""), one.endsWith("!")]));
  const order = ([a], [b]) => a.startsWith("p") - b.startsWith("p") || Number(a.replace("p", "")) - Number(b.replace("p", ""));
  const code = people => [...people].sort(order).map(([id, leads]) => id + (leads ? "!" : "")).join(",");
  const words = text => [...crew(text)].map(([id, leads]) => names[id] + (leads ? "（带班）" : "")).join("、") || "没有另排";

  function piece(tag, text, kind) {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = kind;
    return made;
  }

  function draw(key) {
    const cell = cells.get(key), text = value(key), pieces = [];
    for (const [id, leads] of [...crew(text || cell.week)].sort(([, a], [, b]) => b - a)) {
      const who = piece("span", names[id], `who-in${leads ? " leads" : ""}${text ? "" : " by-week"}`);
      if (leads) {
        who.prepend(piece("span", "★", "sign"), piece("span", "带班 ", "visually-hidden"));
        who.firstChild.setAttribute("aria-hidden", "true");
      }
      if (cell.away.includes(id)) who.append(piece("span", "假", "tag"));
      pieces.push(who);
    }
    if (cell.more) pieces.push(piece("span", `外${cell.more}`, "who-in"));
    for (const place of [cell.td, ...cell.spots.map(spot => spot.querySelector(".slot-who"))])
      place.replaceChildren(...pieces.map(one => one.cloneNode(true)));
    for (const place of [cell.td, ...cell.spots]) place.classList.toggle("changed", wanted.has(key));
    cell.td.draggable = text !== "";
  }

  function put(changes) {
    const before = [];
    for (const [key, text] of changes) {
      if (!isOpen(key) || value(key) === text) continue;
      before.push([key, value(key)]);
      set(key, text);
    }
    if (before.length) undos.push(before);
    return before.length;
  }

  function set(key, text) {
    if (text === cells.get(key).base) wanted.delete(key); else wanted.set(key, text);
    draw(key);
  }

  function tell(words) {
    const count = wanted.size ? `改了 ${wanted.size} 个班，还没有保存` : "还没有改动";
    said.textContent = words ? `${words}。${count}` : count;
    document.getElementById("roster-next").disabled = !wanted.size;
    document.getElementById("roster-undo").disabled = !undos.length;
    sessionStorage.setItem(store, JSON.stringify([...wanted].map(([key, text]) => [key, cells.get(key).base, text])));
  }

  function selected() {
    const from = anchor ?? here, keys = [];
    for (let r = Math.min(from.r, here.r); r <= Math.max(from.r, here.r); r++)
      for (let c = Math.min(from.c, here.c); c <= Math.max(from.c, here.c); c++) keys.push(keyAt(r, c));
    return keys;
  }

  function go(r, c, widen) {
    anchor = widen ? anchor ?? here : null;
    rows[here.r][here.c].tabIndex = -1;
    here = { r: Math.max(0, Math.min(rows.length - 1, r)), c: Math.max(0, Math.min(rows[0].length - 1, c)) };
    const td = rows[here.r][here.c], keys = new Set(selected());
    td.tabIndex = 0;
    td.focus();
    td.scrollIntoView({ block: "nearest", inline: "nearest" });
    for (const [key, cell] of cells) cell.td.setAttribute("aria-selected", keys.has(key));
  }

  const wherever = keys => keys.length > 1 ? `${keys.length} 格` : cells.get(keys[0]).label;
  const refusal = "这里不能排：这天这个值班休息或者没有。放假的日子请用“只在指定日期”的值班";

  function putSelected(text, what) {
    const keys = selected();
    if (!keys.some(isOpen)) return tell(refusal);
    put(keys.map(key => [key, text]));
    if (text) last = text;
    tell(`${wherever(keys)}：${what ?? words(text)}`);
  }

  function toggle(id, leads) {
    const keys = selected().filter(isOpen);
    if (!keys.length) return tell(refusal);
    const has = keys.every(key => crew(value(key)).has(id) && (!leads || crew(value(key)).get(id)));
    put(keys.map(key => {
      const people = crew(value(key));
      if (!has) people.set(id, leads || (people.get(id) ?? false));
      else if (leads) people.set(id, false);
      else people.delete(id);
      return [key, code(people)];
    }));
    last = value(keys[0]) || last;
    tell(`${wherever(keys)}：${words(value(keys[0]))}`);
  }

  function copy() {
    const from = anchor ?? here, top = Math.min(from.r, here.r), left = Math.min(from.c, here.c);
    clip = [];
    for (let r = top; r <= Math.max(from.r, here.r); r++) {
      clip.push([]);
      for (let c = left; c <= Math.max(from.c, here.c); c++) clip.at(-1).push(value(keyAt(r, c)));
    }
    tell(`复制了 ${clip.length * clip[0].length} 格`);
  }

  function paste() {
    if (!clip) return;
    const from = anchor ?? here, top = Math.min(from.r, here.r), left = Math.min(from.c, here.c);
    const one = !anchor || (anchor.r === here.r && anchor.c === here.c);
    const high = one ? clip.length : Math.abs(from.r - here.r) + 1, wide = one ? clip[0].length : Math.abs(from.c - here.c) + 1;
    const changes = [];
    for (let r = 0; r < high && top + r < rows.length; r++)
      for (let c = 0; c < wide && left + c < rows[0].length; c++)
        changes.push([keyAt(top + r, left + c), clip[r % clip.length][c % clip[0].length]]);
    tell(`排了 ${put(changes)} 格`);
  }

  /* Column 0 is the first of the month; its weekday is told by the date in the cell's name. */
  const weekday = c => (new Date(`${keyAt(0, c).split(":")[1]}T12:00:00`).getDay() + 6) % 7;

  function repeatWeek() {
    const monday = here.c - weekday(here.c), changes = [];
    for (const [r] of rows.entries())
      for (let c = monday + 7; c < rows[0].length; c++) {
        const source = monday + weekday(c);
        if (source >= 0 && c > here.c - weekday(here.c) + 6) changes.push([keyAt(r, c), value(keyAt(r, source))]);
      }
    tell(`照这周排了 ${put(changes)} 格`);
    go(here.r, here.c);
  }

  function undo() {
    for (const [key, text] of undos.pop() ?? []) set(key, text);
    tell("撤回了一步");
  }

  const dialog = document.getElementById("roster-pick");
  const boxes = [...dialog.querySelectorAll("[name=in]")], leading = [...dialog.querySelectorAll("[name=leads]")];
  let picking = [], opener = null;

  function open(keys, from) {
    if (!keys.some(isOpen)) return tell(refusal);
    [picking, opener] = [keys, from];
    const people = crew(value(keys[0]));
    document.getElementById("pick-title").textContent = `${wherever(keys)}：谁值班`;
    boxes.forEach(box => { box.checked = people.has(box.value); });
    leading.forEach(box => { box.checked = people.get(box.value) ?? false; });
    search.value = "";
    filter("");
    dialog.returnValue = "";
    dialog.showModal();
    search.focus();
  }

  function filter(text) {
    for (const row of dialog.querySelectorAll("li")) row.hidden = !row.dataset.find.includes(text.trim());
  }

  const search = document.getElementById("pick-find");
  search.addEventListener("input", () => filter(search.value));
  /* Enter takes the one whom the search leaves, and closes nothing: it would close without them. */
  search.addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.isComposing || !search.value.trim()) return;
    event.preventDefault();
    const shown = boxes.filter(box => !box.closest("li").hidden);
    if (shown.length !== 1) return void shown[0]?.focus();
    shown[0].checked = true;
    search.value = "";
    filter("");
  });
  leading.forEach((box, n) => box.addEventListener("change", () => { if (box.checked) boxes[n].checked = true; }));
  boxes.forEach((box, n) => box.addEventListener("change", () => { if (!box.checked) leading[n].checked = false; }));
  dialog.addEventListener("keydown", event => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const shown = boxes.filter(box => !box.closest("li").hidden);
    const next = shown.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    (shown[next] ?? search).focus();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue) {
      const people = new Map();
      boxes.forEach((box, n) => { if (box.checked) people.set(box.value, leading[n].checked); });
      const text = dialog.returnValue === "put" ? code(people) : "";
      put(picking.map(key => [key, text]));
      if (text) last = text;
      tell(`${wherever(picking)}：${words(text)}`);
    }
    opener?.focus();
  });

  const choices = [...document.querySelectorAll("#roster-choices button")];
  const byKey = new Map(choices.filter(one => one.dataset.key).map(one => [one.dataset.key, one.dataset.code]));
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const withControl = { c: copy, v: paste, z: undo, Home: () => go(0, 0), End: () => go(rows.length - 1, rows[0].length - 1) };
  const plain = {
    Home: event => go(here.r, 0, event.shiftKey),
    End: event => go(here.r, rows[0].length - 1, event.shiftKey),
    Delete: () => putSelected("", "清空"),
    Backspace: () => putSelected("", "清空"),
    Enter: () => open(selected(), rows[here.r][here.c]),
    F2: () => open(selected(), rows[here.r][here.c]),
    Escape: () => go(here.r, here.c),
    " ": () => { if (last) putSelected(last); },
  };

  grid.addEventListener("keydown", event => {
    if (event.altKey || event.isComposing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const control = event.ctrlKey || event.metaKey;
    /* With Shift a digit's key is another sign, and which one depends on the keyboard. */
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
    const chosen = byKey.get(digit ?? key);
    if (control && withControl[key]) withControl[key]();
    else if (control) return;
    else if (moves[key]) go(here.r + moves[key][0], here.c + moves[key][1], event.shiftKey);
    else if (plain[key]) plain[key](event);
    else if (chosen) toggle(chosen, event.shiftKey);
    else return;
    event.preventDefault();
  });

  grid.addEventListener("click", event => {
    const cell = cells.get(event.target.closest("td")?.dataset.cell);
    if (cell) go(cell.r, cell.c, event.shiftKey);
  });
  grid.addEventListener("dblclick", event => {
    const td = event.target.closest("td");
    if (td) open([td.dataset.cell], td);
  });
  for (const chip of choices) {
    chip.addEventListener("click", event => toggle(chip.dataset.code, event.shiftKey));
    chip.addEventListener("dragstart", event => event.dataTransfer.setData("text/plain", `who ${chip.dataset.code}`));
  }
  grid.addEventListener("dragstart", event => {
    const td = event.target.closest?.("td");
    if (td) event.dataTransfer.setData("text/plain", `cell ${td.dataset.cell}`);
  });
  grid.addEventListener("dragover", event => {
    const key = event.target.closest?.("td")?.dataset.cell;
    if (key && isOpen(key)) event.preventDefault();
  });
  grid.addEventListener("drop", event => {
    const td = event.target.closest?.("td"), [kind, what] = event.dataTransfer.getData("text/plain").split(" ");
    if (!td || !(kind === "who" ? what in names : kind === "cell" && cells.has(what))) return;
    event.preventDefault();
    const key = td.dataset.cell, cell = cells.get(key);
    go(cell.r, cell.c);
    if (kind === "cell") { putSelected(value(what)); return; }
    if (!crew(value(key)).has(what)) toggle(what, false);
  });

  for (const cell of cells.values())
    for (const spot of cell.spots) spot.addEventListener("click", () => open([cell.td.dataset.cell], spot));
  document.getElementById("roster-undo").addEventListener("click", undo);
  document.getElementById("roster-week").addEventListener("click", repeatWeek);
  form.addEventListener("submit", () => {
    const changes = [...wanted].map(([key, text]) => [Number(key.split(":")[0]), key.split(":")[1], cells.get(key).base, text]);
    form.elements.changes.value = JSON.stringify(changes);
  });

  /* What was not saved yet comes back, unless somebody else has changed the cell. */
  const conflicts = [];
  for (const [key, was, text] of JSON.parse(sessionStorage.getItem(store) ?? "[]")) {
    const cell = cells.get(key);
    if (!cell || cell.base === text || !/^(?:p?\d+!?(?:,|$))*$/.test(text)) continue;
    if ([...crew(text).keys()].some(id => !(id in names))) continue;
    if (cell.base === was) set(key, text);
    else conflicts.push(`${cell.label}：现在是 ${words(cell.base)}，您排的 ${words(text)} 没有放上去`);
  }
  if (conflicts.length) {
    const notice = document.getElementById("roster-conflicts");
    notice.append(piece("p", `△ 别人已经改过：${conflicts.join("；")}。请看过再排。`, "message warning"));
    notice.hidden = false;
  }
  for (const key of cells.keys()) cells.get(key).td.draggable = value(key) !== "";
  const today = grid.querySelector("td.today");
  if (today) here = cells.get(today.dataset.cell);
  here = { r: 0, c: here.c };
  rows[0][here.c].tabIndex = 0;
  tell("");
})();
