// The explorer: what is chosen stands in the address (#cell=Treg&mediator=PD-L1); map, count and list follow it.
"use strict";
(() => {
  const form = document.querySelector("form.explorer");
  const figure = document.querySelector("figure.chart-wide");
  if (!form || !figure) return;
  const findings = JSON.parse(form.querySelector(".explorer-data").textContent);
  const selects = [...form.querySelectorAll("select")];
  const rows = new Map(findings.map(({ id }) => [id, document.getElementById(`finding-${id}`)]));
  const says = figure.querySelector(".chart-says");
  const whole = says.textContent;
  const MOST = Number(form.dataset.most);
  const THICKEST = 3.5, INK = 120; // pixels: of one line; of all lines when there are few

  const plural = (number, one, many) => `${number} ${number === 1 ? one : many}`;
  const chosen = (except) => findings.filter((finding) =>
    selects.every((select) => select === except || !select.value || finding[select.name].includes(select.value)));

  /** The address is the state: a value that the data do not hold counts as none. */
  function read() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    for (const select of selects) {
      const value = wanted.get(select.name);
      select.value = [...select.options].some((option) => option.value === value) ? value : "";
    }
    show();
  }

  /** What is chosen, as the address says it; or what would be if one select were changed. */
  function state(changed, value) {
    const pairs = selects.map((select) => [select.name, select === changed ? value : select.value]);
    return new URLSearchParams(pairs.filter(([, held]) => held)).toString();
  }

  function write() {
    const address = new URL(location.href);
    address.hash = state();
    history.pushState(null, "", address);
    show();
  }

  function show() {
    const held = chosen();
    const ids = new Set(held.map(({ id }) => id));
    const count = `${plural(held.length, "finding", "findings")} from ${plural(new Set(held.map(({ study }) => study)).size, "study", "studies")}`;
    const part = held.length < findings.length;
    form.querySelector(".explorer-count").textContent = part ? `${count} (of ${findings.length} findings)` : count;
    for (const [id, row] of rows) if (row) row.hidden = !ids.has(id);
    [...rows.values()].find(Boolean)?.closest("table").dispatchEvent(new Event("rows-chosen"));
    for (const select of selects) {
      const others = chosen(select);
      for (const option of select.options) {
        if (!option.value) continue;
        const number = others.filter((finding) => finding[select.name].includes(option.value)).length;
        option.textContent = `${option.dataset.words} (${number})`;
        option.disabled = !number && option.value !== select.value;
        option.number = number;
      }
      rank(select);
    }
    says.textContent = part ? `The map shows ${count}, chosen above; pale boxes hold none of them.` : whole;
    figure.querySelector(".chart-view").setAttribute("aria-label", `${figure.querySelector(".chart-title").textContent}. ${says.textContent}`);
    if (figure.chart?.view) drawMap(figure.chart, ids);
    else if (part) figure.dispatchEvent(new Event("chart-wanted"));
  }

  /** The bars of one select: its commonest options, each a link that chooses it or takes it back. */
  function rank(select) {
    const list = form.querySelector(`ol[data-of="${select.name}"]`);
    const [model] = list?.children ?? [];
    if (!model) return;
    const most = [...select.options].filter((option) => option.number).sort((a, b) => b.number - a.number).slice(0, MOST);
    const bars = most.map((option) => {
      const bar = model.cloneNode(true);
      const link = bar.querySelector("a");
      const here = option.value === select.value;
      link.setAttribute("href", `#${state(select, here ? "" : option.value)}`);
      link.toggleAttribute("aria-current", here);
      link.querySelector("span").textContent = option.dataset.words;
      link.querySelector("i").style.setProperty("--part", `${(100 * option.number) / most[0].number}%`);
      link.querySelector("b").textContent = option.number;
      return bar;
    });
    if (bars.length) list.replaceChildren(...bars);
  }

  /** The same drawing with the lines of the chosen findings only, and the boxes counted again in their places. */
  function drawMap({ view, spec }, ids) {
    const { paths, boxes } = spec.datasets;
    const kept = paths.filter((path) => ids.has(path.finding_id));
    const thick = kept.length < paths.length ? Math.min(THICKEST, Math.max(spec.thick, INK / kept.length)) : spec.thick;
    const counted = boxes.map((box) => {
      const here = kept.filter((path) => path[`${box.stage}_box`] === box.box);
      const numbers = new Set(here.map((path) => path.finding_id)).size;
      const studies = [...new Set(here.map((path) => path.study))].sort();
      const more = studies.length > MOST ? `; and ${studies.length - MOST} more` : "";
      const linked = new Set(here.flatMap((path) => boxes.map((other) => path[`${other.stage}_box`])));
      return { ...box, findings: numbers, label: box.stem + numbers, studies: studies.slice(0, MOST).join("; ") + more, linked: [...linked] };
    });
    view.data("paths", structuredClone(kept)).data("boxes", structuredClone(counted)).signal("thick", thick).run();
    retell(counted);
  }

  /** The table under the map and its CSV file hold what the map shows. */
  function retell(boxes) {
    const table = figure.querySelector(".chart-rows table");
    const columns = figure.chart.spec.usermeta.table.fields.map(([name]) => name);
    figure.chart.rows = boxes.filter((box) => box.findings);
    boxes.forEach((box, place) => {
      const row = table.tBodies[0].rows[place];
      row.hidden = !box.findings;
      columns.forEach((name, column) => { row.cells[column].textContent = box[name]; });
    });
    figure.querySelector(".chart-data > summary").textContent = `View data (${plural(figure.chart.rows.length, "row", "rows")})`;
  }

  /** A click on a box chooses it, a second one takes it back. The selects do the same for the keyboard. */
  function choose(event, item) {
    const { stage, name } = item?.datum ?? {};
    const select = stage && selects.find((each) => each.dataset.stage === stage);
    if (!select) return;
    const value = [name, name.split(" · ")[0]].find((each) => [...select.options].some((option) => option.value === each));
    if (value === undefined) return; // “other” holds several
    select.value = select.value === value ? "" : value;
    write();
  }

  function live() {
    figure.classList.add("explorer-map");
    figure.chart.spec.thick = figure.chart.view.signal("thick");
    figure.chart.view.addEventListener("click", choose);
    show();
  }

  form.querySelector("fieldset").disabled = false;
  form.addEventListener("change", write);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault(); // it would restore the first options after this has run
    for (const select of selects) select.value = "";
    write();
  });
  addEventListener("popstate", read); // the back button, and an address changed by hand
  if (figure.chart?.view) live();
  else figure.addEventListener("chart-live", live, { once: true });
  read();
})();
