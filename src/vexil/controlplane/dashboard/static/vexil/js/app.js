// What a page cannot do by itself: confirmations, shortcuts, copying, the theme, and care for what was typed.
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);

  // Confirmations: <form data-confirm="Switch off in Production?" data-confirm-word="name" data-confirm-button="Switch off">.
  const dialog = () => find("#confirm");
  const confirmed = new WeakSet();
  function ask(source, proceed) {
    const box = dialog();
    if (!box) return proceed();
    const word = source.dataset.confirmWord || "";
    find("[data-question]", box).textContent = source.dataset.confirm;
    find("[data-detail]", box).textContent = source.dataset.confirmDetail || "";
    const field = find("[data-word-field]", box);
    const input = find("input", field);
    field.hidden = !word;
    find("[data-word]", field).textContent = word;
    input.value = "";
    const yes = find("[data-yes]", box);
    yes.textContent = source.dataset.confirmButton || "Continue";
    yes.className = "button " + (source.dataset.confirmKind === "danger" ? "danger" : "primary");
    const check = () => { yes.disabled = Boolean(word) && input.value !== word; };
    input.oninput = check;
    check();
    box.onclose = () => { if (box.returnValue === "yes") proceed(); };
    box.returnValue = "";
    box.showModal();
    (word ? input : yes).focus();
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const source = event.submitter?.dataset.confirm ? event.submitter : form;
    if (!source.dataset.confirm || confirmed.has(form)) { confirmed.delete(form); return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    ask(source, () => {
      const word = form.elements.namedItem("confirm_name");
      if (word && source.dataset.confirmWord) word.value = source.dataset.confirmWord;
      confirmed.add(form);
      form.requestSubmit(submitter);
    });
  }, true);

  // Shortcuts: data-shortcut="n" on a link or button, "/" for the search field, "?" for the list of them.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return escape();
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
    if (event.key === "?") { find("#shortcuts")?.showModal(); return; }
    const wanted = [...document.querySelectorAll("[data-shortcut]")].find((one) => one.dataset.shortcut === event.key && one.offsetParent);
    if (!wanted) return;
    event.preventDefault();
    if (wanted.matches("input, textarea, select")) wanted.focus(); else wanted.click();
  });
  function escape() {
    const open = find("details.menu[open]");
    if (open) { open.open = false; find("summary", open).focus(); return; }
    if (!find("dialog[open]")) find("[data-panel-close]")?.click();
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const opener = event.target.closest?.("[data-open-dialog]");
    if (opener) find(opener.dataset.openDialog)?.showModal();
    const closer = event.target.closest?.("[data-close-dialog]");
    if (closer) closer.closest("dialog").close();
    const side = event.target.closest?.("[data-side-toggle]");
    if (side) { event.preventDefault(); find("#side")?.classList.toggle("is-open"); }
    const copy = event.target.closest?.("[data-copy]");
    if (copy) copyText(copy);
    const theme = event.target.closest?.("[data-theme-toggle]");
    if (theme) switchTheme();
    const dismiss = event.target.closest?.("[data-dismiss]");
    if (dismiss) dismiss.closest(".toast")?.remove();
  });
  async function copyText(button) {
    const from = button.dataset.copyFrom && find(button.dataset.copyFrom);
    const text = button.dataset.copy || from?.value || from?.textContent || "";
    try { await navigator.clipboard.writeText(text.trim()); toast("Copied.", "success"); }
    catch { toast("This browser does not let pages copy: select the text and copy it yourself.", "error"); }
  }
  function switchTheme() {
    const root = document.documentElement;
    const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = now === "dark" ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  }

  // Toasts
  function toast(text, kind) {
    const box = find("#toasts");
    if (!box) return;
    const one = document.createElement("div");
    one.className = `toast ${kind}`;
    one.setAttribute("role", kind === "error" ? "alert" : "status");
    one.textContent = text;
    box.append(one);
    fade(one);
  }
  function fade(one) { if (!one.classList.contains("error")) setTimeout(() => one.remove(), 6000); }

  // Forms that must not lose what was typed: <form data-guard>, or data-guard="unsaved" if it came back with changes.
  let touched = false;
  document.addEventListener("input", (event) => { if (event.target.closest?.("form[data-guard]")) touched = true; });
  document.addEventListener("submit", (event) => { if (event.target.matches("form[data-guard]")) touched = false; });
  addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const leaves = event.target.matches?.("a, body") || event.target.matches?.("[data-panel-close]");
    if (touched && leaves && !confirm("Leave without saving what you changed?")) event.preventDefault();
    else if (touched && leaves) touched = false;
  });

  // What htmx could not do
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) { touched = true; find("#session-ended")?.showModal(); return; }
    const told = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector("[data-problem]");
    toast(told?.textContent.trim() || `That did not work (${status}). Nothing was changed.`, "error");
  });
  document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Nothing was changed; try again.", "error"));
  document.addEventListener("htmx:afterSettle", ready);

  // Sums of percentages: [data-sum] holds number inputs, [data-sum-total] shows what they come to.
  document.addEventListener("input", (event) => sum(event.target.closest?.("[data-sum]")));
  function sum(group) {
    if (!group) return;
    const total = [...group.querySelectorAll("input[data-part]")].reduce((all, part) => all + (Number(part.value) || 0), 0);
    const shown = Math.round(total * 1000) / 1000;
    for (const out of group.querySelectorAll("[data-sum-total]")) out.textContent = shown;
    for (const rest of group.querySelectorAll("[data-sum-rest]")) rest.textContent = Math.max(0, Math.round((100 - shown) * 1000) / 1000);
    for (const bar of group.querySelectorAll("progress[data-sum-bar]")) { bar.value = Math.min(100, shown); bar.className = shown > 100 ? "bad" : ""; }
    group.classList.toggle("is-over", shown > 100);
    for (const svg of group.querySelectorAll("[data-sum-svg]")) stretch(svg, [...group.querySelectorAll("input[data-part]")]);
    for (const problem of group.querySelectorAll("[data-sum-problem]")) problem.hidden = shown <= 100;
  }

  function stretch(svg, parts) {
    let start = 0;
    [...svg.querySelectorAll("rect")].forEach((bar, place) => {
      const width = Math.max(0, Math.min(Number(parts[place]?.value) || 0, 100 - start));
      bar.setAttribute("x", start);
      bar.setAttribute("width", width);
      start += width;
    });
  }

  // Many at once: <form data-many id="many"> acts on the checkboxes with form="many"; [data-many-all] ticks all of them.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form?.hasAttribute("data-many")) return;
    if (event.target.hasAttribute("data-many-all")) for (const one of chosenIn(form)) one.checked = event.target.checked;
    count(form);
  });
  function chosenIn(form) { return [...form.elements].filter((one) => one.type === "checkbox" && one.name); }
  function count(form) {
    const all = chosenIn(form), number = all.filter((one) => one.checked).length;
    form.classList.toggle("is-idle", !number);
    const out = find("[data-many-count]", form), whole = find("[data-many-all]", form);
    out.dataset.idle ??= out.textContent;
    out.textContent = number ? `${number} chosen` : out.dataset.idle;
    whole.checked = number > 0 && number === all.length;
    whole.indeterminate = number > 0 && number < all.length;
  }

  // Lists in an order that people choose: <ol data-sortable> of items with [data-handle] and a hidden input each.
  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    const item = event.target.closest?.("[data-sortable] > *");
    if (item) { dragged = item; event.dataTransfer.effectAllowed = "move"; item.classList.add("is-dragged"); }
  });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.("[data-sortable] > *");
    if (!over || over === dragged || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    const after = event.clientY > over.getBoundingClientRect().top + over.offsetHeight / 2;
    over[after ? "after" : "before"](dragged);
  });
  document.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("is-dragged");
    moved(dragged);
    dragged = null;
  });
  document.addEventListener("click", (event) => {
    const step = event.target.closest?.("[data-move]");
    const item = step?.closest("[data-sortable] > *");
    if (!item) return;
    event.preventDefault();
    const next = step.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
    if (!next) return;
    next[step.dataset.move === "up" ? "before" : "after"](item);
    step.focus();
    moved(item);
  });
  function moved(item) {
    item.parentNode.dispatchEvent(new CustomEvent("reordered", { bubbles: true }));
    const form = item.closest("form");
    if (form?.hasAttribute("data-guard")) touched = true;
  }

  // On a phone tabs scroll sideways; the page itself stays where it is.
  function centre(tab) {
    const box = tab.parentNode.getBoundingClientRect(), own = tab.getBoundingClientRect();
    tab.parentNode.scrollLeft += own.left - box.left - (box.width - own.width) / 2;
  }

  function ready() {
    for (const one of document.querySelectorAll("#toasts .toast")) fade(one);
    for (const group of document.querySelectorAll("[data-sum]")) sum(group);
    for (const form of document.querySelectorAll("form[data-many]")) count(form);
    if (find('form[data-guard="unsaved"]')) touched = true;
    for (const tab of document.querySelectorAll(".tabs [aria-current]")) centre(tab);
    const panel = find("[data-panel-focus]");
    for (const behind of document.querySelectorAll(".topbar, #side, .main > :not(#panel)")) behind.inert = Boolean(panel);
    if (panel && !panel.contains(document.activeElement)) panel.focus({ preventScroll: true });
  }
  window.vexil = { toast, find };
  document.addEventListener("DOMContentLoaded", ready);
})();
