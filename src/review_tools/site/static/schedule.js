// Whether the schedule of searches is kept, by the reader's clock: a page that nobody builds any more must say so itself.
"use strict";
for (const badge of document.querySelectorAll(".search-badge[data-due]")) {
  const DAY = 86400000;
  const GRACE = 3; // days between a search and the page that shows it
  const every = Number(badge.dataset.every);
  const late = Math.floor((Date.now() - Date.parse(badge.dataset.due)) / DAY);
  if (!Number.isFinite(late) || !(every > 0)) continue;
  const state = late <= GRACE ? "kept" : late <= 2 * every ? "late" : "missed";
  const since = `the next search was due on ${badge.dataset.due}, ${late} days ago`;
  badge.classList.add({ kept: "search-kept", late: "search-late", missed: "search-missed" }[state]); // whole names: see assets.py
  badge.textContent = { kept: "on schedule", late: `late: ${since}`, missed: `out of date: ${since}` }[state];
  badge.hidden = false;
}
