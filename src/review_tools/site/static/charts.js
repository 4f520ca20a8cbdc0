// Draws each chart again with Vega, so that it answers to the pointer; the static picture, which is whole, stays until
// then. The library outweighs the page, so it is asked for when a reader points at a chart or tabs to it, or once
// the reader has done anything and a chart comes into view, or when a script sends "chart-wanted" to the figure.
// Colours of text, grid and tooltips come from review.css, so they follow the theme switch by themselves.
// Other scripts find the drawing of a figure as `figure.chart` ({view, spec}) after its event "chart-live".
"use strict";
(() => {
  const { src: HERE, dataset: { library: LIBRARY } } = document.currentScript;
  const SIGNS = ["pointermove", "pointerdown", "touchstart", "wheel", "keydown"]; // of somebody who reads
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
    const { spec } = figure.chart;
    const linked = holder.getAttribute("role") === "group";
    const target = document.createElement("div");
    target.className = "chart-live";
    if (!linked) target.setAttribute("aria-hidden", "true"); // its name stands around it, its rows in the table below
    else target.addEventListener("click", (event) => { if (event.target.closest("a")) event.stopPropagation(); }, true); // else Vega follows it too
    holder.append(target);
    try {
      // "ast": expressions are interpreted, so that a content security policy may forbid eval.
      const [sized, fit] = fluid(structuredClone(spec), holder); // Vega marks the rows it is given as its own
      const options = { ...fit, renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true }, loader: { target: "_self" } };
      const { view } = await vegaEmbed(target, sized, options);
      figure.chart.view = view;
      if (linked) link(target);
      const focus = picture.contains(document.activeElement) ? document.activeElement.href.baseVal : "";
      holder.style.minHeight = `${picture.getBoundingClientRect().height}px`; // nothing below moves
      picture.remove();
      // The holder is watched, not the window: it also changes with the sidebar, and at times after the window.
      if (fit.patch) new ResizeObserver(() => { view.signal("width", holder.clientWidth).run(); if (linked) link(target); }).observe(holder);
      figure.classList.add("is-live");
      if (focus) [...target.querySelectorAll("a")].find((anchor) => anchor.href.baseVal === focus)?.focus();
      figure.dispatchEvent(new Event("chart-live"));
    } catch (error) {
      target.remove(); // the static picture remains
      console.error(`Chart “${title(figure)}”:`, error);
    }
  }

  /** Vega follows the address of a mark on a click alone; a link around it is there for the keyboard too. */
  function link(target) {
    for (const mark of target.querySelectorAll("path, text")) {
      const { href } = mark.__data__ ?? {};
      if (!href || mark.parentNode.localName === "a") continue;
      if (mark.localName === "text") mark.style.pointerEvents = "none"; // what it stands on is the link
      else {
        const anchor = document.createElementNS(SVG, "a");
        anchor.setAttribute("href", href);
        mark.replaceWith(anchor);
        anchor.append(mark);
      }
    }
  }

  // What pops up under the pointer can be put away from the keyboard.
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.getElementById("vg-tooltip-element")?.classList.remove("visible");
  });

  /** Vega, Vega-Lite and Vega-Embed, asked for once; it measures words with a font that is loaded, or with another. */
  let asked;
  const library = () => asked ??= Promise.allSettled([
    ...["400", "600"].map((weight) => document.fonts.load(`${weight} 12px "Review Sans"`)),
    new Promise((onload, onerror) => { document.head.append(Object.assign(document.createElement("script"), { src: new URL(LIBRARY, HERE), onload, onerror })); }),
  ]);

  let last = Promise.resolve(); // one after the other, so that the page answers in between
  function want(figure) {
    figure.chart.drawn ??= last = Promise.all([last, library()]).then(() => draw(figure));
    return figure.chart.drawn;
  }

  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) want(target);
  });
  const figures = [...document.querySelectorAll("figure.chart")];
  for (const figure of figures) {
    const text = figure.querySelector(".chart-spec");
    figure.chart = { get spec() { return this.read ??= JSON.parse(text.textContent); } };
    for (const sign of ["pointerover", "focusin", "touchstart", "chart-wanted"]) {
      figure.addEventListener(sign, () => want(figure), { once: true, passive: true });
    }
  }
  const begin = () => { for (const figure of figures) seen.observe(figure); };
  const once = new AbortController();
  for (const sign of SIGNS) addEventListener(sign, () => { once.abort(); begin(); }, { signal: once.signal, passive: true });
})();
