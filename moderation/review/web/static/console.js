"use strict";
// The queue without waiting: the next item is on the page already, and shown at the key. The server
// is told at the same time, and what it refuses comes back into focus. Without this script every
// form and link works, one page load at a time.
(() => {
  const $ = (id) => document.getElementById(id);
  const body = document.body;
  const desk = $("desk");
  const csrf = body.dataset.csrf;
  const keysOn = body.dataset.shortcuts === "on";

  // ---- What a screen reader hears
  const announce = (text) => {
    const place = $("announce");
    if (!place || !text) return;
    place.textContent = "";
    requestAnimationFrame(() => { place.textContent = text; });
  };

  const ask = async (url, fields) => {
    const options = { headers: { "X-Console": "1" }, credentials: "same-origin" };
    if (fields) {
      options.method = "POST";
      options.headers["X-CSRF-Token"] = csrf;
      options.body = new URLSearchParams(fields);
    }
    let answer;
    try {
      answer = await fetch(url, options);
    } catch {
      return { ok: false, say: "The server does not answer. Nothing was decided.", parts: {} };
    }
    if (answer.redirected || answer.status === 401) {
      return { ok: false, say: "You are signed out. Load the page to sign in again.", parts: {} };
    }
    try {
      const said = await answer.json();
      // A refusal before the page is reached has its sentence as a title (RFC 9457).
      return { parts: {}, say: said.title, ...said, ok: answer.ok };
    } catch {
      return { ok: false, say: "The server answered with an error. Nothing was decided.", parts: {} };
    }
  };

  const item = () => document.querySelector("#focus > .item");
  const ready = () => document.querySelector("#next > .item");
  const idOf = (article) => (article ? article.dataset.item : "");
  const versionOf = (article) => (article ? article.dataset.version : "");
  const title = (place) => place.querySelector("[data-title]");

  const focusTitle = () => {
    const heading = title($("focus"));
    if (heading) heading.focus({ preventScroll: true });
    $("focus").scrollIntoView({ block: "nearest" });
    if (item() && item().getBoundingClientRect().top < 0) item().scrollIntoView();
  };

  const put = (parts) => {
    for (const [name, html] of Object.entries(parts)) {
      const place = $(name);
      if (!place) continue;
      if (name === "list") keepList(place, html);
      else place.innerHTML = html;
      if (name === "undo") countDown();
    }
  };

  const keepList = (place, html) => {
    const picked = new Set([...place.querySelectorAll("input:checked")].map((box) => box.value));
    const active = document.activeElement;
    const held = place.contains(active) ? active.dataset.item || active.value : null;
    const wasBox = active && active.type === "checkbox";
    place.innerHTML = html;
    for (const box of place.querySelectorAll("input[name=id]")) {
      box.checked = picked.has(box.value);
      if (held !== null && wasBox && box.value === held) box.focus();
    }
    if (held !== null && !wasBox) {
      for (const link of place.querySelectorAll("a.open")) if (link.dataset.item === held) link.focus();
    }
    mark();
  };

  const mark = () => {
    const current = idOf(item());
    for (const link of document.querySelectorAll("#list a.open")) {
      const here = link.dataset.item === current;
      link.parentElement.classList.toggle("current", here);
      if (here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };

  const told = (answer) => {
    if (answer.waiting !== undefined) document.title = `Queue (${answer.waiting}) · trollbridge`;
    const heading = item() && title(item());
    const now = heading ? `Now: ${heading.textContent}.` : "Nothing else waits.";
    announce(`${answer.say ? `${answer.say}. ` : ""}${now}`);
  };

  // ---- Deciding
  // One after the other, so that the store sees decisions in the order in which they were made.
  let line = Promise.resolve();
  const inLine = (act) => { line = line.then(act, act); return line; };
  let underway = 0;
  // A key that was meant for one item must not decide another that came in its place just then.
  const GLANCE = 600;
  let glance = 0;
  const cameUnasked = () => {
    clearTimeout(glance);
    $("focus").setAttribute("aria-busy", "true");
    glance = setTimeout(() => $("focus").removeAttribute("aria-busy"), GLANCE);
  };

  const showNext = () => {
    const following = ready();
    const gone = item();
    if (following) {
      $("focus").replaceChildren(following);
    } else {
      const wait = document.createElement("p");
      wait.className = "card nothing muted";
      wait.textContent = "Looking for the next one …";
      $("focus").replaceChildren(wait);
    }
    mark();
    if (following) focusTitle();
    return gone;
  };

  const complain = (article, say) => {
    let notice = article.querySelector("[data-problem]");
    if (!notice) {
      notice = document.createElement("div");
      notice.className = "notice bad";
      notice.dataset.problem = "";
      notice.setAttribute("role", "alert");
      article.querySelector(".item-head").after(notice);
    }
    notice.textContent = say;
  };

  const decide = (form, button) => {
    performance.mark("decision");
    const fields = new FormData(form);
    fields.set("do", button.value);
    const article = form.closest(".item");
    for (const open of article.querySelectorAll("details.pop[open]")) open.open = false;
    const gone = showNext();
    fields.set("on_screen", idOf(item()));
    requestAnimationFrame(() => setTimeout(() => {
      performance.measure("decision to next item", "decision");
    }));
    underway += 1;
    inLine(async () => {
      const answer = await ask("/decide", fields);
      underway -= 1;
      if (answer.ok) {
        // Whoever was faster than the answer has decided on what it says is on the screen.
        if (underway > 0) { delete answer.parts.list; delete answer.parts.next; }
        if (answer.parts.focus !== undefined && item()) delete answer.parts.focus;
        const had = item();
        put(answer.parts);
        if (!had) { cameUnasked(); focusTitle(); }
        mark();
        told(answer);
        if (underway === 0 && !ready()) refill();
        return;
      }
      // Refused: the item comes back, and what was shown meanwhile waits behind it.
      cameUnasked();
      const meanwhile = item();
      if (meanwhile) $("next").replaceChildren(meanwhile);
      if (answer.parts.focus) put({ focus: answer.parts.focus });
      else { $("focus").replaceChildren(gone); complain(gone, answer.say); }
      mark();
      const again = document.querySelector("#focus [data-again]");
      if (again) again.focus();
      else focusTitle();
      announce(answer.say);
      refill();
    });
  };

  const query = (more) => {
    const found = new URLSearchParams(desk.dataset.query);
    for (const [name, value] of Object.entries(more)) found.set(name, value);
    return found;
  };

  // The author has edited what is being read. Who is writing a note goes on writing it.
  const changedHere = (answer) => {
    const note = () => document.querySelector("#focus .decide textarea");
    const inside = $("focus").contains(document.activeElement);
    const writing = note() !== null && note() === document.activeElement;
    const written = note() ? note().value : "";
    put(answer.parts);
    cameUnasked();
    if (note()) note().value = written;
    if (note() && (written || writing)) note().closest("details").open = true;
    if (writing && note()) note().focus();
    else if (inside) focusTitle();
    told({ ...answer, say: "This comment has changed" });
  };

  const refill = () => inLine(async () => {
    if (underway > 0) return;
    const need = item() ? (ready() ? "list" : "next,list") : "focus,next,list";
    const shown = {
      on_screen: idOf(item()), version: versionOf(item()),
      ready: idOf(ready()), ready_version: versionOf(ready()),
    };
    const answer = await ask(`/parts?${query({ need, ...shown })}`);
    if (!answer.ok || underway > 0) return;
    const had = item();
    if (had && answer.changed) return changedHere(answer);
    // That still nothing waits is no news: the place where a person is stays as it is.
    if (had || !(answer.parts.focus || "").includes("data-item=")) delete answer.parts.focus;
    put(answer.parts);
    if (!had && item()) { cameUnasked(); told({ ...answer, say: "A new comment" }); }
    else if (answer.waiting !== undefined) document.title = `Queue (${answer.waiting}) · trollbridge`;
  });

  const open = (id) => inLine(async () => {
    if (!id || id === idOf(item())) return;
    const leaving = idOf(item());
    if (id === idOf(ready())) $("next").replaceChildren();
    const need = ready() ? "focus,list" : "focus,next,list";
    const answer = await ask(`/parts?${query({ need, item: id, leave: leaving })}`);
    if (!answer.ok) { announce(answer.say); refill(); return; }
    put(answer.parts);
    focusTitle();
    told(answer);
  });

  const takeBack = (form) => inLine(async () => {
    const fields = new FormData(form);
    fields.set("on_screen", idOf(item()));
    fields.set("ready", idOf(ready()));
    const answer = await ask("/undo", fields);
    if (!answer.ok) {
      $("undo").replaceChildren();
      announce(answer.say);
      say(answer.say);
      return;
    }
    const meanwhile = item();
    put(answer.parts);
    if (answer.parts.focus) {
      // It keeps what was typed in it.
      $("next").replaceChildren(...(meanwhile ? [meanwhile] : []));
      focusTitle();
    }
    told(answer);
    if (!ready()) refill();
  });

  // ---- The undo bar runs out
  let clock = 0;
  const countDown = () => {
    clearInterval(clock);
    const bar = document.querySelector("#undo [data-undo]");
    if (!bar) return;
    const end = performance.now() + Number(bar.dataset.seconds) * 1000;
    const progress = bar.querySelector("progress");
    clock = setInterval(() => {
      const left = (end - performance.now()) / 1000;
      progress.value = Math.max(0, left);
      if (left > 0) return;
      clearInterval(clock);
      // Nobody loses the place they are at because a bar goes.
      const inside = bar.contains(document.activeElement);
      bar.remove();
      if (inside && item()) focusTitle();
    }, 250);
  };

  const say = (text) => {
    const note = document.createElement("div");
    note.className = "toast";
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.className = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => { note.remove(); if (desk) focusTitle(); });
    note.append(words, close);
    $("rest").replaceChildren(note);
  };

  // ---- Keys: never in a field, never with a modifier, and only where they are switched on
  const press = (selector) => {
    const target = document.querySelector(selector);
    if (target) target.click();
    return Boolean(target);
  };
  const panel = () => document.querySelector("#focus details.pop[open]");
  // At once, not at the event that tells of it: the next key is on its way.
  const unfold = (name) => {
    if (press(`#focus .${name}:not([open]) > summary`)) enterPanel(panel());
  };
  const enterPanel = (opened) => {
    const first = opened && opened.querySelector("textarea, .answers button");
    if (first) first.focus();
  };
  const shut = () => {
    const found = panel();
    if (!found) return false;
    found.open = false;
    found.querySelector("summary").focus();
    return true;
  };
  const step = (by) => {
    const links = [...document.querySelectorAll("#list a.open")];
    const at = links.findIndex((link) => link.dataset.item === idOf(item()));
    const to = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))];
    if (to) open(to.dataset.item);
  };
  const acts = {
    a: () => press('#focus .acts [value="approve"]'),
    e: () => press('#focus .acts [value="escalate"]'),
    s: () => press('#focus .acts [value="skip"]'),
    r: () => unfold("reject"),
    n: () => unfold("note"),
    v: () => press("#focus [data-reveal]"),
    u: () => press("#undo button"),
    c: () => press("#focus [data-campaign-link]"),
    j: () => step(1),
    k: () => step(-1),
    "/": () => { $("search").focus(); $("search").select(); },
    "?": () => $("keys").showModal(),
  };

  const typing = (target) =>
    target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]') !== null;

  document.addEventListener("keydown", (event) => {
    active();
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
      if (shut()) event.preventDefault();
      return;
    }
    if (!keysOn || !desk || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector("dialog[open]") || typing(event.target)) return;
    const letter = /^[a-z]$/i.test(event.key);
    if (letter && event.shiftKey) return;
    const key = letter ? event.key.toLowerCase() : event.key;
    if ("aesr".includes(key) && $("focus").hasAttribute("aria-busy")) return;
    const open = panel();
    if (open && open.classList.contains("reject")) {
      if (key === "b") { event.preventDefault(); press("#focus [data-ban]"); return; }
      const answer = [...open.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
      if (answer) { event.preventDefault(); answer.click(); }
      return;
    }
    if (acts[key]) { event.preventDefault(); acts[key](); }
  });

  // ---- Forms and links that need no page load
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!desk) return;
    if (form.matches("#focus .decide") && event.submitter) {
      event.preventDefault();
      decide(form, event.submitter);
    } else if (form.matches("#undo form")) {
      event.preventDefault();
      takeBack(form);
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#list a.open");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      open(link.dataset.item);
    }
    if (event.target.closest("#keys-button")) $("keys").showModal();
  });
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    if (!(opened instanceof HTMLDetailsElement) || !opened.open || !opened.matches(".pop")) return;
    for (const other of document.querySelectorAll("#focus details.pop[open]")) {
      if (other !== opened) other.open = false;
    }
    if (!opened.contains(document.activeElement) || document.activeElement.matches("summary")) {
      enterPanel(opened);
    }
  }, true);

  // ---- Activity: it holds the claims, and after long activity a break is suggested
  const MINUTE = 60_000;
  let seen = Date.now();
  let renewed = Date.now();
  let checked = 0;
  const begun = () => Number(sessionStorage.getItem("begun")) || Date.now();
  const active = () => {
    const now = Date.now();
    if (now - checked < 1000) return;
    checked = now;
    if (now - seen > 5 * MINUTE || !sessionStorage.getItem("begun")) {
      sessionStorage.setItem("begun", String(now));
    }
    seen = now;
    if (desk && now - renewed > MINUTE) {
      renewed = now;
      ask("/renew", {});
    }
    rest(now);
  };
  const rest = (now) => {
    const minutes = Number(body.dataset.break);
    if (!minutes || !$("rest") || now - begun() < minutes * MINUTE) return;
    sessionStorage.setItem("begun", String(now));
    say(`You have been at it for ${minutes} minutes. A short break would do you good.`);
  };
  for (const act of ["pointerdown", "pointermove", "scroll"]) {
    document.addEventListener(act, active, { capture: true, passive: true });
  }
  active();

  // ---- News
  if (desk) {
    countDown();
    let last = null;
    let stream = null;
    let soon = 0;
    const listen = () => {
      stream = new EventSource("/events");
      stream.addEventListener("news", (event) => {
        const changed = last !== null && last !== event.data;
        const idle = last === null && !item();
        last = event.data;
        clearTimeout(soon);
        // An empty screen is filled at once; the list may wait until a hand rests.
        if (changed || idle) soon = setTimeout(refill, item() && ready() ? 400 : 0);
      });
    };
    listen();
    addEventListener("pagehide", () => {
      stream.close();
      const fields = new URLSearchParams({ csrf });
      for (const article of [item(), ready()]) if (article) fields.append("id", idOf(article));
      navigator.sendBeacon("/release", fields);
    });
    addEventListener("pageshow", (event) => {
      // Back from the browser's cache: what was claimed then may be somebody else's by now.
      if (event.persisted) location.reload();
    });
  }
})();
