// Saves a figure as a CSV table, an SVG drawing or a PNG picture: charts of Vega, and tables with drawings in them.
// Rows that other scripts put at a chart as `figure.chart.rows` are those of its CSV file.
"use strict";
(() => {
  const LOOK = { "font-family": "'Review Sans', system-ui, sans-serif", "font-size": "15", "font-weight": "600", fill: "#1f2d3d" };
  const HEAD = 34; // pixels above a saved picture, for its title
  const SHARP = 2; // pixels of a PNG for each pixel of the page
  const FONTS = new URL("fonts/", document.currentScript.src);
  const SVG = "http://www.w3.org/2000/svg";

  const title = (figure) => figure.querySelector(".chart-title").textContent;

  /** The site's font, to stand inside a picture, which sees no font of its page; nothing where files cannot be read. */
  async function font() {
    const faces = [["Regular", "100 500"], ["SemiBold", "600 900"]].map(async ([face, weight]) => {
      const file = await (await fetch(new URL(`ReviewSans-${face}.woff2`, FONTS))).blob();
      const reader = new FileReader();
      const read = new Promise((done) => reader.addEventListener("load", done));
      reader.readAsDataURL(file);
      await read;
      return `@font-face { font-family: "Review Sans"; font-weight: ${weight}; src: url("${reader.result}"); }`;
    });
    return Promise.all(faces).then((rules) => rules.join("\n"), () => "");
  }

  function make(name, attributes, words = "") {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = words;
    return element;
  }

  /** A table with drawings in it as one drawing: each line of its words, and each drawing, where it stands now. */
  function drawn(table) {
    const page = table.getBoundingClientRect();
    const place = ({ left, top, width, height }) => ({ x: left - page.left, y: top - page.top, width, height });
    const whole = make("svg", { width: page.width, height: page.height });
    const write = (parent, words, box) => {
      const { fontSize, fontWeight, fontFamily } = getComputedStyle(parent);
      const { x, y } = place(box);
      const look = { "font-size": fontSize, "font-weight": fontWeight, "font-family": fontFamily, fill: LOOK.fill };
      whole.append(make("text", { x, y: y + 0.96 * parseFloat(fontSize), ...look }, words));
    };
    const stacked = !table.tHead.offsetHeight; // on a phone headings stand before each figure, by the style sheet
    const parts = document.createTreeWalker(table, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
      node.parentNode.closest("svg") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    while (parts.nextNode()) {
      const node = parts.currentNode;
      if (node.localName === "svg") {
        const copy = node.cloneNode(true);
        for (const [name, value] of Object.entries(place(node.getBoundingClientRect()))) copy.setAttribute(name, value);
        copy.setAttribute("overflow", "visible");
        copy.setAttribute("font-family", LOOK["font-family"]);
        whole.append(copy);
      } else if (node.nodeType === Node.TEXT_NODE) {
        for (const [words, box] of wordsOf(node)) write(node.parentNode, words, box);
      } else if (stacked && node.dataset.label && node.offsetHeight) {
        write(node, node.dataset.label, node.getBoundingClientRect());
      }
    }
    return whole;
  }

  /** The words of a text that are to be seen, with the box of each. */
  function* wordsOf(node) {
    const range = document.createRange();
    for (const { 0: words, index } of node.textContent.matchAll(/\S+/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + words.length);
      const box = range.getBoundingClientRect();
      if (box.width) yield [words, box];
    }
  }

  async function drawingOf(figure) {
    if (!figure.chart) return drawn(figure.querySelector("table"));
    const { view } = figure.chart;
    const text = view ? await view.toSVG() : figure.querySelector(".chart-view > svg").outerHTML;
    return new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  }

  /** The drawing as it stands, in the colours of a white page, with its title. */
  async function svg(figure) {
    const drawing = await drawingOf(figure);
    const [width, height] = ["width", "height"].map((side) => Math.ceil(parseFloat(drawing.getAttribute(side))));
    const page = make("svg", { width, height: height + HEAD, viewBox: `0 0 ${width} ${height + HEAD}` });
    const heading = make("text", { x: 4, y: 21, ...LOOK }, title(figure));
    drawing.setAttribute("y", HEAD);
    page.append(make("style", {}, await font()), make("title", {}, title(figure)), make("desc", {}, figure.querySelector(".chart-says")?.textContent ?? ""),
      make("rect", { width: "100%", height: "100%", fill: "#ffffff" }), heading, drawing);
    // A title wider than the picture is pressed together rather than cut.
    if (title(figure).length * 8 > width) heading.setAttribute("textLength", width - 8), heading.setAttribute("lengthAdjust", "spacingAndGlyphs");
    return { width, height: height + HEAD, text: new XMLSerializer().serializeToString(page) };
  }

  async function png(figure) {
    const { width, height, text } = await svg(figure);
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: width * SHARP, height: height * SHARP });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  }

  // A spreadsheet would run a cell that starts like a formula: an apostrophe makes it text.
  const harmless = (value) => (typeof value === "string" && /^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${value}` : value);
  const cell = (value) => `"${String(harmless(value) ?? "").replaceAll('"', '""')}"`;

  /** The cells of a table's row as text, but for the plot; a drawing is read by its name. */
  const told = (row) => [...row.cells].filter((part) => !part.matches(".forest-plot")).flatMap((part) =>
    [part.querySelector("[aria-label]")?.ariaLabel ?? part.innerText.trim().replace(/\s+/g, " "), ...Array(part.colSpan - 1).fill("")]);

  function rowsOf(figure) {
    if (!figure.chart) return [...figure.querySelectorAll("tr:not([aria-hidden])")].map(told);
    const { data, fields } = figure.chart.spec.usermeta.table;
    const held = figure.chart.rows ?? figure.chart.spec.datasets[data];
    return [fields.map(([, words]) => words), ...held.map((row) => fields.map(([name]) => row[name]))];
  }

  const csv = (figure) => ["\ufeff" + [...new Set(rowsOf(figure).map((row) => row.map(cell).join(",")))].join("\r\n"), ""].join("\r\n");

  const MAKE = {
    csv: (figure) => new Blob([csv(figure)], { type: "text/csv;charset=utf-8" }),
    svg: async (figure) => new Blob([(await svg(figure)).text], { type: "image/svg+xml;charset=utf-8" }),
    png,
  };

  async function save(figure, form) {
    const address = URL.createObjectURL(await MAKE[form](figure));
    Object.assign(document.createElement("a"), { href: address, download: `${figure.id}.${form}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  for (const button of document.querySelectorAll("figure [data-save]")) {
    button.hidden = false;
    button.addEventListener("click", () => save(button.closest("figure"), button.dataset.save));
  }
})();
