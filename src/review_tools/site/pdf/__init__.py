"""The whole review as one PDF, printed by headless Chromium from the chapters of the built site.

Why Chromium and not LaTeX: the chapters' tables and figures exist as HTML and SVG only, with their escaping
tested there. A LaTeX build would need a second drawing of each table, with escaping of its own, and a TeX
installation of gigabytes; a browser is on most machines, and what it prints is what readers know from the site.
"""
