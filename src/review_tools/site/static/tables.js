// Gives large tables search, filters, sorting, a choice of columns, copy and download. The plain table stays what it is.
//
// The state of a table stands in the query of the address, so that a link opens the same view:
//   ?trials.phase=2&trials.search=lupus nephritis&trials.sort=-people&trials.hide=arms,sponsor#trial-NCT01539902
// `trials` is the table's name (data-table; a second one on the page is trials-2), the rest a filter's or column's key
// (a minus sorts downwards). A row named after # is always shown, whatever the filters are, and scrolled to.
"use strict";
(() => {
  const PHONE = matchMedia("(max-width: 700px)");
  const STEP = 8; // cards shown at a time on a phone
  const GREEK = { α: "alpha", β: "beta", γ: "gamma", δ: "delta", κ: "kappa", ζ: "zeta", µ: "mu", μ: "mu" };
  const letters = new Intl.Collator("en", { sensitivity: "base" });

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const button = (words, properties) => make("button", { type: "button", textContent: words, ...properties });
  const labelled = (words, control) => make("label", {}, make("span", { textContent: words }), control);
  const option = (value, words) => make("option", { value, textContent: words });
  const plain = (cell) => cell.textContent.trim().replace(/\s*\n\s*/g, "; ");
  // For searching: small letters without accents, Greek ones spelled out.
  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[α-ωµ]/g, (g) => GREEK[g] ?? g);

  const unfold = (element) => {
    for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  };

  // Numbers inside words sort as numbers: “20 (planned)” before “100”, “risk ratio 0.9” after “risk ratio 0.15”.
  const pieces = (text) => text.split(/((?:(?<![\w.)])[-−])?\d+(?:\.\d+)?)/);
  function compare(one, other) {
    const [left, right] = [pieces(one), pieces(other)];
    for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
      const order = i % 2 ? left[i].replace("−", "-") - right[i].replace("−", "-") : letters.compare(left[i], right[i]);
      if (order) return order;
    }
    return left.length - right.length;
  }

  // A spreadsheet would run a cell that starts like a formula: an apostrophe makes it text.
  const harmless = (text) => (/^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) ? `'${text}` : text);
  const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  class Table {
    constructor(table, name) {
      Object.assign(this, { table, name, body: table.tBodies[0], terms: [], sort: null, limit: STEP });
      this.columns = [...table.tHead.rows[0].cells].map((head, index) => ({ head, index, key: head.dataset.key, label: head.textContent, on: true }));
      this.filters = JSON.parse(table.dataset.filters).map((filter) => ({ ...filter, chosen: -1 }));
      this.rows = [...this.body.rows].map((row, index) => ({
        row, index, pinned: false,
        cells: [...row.cells].map(plain),
        search: folded(row.textContent),
        is: row.dataset.is === undefined ? [] : row.dataset.is.split(" ").map((places) => places.split(",").map(Number)),
      }));
      this.addTools();
      this.addSorting();
      this.read();
      table.addEventListener("rows-chosen", () => { this.limit = STEP; this.draw(); });
    }

    addTools() {
      this.search = make("input", { type: "search", autocomplete: "off", spellcheck: false });
      this.search.addEventListener("input", () => {
        clearTimeout(this.typing);
        this.typing = setTimeout(() => this.changed(), 150);
      });
      for (const filter of this.filters) {
        filter.select = make("select", { autocomplete: "off" }, option(-1, "all"), ...filter.values.map((value, i) => option(i, value)));
        filter.select.addEventListener("change", () => { filter.chosen = Number(filter.select.value); this.changed(); });
      }
      const directions = this.columns.filter((c) => c.label).flatMap((c) => [option(c.key, `${c.label}, upwards`), option(`-${c.key}`, `${c.label}, downwards`)]);
      this.order = make("select", { autocomplete: "off" }, option("", "as listed"), ...directions);
      this.order.addEventListener("change", () => { this.setSort(this.order.value); this.changed(); });
      this.chosen = make("summary");
      const filters = make("details", { className: "grid-filters", open: !PHONE.matches }, this.chosen,
        make("div", {}, ...this.filters.map((filter) => labelled(filter.label, filter.select)),
          Object.assign(labelled("Sort by", this.order), { className: "grid-order" })));

      // The first column names the row, so it stays.
      for (const column of this.columns.slice(1)) {
        column.box = make("input", { type: "checkbox", checked: true, autocomplete: "off" });
        column.box.addEventListener("change", () => { column.on = column.box.checked; this.changed(); });
      }
      const chooser = make("details", { className: "grid-columns" }, make("summary", { textContent: "Columns" }),
        make("fieldset", {}, make("legend", { textContent: "Columns to show" }),
          ...this.columns.slice(1).map((column) => make("label", {}, column.box, ` ${column.label}`))));
      chooser.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        chooser.open = false;
        chooser.firstChild.focus();
      });
      document.addEventListener("click", (event) => { if (!chooser.contains(event.target)) chooser.open = false; });

      const copy = button("Copy", { title: "Copy the rows shown" });
      copy.addEventListener("click", () => this.copy());
      const download = button("CSV", { title: "Download the rows shown as CSV" });
      download.addEventListener("click", () => this.download());
      this.clear = button("Clear", { className: "grid-clear", title: "Show all rows and columns as listed" });
      this.clear.addEventListener("click", () => { this.reset(); this.changed(); this.search.focus(); });
      this.count = make("span", { className: "grid-count" });
      this.count.setAttribute("role", "status"); // a polite live region
      const find = Object.assign(labelled("Search this table", this.search), { className: "grid-search" });
      const box = this.table.closest(".grid-box");
      const tools = box.querySelector(".grid-tools");
      tools.setAttribute("role", "group");
      tools.setAttribute("aria-label", `Tools for the table: ${this.table.caption.textContent}`);
      tools.append(make("div", { className: "grid-bar" }, find, chooser, copy, download), filters, make("div", { className: "grid-state" }, this.count, this.clear));
      this.more = button("", { className: "grid-more" });
      this.more.addEventListener("click", () => this.showMore());
      box.append(this.more);
      box.classList.add("is-live");
    }

    addSorting() {
      for (const column of this.columns.filter((c) => c.label)) {
        const arrow = make("span", { className: "grid-arrow" });
        arrow.setAttribute("aria-hidden", "true");
        const control = button(column.label, { className: "grid-sort" });
        control.append(arrow);
        control.addEventListener("click", () => {
          const now = this.sort?.column === column ? this.sort.down : null;
          this.setSort(now === null ? column.key : now ? "" : `-${column.key}`);
          this.changed();
        });
        column.head.replaceChildren(control);
      }
    }

    setSort(value) {
      const column = this.columns.find((c) => c.key === value.replace(/^-/, ""));
      this.sort = column ? { column, down: value.startsWith("-") } : null;
    }

    get sorted() {
      return this.sort ? (this.sort.down ? "-" : "") + this.sort.column.key : "";
    }

    reset() {
      this.search.value = "";
      this.sort = null;
      for (const filter of this.filters) filter.chosen = -1;
      for (const column of this.columns) column.on = true;
    }

    /** Takes the state from the address. A value the table does not know is said to be unknown, and ignored. */
    read() {
      const query = new URLSearchParams(location.search);
      const of = (key) => query.get(`${this.name}.${key}`) ?? "";
      this.search.value = of("search");
      this.setSort(of("sort"));
      const hidden = of("hide").split(",");
      for (const column of this.columns.slice(1)) column.on = !hidden.includes(column.key);
      const unknown = [];
      for (const filter of this.filters) {
        const wanted = of(filter.key).toLowerCase();
        filter.chosen = filter.values.findIndex((value) => value.toLowerCase() === wanted);
        if (wanted && filter.chosen < 0) unknown.push(`${filter.label} “${of(filter.key)}” does not occur here.`);
      }
      this.draw(unknown.join(" "));
    }

    /** The state as an address, without adding a step to the reader's history. */
    write() {
      const address = new URL(location.href);
      const query = [...address.searchParams].filter(([key]) => !key.startsWith(`${this.name}.`));
      const add = (key, value) => value && query.push([`${this.name}.${key}`, value]);
      for (const filter of this.filters) add(filter.key, filter.values[filter.chosen]);
      add("search", this.search.value.trim());
      add("sort", this.sorted);
      add("hide", this.columns.filter((column) => !column.on).map((column) => column.key).join(","));
      address.search = new URLSearchParams(query).toString();
      try {
        history.replaceState(history.state, "", address);
      } catch { /* some browsers refuse this for file://; the table works all the same */ }
    }

    changed() {
      this.limit = STEP;
      for (const item of this.rows) item.pinned = false;
      this.write();
      this.draw();
    }

    matches(item, except) {
      return !item.row.hidden // another script (the explorer) may leave rows out
        && this.terms.every((term) => item.search.includes(term))
        && this.filters.every((filter, i) => filter === except || filter.chosen < 0 || item.is[i].includes(filter.chosen));
    }

    draw(message = "") {
      this.terms = folded(this.search.value).split(/\s+/).filter(Boolean);
      this.arrange();
      this.shown = this.rows.filter((item) => this.matches(item) || item.pinned);
      const shown = new Set(this.shown);
      for (const item of this.rows) item.row.classList.toggle("grid-out", !shown.has(item));
      this.shown.forEach((item, place) => item.row.classList.toggle("grid-later", place >= this.limit && !item.pinned));
      for (const { index, on } of this.columns) {
        for (const row of [this.table.tHead.rows[0], ...this.body.rows]) row.cells[index].classList.toggle("grid-off", !on);
      }
      this.drawTools(message);
    }

    arrange() {
      const { column, down } = this.sort ?? {};
      const empty = (item) => ["", "not shown"].includes(item.cells[column.index]); // these stand last, whichever way
      const order = (one, other) => empty(one) - empty(other)
        || (down ? -1 : 1) * compare(one.cells[column.index], other.cells[column.index]);
      this.rows.sort((one, other) => (column && order(one, other)) || one.index - other.index);
      if (this.rows.some((item, place) => item.row !== this.body.rows[place])) this.body.append(...this.rows.map((item) => item.row));
      for (const { head } of this.columns) {
        if (head === column?.head) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      }
    }

    drawTools(message) {
      const [shown, all] = [this.shown.length, this.rows.length];
      this.count.textContent = message || (shown === all ? `All ${all} rows` : `${shown} of ${all} rows shown`);
      const set = this.filters.filter((filter) => filter.chosen >= 0).length;
      this.chosen.textContent = `${this.filters.length ? "Filter and sort" : "Sort"}${set ? ` (${set} set)` : ""}`;
      // Hidden but in its place, so that nothing moves.
      this.clear.classList.toggle("is-idle", !(set || this.terms.length || this.sort || this.columns.some((c) => !c.on)));
      this.order.value = this.sorted;
      for (const column of this.columns.slice(1)) column.box.checked = column.on;
      this.filters.forEach((filter, i) => {
        const counts = filter.values.map(() => 0);
        for (const item of this.rows) if (this.matches(item, filter)) for (const place of item.is[i]) counts[place] += 1;
        filter.values.forEach((value, place) => { filter.select.options[place + 1].textContent = `${value} (${counts[place]})`; });
        filter.select.value = filter.chosen;
        filter.select.classList.toggle("is-set", filter.chosen >= 0);
      });
      const left = shown - this.limit;
      this.more.hidden = left <= 0;
      this.more.textContent = `Show ${Math.min(STEP, left)} more (${left} left)`;
    }

    showMore() {
      const next = this.shown[this.limit].row;
      this.limit += STEP;
      this.draw();
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
    }

    /** What a reader sees, as rows of text; addresses outside this site stand in columns of their own. */
    lines() {
      const seen = this.columns.filter((column) => column.on);
      const links = (item, { index }) => [...item.row.cells[index].querySelectorAll("a[href^=http]")].map((a) => a.href).join("; ");
      const linked = seen.filter((column) => this.shown.some((item) => links(item, column)));
      return [
        [...seen.map((column) => column.label), ...linked.map((column) => `${column.label} (link)`)],
        ...this.shown.map((item) => [...seen.map(({ index }) => item.cells[index]), ...linked.map((column) => links(item, column))]),
      ].map((line) => line.map(harmless));
    }

    async copy() {
      const text = this.lines().map((line) => line.map((cell) => cell.replace(/\s+/g, " ")).join("\t")).join("\n");
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch { // refused, or not offered to pages without https
        const area = make("textarea", { value: text });
        this.clear.after(area);
        area.select();
        done = document.execCommand("copy");
        area.remove();
      }
      this.drawTools(done ? `Copied ${this.shown.length} rows` : "This browser did not allow copying");
    }

    download() {
      // The mark at the start tells spreadsheets that this is UTF-8.
      const text = "\ufeff" + this.lines().map((line) => line.map(quoted).join(",") + "\r\n").join("");
      const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
      make("a", { href: address, download: `${this.name}.csv` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
      this.drawTools(`Downloaded ${this.shown.length} rows`);
    }

    /** Shows one row whatever the filters are. */
    pin(row) {
      for (const item of this.rows) item.pinned = item.row === row;
      this.draw();
    }
  }

  // A table gets its tools when it comes near the screen, its fold open, or when the address names it or a row of it.
  const names = new Map();
  const tables = new Map();
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) setUp(target.querySelector("table"));
  }, { rootMargin: "50%" });
  function setUp(table) {
    near.unobserve(table.closest(".grid-box"));
    if (!tables.has(table)) tables.set(table, new Table(table, names.get(table)));
    return tables.get(table);
  }

  const counts = new Map();
  const asked = [...new URLSearchParams(location.search).keys()];
  for (const table of document.querySelectorAll("table[data-table]")) {
    const kind = table.dataset.table;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    names.set(table, counts.get(kind) > 1 ? `${kind}-${counts.get(kind)}` : kind);
    near.observe(table.closest(".grid-box"));
    if (!asked.some((key) => key.startsWith(`${names.get(table)}.`))) continue;
    unfold(table);
    setUp(table);
  }

  function reveal() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* taken as it stands */ }
    const target = document.getElementById(id);
    const table = target?.closest("table[data-table]");
    if (table && target.parentNode === table.tBodies[0]) setUp(table).pin(target);
    else if (!target?.closest("details:not([open])")) return;
    unfold(target);
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  // A link to the row the address already names changes nothing, so the browser tells nobody.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && link.hash.length > 1 && link.href === location.href) reveal();
  });
  reveal();
})();
