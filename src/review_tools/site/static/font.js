// Asks for the font while the styles are still on their way, so that it is there when the page is first laid out.
// A link in the page would do the same, but is an error in a copy that is opened from a folder.
"use strict";
if (location.protocol !== "file:") {
  for (const face of ["Regular", "SemiBold"]) {
    const href = new URL(`fonts/ReviewSans-${face}.woff2`, document.currentScript.src);
    document.head.append(Object.assign(document.createElement("link"), { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href }));
  }
}
