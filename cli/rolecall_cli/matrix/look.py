"""The one style and the one script of a matrix's page. The script hides, focuses and opens: all is there before it."""

from __future__ import annotations

from typing import Final

STYLE: Final = """\
:root { --yes: #116329; --yes-on: #dafbe1; --if: #633c01; --if-on: #fff1c2; --link: #0550ae; --focus: #0969da;
  --gain: #116329; --loss: #b3131f; --mark: #ddf4ff; }
@media (prefers-color-scheme: dark) {
  :root { --yes: #7ee2a0; --yes-on: #12351f; --if: #f2cc60; --if-on: #382d0c; --link: #79b8ff; --focus: #58a6ff;
    --gain: #7ee2a0; --loss: #ff8f8a; --mark: #123048; }
}
* { box-sizing: border-box; }
body { background: var(--paper); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; margin: 0 auto;
  max-width: 84rem; padding: 1.2rem 1.5rem 4rem; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 0; }
a { color: var(--link); }
code { background: var(--code); border-radius: .2rem; font-size: .92em; padding: .1em .3em; overflow-wrap: anywhere; }
small, caption, footer, ._of { color: var(--soft); font-size: .86rem; overflow-wrap: anywhere; }
._of { margin: .2rem 0 .8rem; }
#_tools:not([hidden]) { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin-bottom: .6rem; }
#_tools label { color: var(--soft); }
input, select, #_clear { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--soft);
  border-radius: .3rem; padding: .25rem .45rem; }
select { max-width: 16rem; }
#_find { width: 15rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem .4rem; list-style: none; margin: 0; padding: 0; }
nav a { display: block; border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .7rem;
  text-decoration: none; }
nav a:hover { background: var(--code); }
section { margin-top: 1.8rem; }
table { border-collapse: separate; border-spacing: 0; width: 100%; margin-top: .1rem; }
caption { text-align: left; padding-bottom: .4rem; }
caption > span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 2rem); }
th, td { border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; padding: 0; }
thead th { position: sticky; top: 0; z-index: 1; background: var(--paper); padding: .3rem .5rem;
  border-bottom: 2px solid var(--soft); }
thead th:first-child { width: 38%; }
tbody th { position: relative; font-weight: 400; padding: .32rem 2.2rem .32rem .5rem; }
td, tbody th { scroll-margin-top: 4rem; }
tbody tr:hover > * { background: var(--code); }
td { border-left: 1px solid var(--line); }
td > button { display: block; width: 100%; min-height: 2rem; padding: .32rem .5rem; border: 0; background: none;
  color: inherit; font: inherit; text-align: left; cursor: pointer; }
td > button:hover { text-decoration: underline; }
tbody td._yes, tbody tr:hover td._yes { background: var(--yes-on); color: var(--yes); }
tbody td._if, tbody tr:hover td._if { background: var(--if-on); color: var(--if); }
td._no { color: var(--soft); }
td._gained > button { box-shadow: inset 4px 0 var(--gain); }
td._lost > button { box-shadow: inset 4px 0 var(--loss); }
td._both > button { box-shadow: inset 4px 0 var(--gain), inset -4px 0 var(--loss); }
._moved { font-weight: 700; white-space: nowrap; }
tr[hidden], [data-p][hidden], section[hidden] { display: none; }
body:not(:has(#_sums:checked)) tr._sum:not(:has(:target)) { display: none; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: -3px; }
a:focus-visible, input:focus-visible, select:focus-visible { outline-offset: 1px; }
td:target, th:target, li:target { outline: 3px solid var(--focus); outline-offset: -3px; }
li:target { background: var(--mark); }
td._found { outline: 2px dashed var(--focus); outline-offset: -3px; }
._who { position: absolute; top: .3rem; right: .3rem; width: 1.7rem; height: 1.7rem; border: 0; background: none;
  color: var(--soft); cursor: pointer; font: italic 700 .8rem/1 serif; padding: 0; }
._who > [aria-hidden] { display: inline-block; width: 1.15rem; height: 1.15rem; line-height: 1.05rem;
  border: 1px solid currentcolor; border-radius: 50%; }
._who:hover { color: var(--link); }
[popover] { background: var(--paper); color: var(--ink); border: 1px solid var(--soft); border-radius: .5rem;
  box-shadow: 0 .5rem 2rem #0005; max-width: min(34rem, 94vw); max-height: 80vh; overflow: auto; padding: .4rem .9rem;
  font-size: .95rem; text-align: left; white-space: normal; }
@supports (position-area: bottom) {
  [popover] { inset: auto; margin: .3rem; position-area: block-end span-inline-end;
    position-try-fallbacks: flip-block, flip-inline, flip-block flip-inline; }
}
[popover] p { margin: .45rem 0; }
[popover] ul { margin: .4rem 0; padding-left: 1.1rem; }
[popover] li { margin: .35rem 0; }
#_rules li { margin: .3rem 0; }
._link { font-size: .86rem; }
._vh { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
._skip { position: absolute; left: -99rem; background: var(--paper); padding: .5rem 1rem; z-index: 2; }
._skip:focus { left: .5rem; }
._paper { display: none; }
footer { margin-top: 2rem; }
@media (max-width: 44rem) {
  body { padding: 1rem .8rem 3rem; }
  ._wide { overflow-x: auto; margin: 0 -.8rem; padding: 0 .8rem; }
  tbody th { position: sticky; left: 0; background: var(--paper); min-width: 9rem; max-width: 40vw; z-index: 1;
    box-shadow: 1px 0 var(--line); }
  thead th { position: static; }
  thead th:first-child { width: auto; }
  td > button { min-width: 6.5rem; min-height: 2.75rem; }
  ._who { position: static; display: block; }
  tbody th { padding-right: .5rem; }
  [popover] { position-area: none; inset: auto .5rem .5rem; margin: 0; width: auto; max-width: none; max-height: 60vh; }
  #_find { width: 100%; }
  #_tools label:has(#_find) { width: 100%; }
}
@media print {
  @page { margin: 1.2cm; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  #_tools, #_tools:not([hidden]), nav, ._skip, ._who, p:has(#_sums), [popover] { display: none !important; }
  ._paper { display: inline; color: var(--soft); font-size: .85em; }
  thead th { position: static; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  section { margin-top: 1.1rem; }
  td, tbody th { padding: .15rem .35rem; }
  td > button { display: inline; min-height: 0; padding: 0; width: auto; box-shadow: none !important; }
  tbody td._yes, tbody td._if { font-weight: 700; background: none; color: #000; }
  tr:hover > * { background: none; }
  tbody th { padding-right: .35rem; }
  :focus-visible, :target, td._found { outline: none !important; }
}
"""

SCRIPT: Final = """\
"use strict";
const get = (id) => document.getElementById(id);
const all = (what, within = document) => [...within.querySelectorAll(what)];
const rows = all("main tbody tr");
const words = new Map(rows.map((row) =>
  [row, (row.closest("section").dataset.type + " " + row.textContent).toLowerCase()]));
const tools = ["_find", "_role", "_permission", "_rule", "_changed"].map(get);
const has = (text, word) => text.split(" ").includes(word);

function filter() {
  const [find, role, permission, rule, changed] = tools;
  const wanted = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const cell of all("main [data-p]")) {
    cell.hidden = permission.value !== "" && cell.dataset.p !== permission.value;
    cell.classList.toggle("_found", rule.value !== "" && has(cell.dataset.rules || "", rule.value));
  }
  for (const row of rows) {
    const cells = all("td", row).filter((cell) => !cell.hidden);
    row.hidden = cells.length === 0
      || !wanted.every((word) => words.get(row).includes(word))
      || (role.value !== "" && !has(row.dataset.roles, role.value))
      || (rule.value !== "" && !cells.some((cell) => has(cell.dataset.rules, rule.value)))
      || (changed !== null && changed.checked && !("changed" in row.dataset));
    shown += row.hidden ? 0 : 1;
  }
  for (const part of all("section[data-type]"))
    part.hidden = all("tbody tr", part).every((row) => row.hidden);
  get("_count").textContent = shown === rows.length ? "" : `${shown} of ${rows.length} rows`;
  for (const table of all("main table")) rove(table);
}

// Of each table one cell is a stop for the tab key; arrows, Home and End go on from there.
const buttons = (row) => all("td > button", row).filter((one) => one.offsetParent !== null);
const lines = (table) => all("tbody tr", table).map(buttons).filter((line) => line.length);
function rove(table, chosen) {
  const every = lines(table).flat();
  const stop = chosen || every.find((one) => one.tabIndex === 0) || every[0];
  for (const one of all("td > button", table)) one.tabIndex = one === stop ? 0 : -1;
}
function step(event) {
  const table = event.target.closest("table");
  if (!table || !event.target.matches("td > button")) return;
  const grid = lines(table);
  const row = grid.findIndex((line) => line.includes(event.target));
  const column = grid[row].indexOf(event.target);
  const [down, right] = {ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
    Home: [0, -column], End: [0, grid[row].length - 1 - column]}[event.key] || [];
  const next = down === undefined ? undefined : (grid[row + down] || [])[column + right];
  if (next === undefined) return;
  event.preventDefault();
  rove(table, next);
  next.focus();
}

function arrive() {
  const place = location.hash.length > 1 ? get(decodeURIComponent(location.hash.slice(1))) : null;
  for (const open of all(":popover-open")) open.hidePopover();
  if (place === null || !place.matches("td")) return;
  const button = place.querySelector("button");
  rove(place.closest("table"), button);
  button.focus();
  button.click();
}

get("_tools").hidden = false;
for (const one of tools) if (one) one.addEventListener("input", filter);
get("_clear").addEventListener("click", () => {
  for (const one of tools) if (one) { one.value = ""; one.checked = false; }
  filter();
  get("_find").focus();
});
if (get("_sums")) get("_sums").addEventListener("input", filter);
document.addEventListener("keydown", step);
addEventListener("hashchange", arrive);
// The browser goes to an address by itself, and forgets the focus as it does: come after it.
addEventListener("load", () => setTimeout(arrive));
filter();
"""
