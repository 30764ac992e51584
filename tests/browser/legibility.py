"""Whether a page can be read: contrast, names, nothing over another, links told by more than their colour."""

import os
from pathlib import Path

from playwright.sync_api import Page, expect

PICTURES = os.environ.get("CUNHUI_PHONE_PICTURES", "")
"""A folder for screenshots, for whoever wants to look at the pages."""

CONTRAST = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest("script,style,datalist,option")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 7) poor.set(`${element.tagName}.${element.className}`, ratio.toFixed(2));
  }
  return Object.fromEntries(poor);
}"""
"""WCAG 2.2, 1.4.6: every visible text against the nearest opaque ground behind it."""

NAMELESS = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, img")]
  .filter(e => e.checkVisibility())
  .filter(e => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim() || e.hasAttribute("alt")
    || e.querySelector("img[alt]:not([alt=''])")))
  .map(e => e.outerHTML.slice(0, 120))"""
"""Controls and pictures without a name that a screen reader could say (WCAG 2.2, 4.1.2)."""

READABLE = """() => {
  const seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.textContent.trim() || element.closest("script,style,option,.visually-hidden,.skip,thead")) continue;
    if (!element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) seen.push({ text: node.textContent.trim(), box, element });
  }
  const controls = [...document.querySelectorAll("input:not([type=hidden]),select,button,img")];
  for (const element of controls.filter(control => control.checkVisibility()))
    seen.push({ text: element.outerHTML.slice(0, 60), box: element.getBoundingClientRect(), element });
  const over = [];
  for (const [place, a] of seen.entries())
    for (const b of seen.slice(place + 1)) {
      if (a.element.contains(b.element) || b.element.contains(a.element)) continue;
      const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (wide > 2 && high > 4) over.push(`${a.text} / ${b.text}`);
    }
  return over;
}"""
"""Texts and controls of which one lies over another. Lines may touch: their boxes are higher than letters."""

BY_COLOUR_ALONE = """() => {
  const blockOf = node => {
    let at = node.parentElement;
    while (getComputedStyle(at).display.startsWith("inline")) at = at.parentElement;
    return at;
  };
  const others = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.textContent.trim()) continue;
    if (node.parentElement.closest("a,button,script,style,label,.visually-hidden")) continue;
    const block = blockOf(node);
    others.set(block, (others.get(block) ?? "") + node.textContent.trim());
  }
  return [...document.querySelectorAll("main a")]
    .filter(link => link.checkVisibility() && getComputedStyle(link).display === "inline")
    .filter(link => others.has(blockOf(link)) && !getComputedStyle(link).textDecorationLine.includes("underline"))
    .map(link => `${link.textContent} in ${others.get(blockOf(link))}`);
}"""
"""Links in a block of text that are not underlined (axe-core's rule link-in-text-block)."""


def stands_well(page: Page) -> None:
    page.wait_for_load_state("load")  # with its style sheet
    beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert (beyond, page.evaluate(CONTRAST), page.evaluate(NAMELESS)) == (0, {}, [])


def reads_well(page: Page) -> None:
    stands_well(page)
    assert page.evaluate(READABLE) == []
    assert page.evaluate(BY_COLOUR_ALONE) == []


def reads_well_on_a_telephone(page: Page) -> None:
    """Check that everything on a page of the front door can be read."""
    expect(page.locator("html")).to_have_css("font-size", "18px")  # so its style sheet is there
    assert page.evaluate(READABLE) == []
    assert page.evaluate(BY_COLOUR_ALONE) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    smallest = (
        "Math.min(...[...document.querySelectorAll('main *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert page.evaluate(smallest) >= 17, "people over 55 read this"


def looked_at(page: Page, name: str) -> None:
    """Check that a page reads well, and keep a picture of it if a person wants one.

    Args:
        name: Of the picture; the page's width is added.
    """
    reads_well(page)
    if PICTURES:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
