// Draws each chart again with Vega, so that it answers to the pointer; the static picture stays until then.
// Colours of text, grid and tooltips come from review.css, so they follow the theme switch by themselves.
// Other scripts find the drawing of a figure as `figure.chart` ({view, spec}) after its event "chart-live";
// rows that they put there as `rows` are those of the CSV file.
"use strict";
(() => {
  const LOOK = { "font-family": "'Review Sans', system-ui, sans-serif", "font-size": "15", "font-weight": "600", fill: "#1f2d3d" };
  const HEAD = 34; // pixels above a saved picture, for its title
  const SHARP = 2; // pixels of a PNG for each pixel of the page
  const FONTS = new URL("fonts/", document.currentScript.src);
  const SVG = "http://www.w3.org/2000/svg";

  const title = (figure) => figure.querySelector(".chart-title").textContent;

  /** Charts as wide as the page: Vega-Lite gets some width and no wish to fit, else it warns of rows of fixed height. */
  function fluid(spec, holder) {
    const patch = (vega) => ({ ...vega, width: holder.clientWidth, autosize: { type: "fit-x", contains: "padding" } });
    return spec.width === "container" ? [{ ...spec, width: 500, autosize: "pad" }, { patch }] : [spec, {}];
  }

  async function draw(figure) {
    const holder = figure.querySelector(".chart-view");
    const picture = holder.querySelector("svg");
    const spec = figure.chart.spec;
    const target = document.createElement("div");
    target.className = "chart-live";
    target.setAttribute("aria-hidden", "true"); // its name stands around it, its rows in the table below
    holder.append(target);
    try {
      // "ast": expressions are interpreted, so that a content security policy may forbid eval.
      const [sized, fit] = fluid(structuredClone(spec), holder); // Vega marks the rows it is given as its own
      const options = { ...fit, renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true }, loader: { target: "_self" } };
      const { view } = await vegaEmbed(target, sized, options);
      holder.style.minHeight = `${picture.getBoundingClientRect().height}px`; // nothing below moves
      picture.remove();
      holder.setAttribute("role", "img"); // the links of the still picture are gone; those in the table remain
      figure.chart.view = view;
      // The holder is watched, not the window: it also changes with the sidebar, and at times after the window.
      if (fit.patch) new ResizeObserver(() => view.signal("width", holder.clientWidth).run()).observe(holder);
      figure.classList.add("is-live");
      figure.dispatchEvent(new Event("chart-live"));
    } catch (error) {
      target.remove(); // the static picture remains
      console.error(`Chart “${title(figure)}”:`, error);
    }
  }

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

  /** The drawing as it stands, in the colours of a white page, with its title. */
  async function svg(figure) {
    const { view } = figure.chart;
    const text = view ? await view.toSVG() : figure.querySelector(".chart-view > svg").outerHTML;
    const drawing = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    const [width, height] = ["width", "height"].map((side) => Math.ceil(parseFloat(drawing.getAttribute(side))));
    const make = (name, attributes, words = "") => {
      const element = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      element.textContent = words;
      return element;
    };
    const page = make("svg", { width, height: height + HEAD, viewBox: `0 0 ${width} ${height + HEAD}` });
    const heading = make("text", { x: 4, y: 21, ...LOOK }, title(figure));
    drawing.setAttribute("y", HEAD);
    page.append(make("style", {}, await font()), make("title", {}, title(figure)), make("desc", {}, figure.querySelector(".chart-says").textContent),
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

  function csv(figure) {
    const { spec } = figure.chart;
    const { data, fields } = spec.usermeta.table;
    const held = figure.chart.rows ?? spec.datasets[data];
    const rows = held.map((row) => fields.map(([name]) => cell(row[name])).join(","));
    return ["\ufeff" + fields.map(([, words]) => cell(words)).join(","), ...new Set(rows), ""].join("\r\n");
  }

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

  // What pops up under the pointer can be put away from the keyboard.
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.getElementById("vg-tooltip-element")?.classList.remove("visible");
  });

  const figures = [...document.querySelectorAll("figure.chart")];
  for (const figure of figures) {
    figure.chart = { spec: JSON.parse(figure.querySelector(".chart-spec").textContent) };
    for (const button of figure.querySelectorAll("[data-save]")) {
      button.hidden = false;
      button.addEventListener("click", () => save(figure, button.dataset.save));
    }
  }
  // Vega measures its words with a font that is loaded, or with another.
  const fonts = Promise.allSettled(["400", "600"].map((weight) => document.fonts.load(`${weight} 12px "Review Sans"`)));
  (async () => { await fonts; for (const figure of figures) await draw(figure); })();
})();
