// The search page: finds pages by what they are called, by their titles and by their words, the pages of readers first.
// Sphinx's index of words and its stemmer do the looking up; both are asked for when somebody searches.
"use strict";
const Search = {};
(() => {
  const HERE = document.currentScript.src;
  const ROOT = document.documentElement.dataset.content_root;
  const MOST = 50;
  // Words of questions, not of answers; the stop words of Sphinx's index come on top.
  const ASKED = new Set("a an am any are can could do does did get give how i in is it me my of on or should the there to was what when where which who why will with work works".split(" "));
  const FIRST = { "Disease page": 3, Chapter: 2, Page: 1, Study: 1, Trial: 1, Version: 0.3 }; // what readers look for first
  const form = document.querySelector(".search-form");
  const list = document.getElementById("search-results");
  const count = document.querySelector(".search-count");
  let index, pages, asked;

  Search.setIndex = (held) => { index = held; };
  Search.setPages = (held) => { pages = Object.entries(held).map(([name, [kind, title, about, called]]) => (
    { name, kind, title, about, first: FIRST[kind.split(" of ")[0]] ?? 1, called: [title, ...called].map(plain), own: plain(`${title} ${name.split("/").at(-1)}`).split(" ") })); };

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/['’]s\b/g, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  const load = (src) => new Promise((onload, onerror) => document.head.append(Object.assign(document.createElement("script"), { src, onload, onerror })));
  const ready = () => asked ??= Promise.all([load(new URL("language_data.js", HERE)), load(new URL("search-pages.js", HERE)), load(`${ROOT}searchindex.js`)]);

  /** The pages that hold a word, as weights: one in a title counts more, the beginning of one less. */
  function holders(word) {
    const stem = new Stemmer().stemWord(word);
    const held = new Map();
    const add = (files, weight) => { for (const file of [files].flat()) held.set(index.docnames[file], Math.max(weight, held.get(index.docnames[file]) ?? 0)); };
    for (const [terms, weight] of [[index.terms, 1], [index.titleterms, 4]]) {
      if (Object.hasOwn(terms, stem)) add(terms[stem], weight);
      else for (const term of Object.keys(terms)) if (term.startsWith(word)) add(terms[term], weight / 2);
    }
    for (const { name, own } of pages) if (own.includes(word)) held.set(name, 6);
    return held;
  }

  function find(words) {
    const wanted = plain(words);
    const asks = wanted.split(" ").filter((word) => word && !ASKED.has(word));
    const terms = [...new Set(asks.length ? asks : wanted.split(" "))].filter(Boolean).map((word) => {
      const held = holders(word);
      return { held, rare: Math.log(1 + pages.length / (1 + held.size)) };
    });
    const whole = terms.reduce((sum, { rare }) => sum + rare, 0) || 1;
    return pages.map((page) => {
      let found = 0, score = 0;
      for (const { held, rare } of terms) if (held.has(page.name)) found += rare, score += rare * held.get(page.name);
      const names = page.called.filter((name) => ` ${wanted} `.includes(` ${name} `)).map((name) => name.length);
      const starts = !names.length && page.called.some((name) => wanted.length > 1 && name.startsWith(wanted));
      score *= (found / whole) ** 2 * page.first;
      return { page, score: score + (names.length ? 100 + Math.max(...names) : starts ? 20 * page.first : 0) * (page.first > 1 ? 1 : 0.5) };
    }).filter(({ score }) => score > 0.3).sort((one, other) => other.score - one.score || one.page.title.localeCompare(other.page.title));
  }

  const make = (name, className, textContent) => Object.assign(document.createElement(name), { className, textContent });

  async function search() {
    const words = form.q.value;
    if (plain(words).length < 2) { list.replaceChildren(); count.textContent = ""; return; }
    try { await ready(); } catch { count.textContent = "The index of the search could not be read."; return; }
    if (form.q.value !== words) return; // typed on meanwhile
    const found = find(words);
    list.dataset.words = words;
    count.textContent = found.length ? `${found.length} ${found.length === 1 ? "page" : "pages"}${found.length > MOST ? `, the first ${MOST} shown` : ""}` : "Nothing found. Fewer or other words may find more.";
    list.replaceChildren(...found.slice(0, MOST).map(({ page }) => {
      const item = document.createElement("li");
      item.append(Object.assign(make("a", "", page.title), { href: `${ROOT}${page.name}.html` }), " ", make("span", "search-kind", page.kind), make("p", "", page.about));
      return item;
    }));
  }

  form.q.value = new URLSearchParams(location.search).get("q") ?? "";
  form.q.addEventListener("input", search);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `?${new URLSearchParams({ q: form.q.value })}`);
    search();
  });
  search();
})();
