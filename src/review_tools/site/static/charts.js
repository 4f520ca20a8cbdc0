// Draws each chart again with Vega, so that it answers to the pointer; the static picture stays until then.
// Colours of text, grid and tooltips come from review.css, so they follow the theme switch by themselves.
// Other scripts find the drawing of a figure as `figure.chart` ({view, spec}) after its event "chart-live".
"use strict";
(() => {
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

  // What pops up under the pointer can be put away from the keyboard.
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.getElementById("vg-tooltip-element")?.classList.remove("visible");
  });

  const figures = [...document.querySelectorAll("figure.chart")];
  for (const figure of figures) {
    figure.chart = { spec: JSON.parse(figure.querySelector(".chart-spec").textContent) };
  }
  // Vega measures its words with a font that is loaded, or with another.
  const fonts = Promise.allSettled(["400", "600"].map((weight) => document.fonts.load(`${weight} 12px "Review Sans"`)));
  (async () => { await fonts; for (const figure of figures) await draw(figure); })();
})();
