"use strict";
(() => {
  const $ = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  const dialog = $("#keys"), filter = $("#filter");
  all(".needs-script").forEach((e) => (e.hidden = false));
  $("[data-keys]")?.addEventListener("click", () => dialog.showModal());

  // A second click outside closes what a first one opened.
  document.addEventListener("click", (e) => {
    all("details.menu[open]").forEach((menu) => menu.contains(e.target) || (menu.open = false));
  });

  all("[data-copy]").forEach((copy) => copy.addEventListener("click", async (e) => {
    if (!navigator.clipboard) return;
    e.preventDefault();
    const label = copy.textContent;
    try {
      await navigator.clipboard.writeText(copy.dataset.copy + $("#markdown").value);
      copy.textContent = copy.dataset.copied;
      setTimeout(() => (copy.textContent = label), 1500);
    } catch {
      location.href = copy.href;
    }
  }));

  const every = $("[data-all]");
  every?.addEventListener("change", () => all("input[name=hash]").forEach((box) => (box.checked = every.checked)));

  // The list filters while one types: the page is replaced, the caret comes back, but not after the
  // page of an event whose id was typed.
  const kept = "error-tracker-caret";
  let caret;
  try {
    caret = sessionStorage[kept];
    delete sessionStorage[kept];
  } catch {}
  if (filter) {
    const go = (field) => {
      const query = new URLSearchParams([...new FormData(filter)].filter(([, value]) => value));
      try {
        if (field) sessionStorage[kept] = field.name;
      } catch {}
      location.replace("./" + (query.size ? "?" + query : ""));
    };
    let timer;
    filter.addEventListener("input", (e) => {
      clearTimeout(timer);
      if (e.target.tagName === "INPUT" && !e.isComposing) timer = setTimeout(go, 350, e.target);
    });
    filter.addEventListener("change", (e) => e.target.tagName === "SELECT" && go());
    // Who presses Enter or follows a link meanwhile goes there.
    const stop = (e) => (e.type === "submit" || e.target.closest("a")) && clearTimeout(timer);
    for (const leaves of ["submit", "click"]) document.addEventListener(leaves, stop);
    const field = caret && filter.elements[caret];
    if (field) {
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length);
    }
  }

  const stops = () => all("a.open, .frame > summary");
  const row = () => document.activeElement?.closest("tr.issue");
  const step = (by) => {
    const list = stops();
    const here = list.indexOf(row() ? $("a.open", row()) : document.activeElement);
    const to = list[here < 0 ? (by > 0 ? 0 : list.length - 1) : here + by];
    to?.focus();
    to?.scrollIntoView({ block: "nearest" });
  };
  const press = (names, key) => {
    if (!all("input[name=hash]:checked").length) {
      const one = row() && $(`[data-key=${key}]`, row());
      if (one) return one.click();
      if (!$(".actions")) return;
    }
    for (const name of names) {
      const button = $(`.actions [value=${name}], .bulk [value=${name}]`);
      if (button) return button.click();
    }
  };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    o: () => (row() ? $("a.open", row()) : document.activeElement)?.click(),
    x: () => row() && $("input[name=hash]", row()).click(),
    r: () => press(["resolve", "reopen"], "r"),
    m: () => press(["mute"], "m"),
    "/": () => (filter ? filter.elements.text.focus() : (location.href = "./")),
    "?": () => dialog.showModal(),
  };
  document.addEventListener("keydown", (e) => {
    const typing = e.target.closest?.("input:not([type=checkbox]), select, textarea, dialog");
    if (e.key === "Escape") {
      all("details.menu[open]").forEach((menu) => (menu.open = false));
      if (typing && e.target.type !== "search") e.target.blur();
    }
    if (typing || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || !Object.hasOwn(keys, e.key)) return;
    e.preventDefault();
    keys[e.key]();
  });
})();
