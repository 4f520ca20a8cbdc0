// A small card beside a citation, a term or a number, on hover, on keyboard focus and by touch: what the work is and
// what was taken from it, what the term means, where the number comes from.
// The texts stand in the page, as JSON or as titles, and are only ever set as text.
"use strict";
(() => {
  const source = document.getElementById("review-cards");
  const cards = source ? JSON.parse(source.textContent) : {};
  const entries = new Map(); // what each link or term shows
  const OPEN = 180; // milliseconds: passing over a link shows nothing, and
  const CLOSE = 300; // the pointer has time to travel from the link to the card
  const LINES = { // what a card shows, with its class: whole names, since styles of others are left out (assets.py)
    label: "cite-card-label", title: "cite-card-title", status: "cite-card-status",
    took: "cite-card-took", uses: "cite-card-uses", known: "cite-card-known",
  };

  const card = document.createElement("span");
  card.className = "cite-card";
  card.hidden = true;
  card.setAttribute("role", "note");
  const words = document.createElement("span");
  words.id = "cite-card-text";
  const more = document.createElement("a");
  more.className = "cite-card-more";
  card.append(words, more);
  let owner = null;
  let timer = 0;

  const keyOf = (link) => decodeURIComponent(link.hash.slice(1));

  function fill(entry) {
    words.replaceChildren();
    for (const [name, look] of Object.entries(LINES)) {
      if (!entry[name]) continue;
      const line = document.createElement("span");
      line.className = look;
      const struck = entry.struck && (name === "label" || name === "title") ? document.createElement("s") : line;
      struck.textContent = `${entry[name]} `;
      if (struck !== line) line.append(struck);
      words.append(line);
    }
    more.hidden = !entry.page;
    more.textContent = entry.more ?? "";
    more.setAttribute("href", entry.page ?? "");
  }

  function place() {
    if (!owner) return;
    const edge = 8;
    const link = owner.getBoundingClientRect();
    const { width, height } = card.getBoundingClientRect();
    const left = Math.min(Math.max(link.left, edge), document.documentElement.clientWidth - width - edge);
    const below = link.bottom + 4;
    const top = below + height > window.innerHeight && link.top - height - 4 > edge ? link.top - height - 4 : below;
    card.style.left = `${left}px`;
    card.style.top = `${top}px`;
  }

  function open(link) {
    clearTimeout(timer);
    if (owner === link) return;
    close();
    owner = link;
    fill(entries.get(link));
    link.after(card); // so that the next Tab reaches the card's own link
    card.hidden = false;
    link.setAttribute("aria-describedby", words.id);
    place();
  }

  function close() {
    clearTimeout(timer);
    if (!owner) return;
    owner.removeAttribute("aria-describedby");
    owner = null;
    card.hidden = true;
  }

  function soon(action, wait) {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  }

  const unused = () => !card.matches(":hover, :focus-within") && !owner?.matches(":hover, :focus");
  const closeUnused = () => unused() && close();

  function watch(element, entry) {
    entries.set(element, entry);
    element.classList.add("has-card");
    element.removeAttribute("title"); // the card says it, and more
    element.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && soon(() => open(element), OPEN));
    element.addEventListener("pointerleave", () => soon(closeUnused, CLOSE));
    element.addEventListener("focus", () => element.matches(":focus-visible") && open(element));
    element.addEventListener("blur", () => soon(closeUnused, CLOSE));
  }

  for (const link of document.querySelectorAll('a[href*="#ref-"], a.seed-unidentified')) {
    if (Object.hasOwn(cards, keyOf(link))) watch(link, cards[keyOf(link)]);
  }
  for (const term of document.querySelectorAll("abbr[title]")) {
    watch(term, { label: term.textContent, took: term.title });
    term.tabIndex = 0;
    term.setAttribute("role", "button");
    term.addEventListener("click", () => open(term)); // a finger neither hovers nor tabs
  }
  card.addEventListener("pointerleave", () => soon(closeUnused, CLOSE));
  card.addEventListener("focusout", () => soon(closeUnused, CLOSE));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !owner) return;
    if (card.contains(document.activeElement)) owner.focus({ preventScroll: true });
    close();
  });
  window.addEventListener("scroll", place, { passive: true, capture: true });
  window.addEventListener("resize", place);
})();
