// Draws each chart again with Vega, so that it answers to the pointer. The static picture stays until then.
"use strict";
(async () => {
  const theme = () => document.documentElement.dataset.theme;
  for (const figure of document.querySelectorAll("figure.chart")) {
    const view = figure.querySelector(".chart-view");
    const spec = JSON.parse(figure.querySelector(".chart-spec").textContent);
    const target = document.createElement("div");
    target.className = "chart-live";
    view.append(target);
    try {
      await vegaEmbed(target, spec, { renderer: "svg", actions: false, tooltip: { theme: theme() === "dark" ? "dark" : "light" } });
      view.querySelector(":scope > svg")?.remove();
      figure.classList.add("is-live");
    } catch (error) {
      target.remove(); // the static picture remains
      console.error(`Chart “${figure.querySelector(".chart-title").textContent}”:`, error);
    }
  }
})();
