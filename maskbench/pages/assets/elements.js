"use strict";
// Elements, numbers and tables; text is never read as HTML.
const byId = (id) => document.getElementById(id);
const count = (n) => n.toLocaleString("en-US");
const percent = (share) => (share > 0 && share < 0.00001 ? "<0.001 %" : `${Number((100 * share).toPrecision(2))} %`);

// Return an element with attributes, listeners, text and children.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, action] of Object.entries(value)) element.addEventListener(event, action);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Return a titled table; a > before a column's name: numbers, to the right. Nothing without rows.
function table(title, columns, rows) {
  if (!rows.length) return [];
  const right = columns.map((name) => (name.startsWith(">") ? "number" : null));
  const head = make("tr", {}, ...columns.map((name, i) => make("th", { scope: "col", class: right[i] }, name.replace(">", ""))));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", { class: right[i] }, cell))));
  return [make("h3", {}, title), make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)))];
}
