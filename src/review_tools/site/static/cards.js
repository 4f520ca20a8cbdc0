// A small card beside a citation, on hover and on keyboard focus: what the work is and what was taken from it.
// The texts stand in the page as JSON and are only ever set as text.
"use strict";
(() => {
  const source = document.getElementById("review-cards");
  if (!source) return;
  const cards = JSON.parse(source.textContent);
  const OPEN = 180; // milliseconds: passing over a link shows nothing, and
  const CLOSE = 300; // the pointer has time to travel from the link to the card
  const LINES = ["label", "title", "status", "took", "uses", "known"];

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
    for (const name of LINES) {
      if (!entry[name]) continue;
      const line = document.createElement("span");
      line.className = `cite-card-${name}`;
      const struck = entry.struck && (name === "label" || name === "title") ? document.createElement("s") : line;
      struck.textContent = `${entry[name]} `;
      if (struck !== line) line.append(struck);
      words.append(line);
    }
    more.textContent = entry.more;
    more.setAttribute("href", entry.page);
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
    fill(cards[keyOf(link)]);
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

  for (const link of document.querySelectorAll('a[href*="#ref-"], a.seed-unidentified')) {
    if (!Object.hasOwn(cards, keyOf(link))) continue;
    link.classList.add("has-card");
    link.removeAttribute("title"); // the card says it, and more
    link.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && soon(() => open(link), OPEN));
    link.addEventListener("pointerleave", () => soon(closeUnused, CLOSE));
    link.addEventListener("focus", () => link.matches(":focus-visible") && open(link));
    link.addEventListener("blur", () => soon(closeUnused, CLOSE));
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
