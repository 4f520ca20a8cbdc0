// A page opened from a folder may not read other pages, so there the search lists what it found without an excerpt.
"use strict";
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
